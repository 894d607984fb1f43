"""What a copy of a dataset should hold: what its card counts, or of generated data what its generator announced."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import cast

from mebench.acquisition.origin import complete_copy
from mebench.clips.card import DatasetCard
from mebench.clips.entry import GeneratorOptions
from mebench.files import read_json
from mebench.synthetic.marker import MARKER


def card_of(card: DatasetCard, root: Path) -> DatasetCard:
    """The card with the counts that the data below ``root`` should have. Where nobody knows them, it has none."""
    if complete_copy(root):
        return card
    from mebench.synthetic import generate  # it needs NumPy, and looking at real data does not

    about = read_json(root / MARKER)
    options = {name: about[name] for name in generate.OPTIONS if name in about}
    rows = generate.announced(about["dataset"], cast(GeneratorOptions, options))
    if rows is None:
        return replace(card, expected={}, expected_emotions={})
    subjects = {row["subject"] for row in rows}
    emotions = Counter(row["emotion"] for row in rows if row["emotion"])
    return replace(card, expected={"clips": len(rows), "subjects": len(subjects)}, expected_emotions=emotions)
