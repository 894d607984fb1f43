"""Compares what was read with the card: counts and workbooks. A deviation stops the index, unless it is accepted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from mebench.clips.card import DatasetCard
from mebench.clips.clip import Clip
from mebench.clips.reading import Reading
from mebench.errors import UserError
from mebench.files import file_digest
from mebench.media import depth
from mebench.media.folders import list_frames


@dataclass(frozen=True)
class Workbook:
    """An annotation workbook: name, SHA-256 and edition, which is empty where it is not known."""

    file: str
    sha256: str
    edition: str


@dataclass(frozen=True)
class Count:
    """One line of the comparison: how many were ``read``, and how many the card gives, None where it does not say."""

    name: str
    expected: int | None
    read: int

    @property
    def differs(self) -> bool:
        return self.expected is not None and self.expected != self.read


def counts(card: DatasetCard, reading: Reading) -> list[Count]:
    """Clips, subjects, videos, emotions and micro- and macro-expressions, each beside the card's number."""
    clips, expected = reading.clips, card.expected
    kinds = Counter(clip.expression for clip in clips)
    read = {
        "clips": len(clips),
        "subjects": len({clip.subject for clip in clips}),
        "videos": len(reading.videos),
        "videos with clips": len({clip.frames for clip in clips}) if reading.videos else 0,
        **{f"{kind}-expressions": kinds[kind] for kind in ("micro", "macro")},
    }
    shown = [name for name in read if name in expected or name in ("clips", "subjects")]
    lines = [Count(name, expected.get(name), read[name]) for name in shown]
    emotions = Counter(clip.emotion for clip in clips if clip.emotion)
    known = card.expected_emotions
    return lines + [Count(name, known.get(name), emotions[name]) for name in sorted({*emotions, *known})]


def deviations(card: DatasetCard, reading: Reading) -> dict[str, str]:
    """Kind of deviation -> one sentence; empty where all is as the card says."""
    sentences = {}
    different = [f"{c.name} {c.read} instead of {c.expected}" for c in counts(card, reading) if c.differs]
    if different:
        lost = ""
        if reading.dropped:
            lost = f"; {len(reading.dropped)} rows were dropped, the first: {': '.join(reading.dropped[0])}"
        sentences["counts"] = f"the counts differ from those of the card: {', '.join(different)}{lost}"
    strange = [workbook for workbook in workbooks(card, reading) if not workbook.edition]
    if strange:
        known = ", ".join(card.editions)
        sentences["edition"] = f"the workbook {strange[0].file} is of no edition that is known ({known})"
    return sentences


def workbooks(card: DatasetCard, reading: Reading) -> list[Workbook]:
    """Each annotation workbook with its digest and edition; a digest that the card knows decides, else the name."""
    digests = [(path.name, file_digest(path)) for path in reading.workbooks]
    return [Workbook(name, sha256, _edition(card, name, sha256)) for name, sha256 in digests]


def _edition(card: DatasetCard, name: str, sha256: str) -> str:
    by_digest = next((edition for edition, known in card.editions.items() if known.get("sha256") == sha256), "")
    flat = name.lower().replace(" ", "")
    return by_digest or next((edition for edition, known in card.editions.items() if known["file"].lower() in flat), "")


def doubtful_depth(card: DatasetCard, clips: Sequence[Clip], root: Path) -> dict[str, str]:
    """The deviation ``depth`` and its sentence, where frames of clips are of 1 bit, or of 16 bits and so dark that they
    may hold 12; else nothing. Onset, apex and offset of each clip are looked at."""
    frames, faults = lru_cache(maxsize=1)(list_frames), {}  # clips of a long video lie in one folder
    for clip in clips:
        place = Path(root) / clip.frames
        if card.delivers == "pictures":
            paths = [place]
        else:
            paths = [frames(place)[clip.frame(name)] for name in ("onset", "apex", "offset")]
        fault = depth.file_fault(paths)
        if fault:
            faults[clip.clip_id] = f"{fault} ({paths[0].name})"
    if not faults:
        return {}
    first, fault = next(iter(faults.items()))
    count = f"{len(faults)} clip{'s' if len(faults) > 1 else ''}"
    return {"depth": f"the depth of {count} is in doubt, the first {first}: {fault}; convert them to 8 bits"}


def refuse_raw_frames(dataset: str, root: Path, reading: Reading) -> None:
    """Raise a UserError where the frames are those of a raw release, by the names of their folders, although the
    dataset is taken for one of face crops: flow of a whole scene would pass for flow of a face."""
    raw = next((clip.frames for clip in reading.clips if _is_raw(f"{Path(root).name}/{clip.frames}")), None)
    if raw:
        raise UserError(
            f"{dataset}: the frames in {raw} are whole frames, not crops of faces; write `crop: detected` in the "
            f"configuration to have faces looked for, or `crop: provided` if they are crops after all"
        )


def _is_raw(place: str) -> bool:
    return "raw" in place.lower() and not any(word in place.lower() for word in ("crop", "preprocessed"))


def refuse(dataset: str, sentences: Mapping[str, str], accepted: Sequence[str]) -> None:
    """Raise a UserError for the first deviation (kind -> sentence) that is not accepted."""
    for kind, sentence in sentences.items():
        if kind not in accepted:
            raise UserError(
                f"{dataset}: {sentence}; mend the copy (`mebench doctor` shows more), or accept it as it is with "
                f"`accept: [{kind}]` in the configuration (--accept {kind})"
            )
