"""What is said beside figures that are no results on a real dataset, by the origin of the run that gave them."""

from __future__ import annotations

from collections.abc import Collection

SHORT = {"rehearsal": "REHEARSAL", "synthetic": "SYNTHETIC DATA"}  # what decides about several origins comes first
MARKS = {
    "rehearsal": "REHEARSAL, not a result: stand-ins of the datasets, small networks, two epochs",
    "synthetic": "SYNTHETIC DATA, not a result on the real dataset",
}


def of_all(origins: Collection[str]) -> str:
    """The origin of figures from several origins: a rehearsed or synthetic part decides; ``nothing`` where none is."""
    return next((name for name in SHORT if name in origins), min(origins, default="nothing"))
