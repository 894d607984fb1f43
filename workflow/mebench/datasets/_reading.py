"""What the readers share: one vocabulary for clips, and the habits of workbooks and frame folders."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mebench import formats
from mebench.errors import UserError, did_you_mean

COLUMNS, VIDEO_COLUMNS = formats.CLIPS.names, formats.VIDEOS.names

# how workbooks spell "no value"; -1 and NaN come from copies that went through pandas
MISSING = frozenset({"", "/", "\\", "-", "-1", "nan", "none", "null", "n/a", "missing"})

# one spelling per emotion; keys are lower case
ALIASES = {"other": "others", "happy": "happiness", "sad": "sadness", "angry": "anger", "fearful": "fear",
           "disgusted": "disgust", "surprised": "surprise"}  # fmt: skip

SUBJECTS = {"casme2": ("sub", 2), "samm": ("", 3), "smic": ("s", 2), "casme3": ("spNO.", 0),
            "casme3_long": ("spNO.", 0), "casme_sq": ("s", 0), "samm_long": ("", 3), "casme": ("sub", 2),
            "mmew": ("S", 2)}  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """What a reader found: ``clips`` (dicts by COLUMNS), ``dropped`` rows as (key, reason), ``notes``, the ``videos``
    of a spotting set (dicts by VIDEO_COLUMNS), and the annotation ``workbooks`` it read."""

    clips: list[dict[str, Any]]
    dropped: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    videos: list[dict[str, Any]] = field(default_factory=list)
    workbooks: list[Path] = field(default_factory=list)


def missing(value: Any) -> bool:
    """Whether a workbook cell holds no value, in any of the spellings met in the field."""
    return value is None or value != value or str(value).strip().lower() in MISSING


def frame_number(value: Any) -> int | None:
    """The frame number in a cell (46, 46.0, '46', '046'), or None where there is no whole number."""
    if missing(value):
        return None
    match = re.fullmatch(r"(\d+)(?:\.0*)?", str(value).strip())
    return int(match[1]) if match else None


def trailing_integer(name: str) -> int | None:
    """The integer at the end of a name, whatever its zero padding: 'reg_img046' -> 46; None without one."""
    match = re.search(r"([0-9]+)\Z", name)
    return int(match[1]) if match else None


def subject_name(dataset: str, value: Any) -> str:
    """The one spelling of a subject, without the dataset: casme2 'sub01', samm '006', smic 's01', casme3 'spNO.1'.

    Takes what folders and workbooks hold: 'sub1', '01', 1, 1.0, 's1', '6', 'spNo.1'. Other datasets' subjects are kept.
    """
    text = str(value).strip()
    if dataset not in SUBJECTS:
        return text
    prefix, width = SUBJECTS[dataset]
    match = re.fullmatch(rf"(?:{re.escape(prefix)})?(\d+)(?:\.0*)?", text, flags=re.IGNORECASE)
    if not match:
        raise UserError(f"'{text}' is not a subject of {dataset}; expected something like '{prefix}{1:0{width}d}'")
    return f"{prefix}{int(match[1]):0{width}d}"


def emotion_name(value: Any, known: Iterable[str], where: str) -> str:
    """The one spelling of an emotion; an unknown one is a UserError that says where it stands."""
    known = list(known)
    text = " ".join(str(value).strip().lower().split())
    text = ALIASES.get(text, text)
    if text not in known:
        raise UserError(f"unknown emotion '{value}' in {where}{did_you_mean(text, known)}")
    return text


def refuse_duplicates(clips: Iterable[Mapping[str, Any]], where: Path) -> None:
    """Raise a UserError when a clip_id occurs twice."""
    twice = sorted(key for key, n in Counter(clip["clip_id"] for clip in clips).items() if n > 1)
    if twice:
        shown = ", ".join(twice[:5]) + (f" and {len(twice) - 5} more" if len(twice) > 5 else "")
        raise UserError(f"{where} lists a clip more than once: {shown}; keep one row per clip")


class Unusable(Exception):
    """Why one row of a dataset cannot become a clip; readers list it under ``dropped``."""


@dataclass(frozen=True)
class Timing:
    """Frame numbers of a clip, where its apex comes from (labelled, mid) and what was repaired."""

    onset: int
    apex: int
    offset: int
    source: str
    repairs: list[str]


def timing(onset: Any, apex: Any, offset: Any, frames: Mapping[int, Path]) -> Timing:
    """Check the three labels of a clip against each other and against the frames on disk.

    A missing apex, one outside [onset, offset] and a dead one (apex == onset, no motion to see) become the
    middle frame, onset + (offset - onset) // 2, with ``source`` 'mid'. A number whose frame is not on disk
    moves to the nearest one there. Both are recorded. Raises Unusable when no motion is left.
    """
    first, last, peak = frame_number(onset), frame_number(offset), frame_number(apex)
    if first is None or last is None:
        raise Unusable(f"onset '{onset}' or offset '{offset}' is not a frame number")
    if first >= last:
        raise Unusable(f"onset {first} is not before offset {last}")
    inside = [number for number in frames if first <= number <= last]
    if len(inside) < 2:
        raise Unusable(f"{len(inside)} frames of [{first}, {last}] are on disk, two are needed")
    wrong = _apex_fault(peak, apex, first, last)
    repairs = []
    if wrong:
        peak = first + (last - first) // 2
        repairs.append(f"{wrong}: the middle frame {peak} is taken")
    found = {}
    for name, number in (("onset", first), ("apex", peak), ("offset", last)):
        # the motion must stay visible, so the apex never falls back on the onset frame
        choice = [n for n in inside if n > found["onset"]] if name != "onset" else inside
        found[name] = min(choice, key=lambda n, wanted=number: (abs(n - wanted), n)) if choice else None
        if found[name] is None:
            raise Unusable(f"no frame after onset {found['onset']} is on disk")
        if found[name] != number:
            repairs.append(f"{name} frame {number} is not on disk: frame {found[name]} is taken")
    return Timing(found["onset"], found["apex"], found["offset"], "mid" if wrong else "labelled", repairs)


def _apex_fault(peak: int | None, raw: Any, first: int, last: int) -> str:
    if peak is None:
        return f"apex missing ('{'' if raw is None else raw}')"
    if not first <= peak <= last:
        return f"apex {peak} outside [{first}, {last}]"
    return f"dead apex (apex = onset = {peak})" if peak == first else ""


def action_units(value: Any) -> str:
    """Numbers of the action units in a cell, in order, joined by '+': 'L12+R10B' -> '12+10', '?' -> ''.

    Side (L, R), asymmetry (A) and intensity (A-E) are left out; of alternatives ('12 or 14') all are kept,
    and so is what 'ref()' holds.
    """
    text = "" if missing(value) else re.sub(r"\.0+$", "", str(value).strip())
    return "+".join(dict.fromkeys(str(int(number)) for number in re.findall(r"[0-9]+", text) if int(number)))


def roman(value: Any) -> str:
    """The objective class in a cell, 'I' to 'VII'; empty where there is none. Accepts 1 to 7 and lower case."""
    classes = ("I", "II", "III", "IV", "V", "VI", "VII")
    text = "" if missing(value) else re.sub(r"\.0+$", "", str(value).strip().upper())
    if text.isdigit() and 1 <= int(text) <= len(classes):
        return classes[int(text) - 1]
    return text if text in classes else ""
