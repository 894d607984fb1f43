"""What a reader returns: clips, long videos, and the rows that it dropped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mebench.clips.clip import Clip, Recording
from mebench.clips.spelling import frame_number
from mebench.errors import UserError


@dataclass(frozen=True)
class Reading:
    """What a reader returns: ``clips``, ``dropped`` rows as (name, reason), ``notes``, the long ``videos`` of a
    spotting set, and the annotation ``workbooks`` that were read.

    ``rows`` counts what the reader met, where it was met: rows of a table, folders of clips, pictures. Each is a clip
    or dropped, which is checked (:func:`check_rows`); None where a reader does not count.
    """

    clips: list[Clip]
    dropped: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    videos: list[Recording] = field(default_factory=list)
    workbooks: list[Path] = field(default_factory=list)
    rows: int | None = None


def check_rows(dataset: str, reading: Reading) -> None:
    """Raise a UserError where a row is neither a clip nor dropped on record, or is both."""
    clips, dropped = len(reading.clips), len(reading.dropped)
    if reading.rows is not None and reading.rows != clips + dropped:
        raise UserError(
            f"{dataset}: the reader met {reading.rows} rows, but {clips} became clips and {dropped} were dropped; this "
            f"is a fault of mebench, please report it"
        )


def first_reason(dropped: Sequence[tuple[str, str]]) -> str:
    """Why a row became no clip, for a sentence: of the first that quotes a name, else that names a clip or folder, else
    of the first."""
    quoting = (one for one in dropped if "such as" in one[1])
    first = next(quoting, next((one for one in dropped if "/" in one[0]), next(iter(dropped), None)))
    return " is unusable: ".join(first) if first else "there are none"


def refuse_duplicates(clips: Iterable[Clip], where: Path) -> None:
    """Raise a UserError when a clip_id occurs twice."""
    twice = sorted(key for key, n in Counter(clip.clip_id for clip in clips).items() if n > 1)
    if twice:
        shown = ", ".join(twice[:5]) + (f" and {len(twice) - 5} more" if len(twice) > 5 else "")
        raise UserError(f"{where} lists a clip more than once: {shown}; keep one row per clip")


class Unusable(Exception):
    """Why one row of a dataset cannot become a clip; readers list it under ``dropped``."""


@dataclass(frozen=True)
class Timing:
    """Frame numbers of a clip, where its apex is from (labelled, mid) and what was repaired."""

    onset: int
    apex: int
    offset: int
    apex_source: str
    repairs: tuple[str, ...]


def timing(onset: object, apex: object, offset: object, frames: Iterable[int], unread: str = "") -> Timing:
    """Check the three labels of a clip against each other and against the frames on disk.

    A missing apex, one outside [onset, offset] and a dead one (apex == onset, no motion to see) become the
    middle frame, onset + (offset - onset) // 2, with ``apex_source`` 'mid'. A number whose frame is not on disk
    moves to the nearest one there. Both are recorded, and with them what is ``unread`` in the folder of the frames.
    Raises Unusable when no motion is left.
    """
    also = f"; {unread}" if unread else ""
    first, last, peak = frame_number(onset), frame_number(offset), frame_number(apex)
    if first is None or last is None:
        raise Unusable(f"onset '{onset}' or offset '{offset}' is not a frame number")
    if first >= last:
        raise Unusable(f"onset {first} is not before offset {last}")
    inside = [number for number in frames if first <= number <= last]
    if len(inside) < 2:
        raise Unusable(f"{len(inside)} frames of [{first}, {last}] are on disk, two are needed{also}")
    wrong = _apex_fault(peak, apex, first, last)
    repairs = []
    if peak is None or wrong:
        peak = first + (last - first) // 2
        repairs.append(f"{wrong}: the middle frame {peak} is taken")
    taken: dict[str, int] = {}
    for name, number in (("onset", first), ("apex", peak), ("offset", last)):
        # the motion must stay visible, so the apex never falls back on the onset frame
        choice = [n for n in inside if n > taken["onset"]] if name != "onset" else inside
        if not choice:
            raise Unusable(f"no frame after onset {taken['onset']} is on disk{also}")
        taken[name] = _nearest(choice, number)
        if taken[name] != number:
            repairs.append(f"{name} frame {number} is not on disk: frame {taken[name]} is taken")
    if unread and any("is not on disk" in repair for repair in repairs):
        repairs.append(unread)
    return Timing(taken["onset"], taken["apex"], taken["offset"], "mid" if wrong else "labelled", tuple(repairs))


def _nearest(numbers: Iterable[int], wanted: int) -> int:
    return min(numbers, key=lambda number: (abs(number - wanted), number))


def _apex_fault(peak: int | None, raw: object, first: int, last: int) -> str:
    if peak is None:
        return f"apex missing ('{'' if raw is None else raw}')"
    if not first <= peak <= last:
        return f"apex {peak} outside [{first}, {last}]"
    return f"dead apex (apex = onset = {peak})" if peak == first else ""
