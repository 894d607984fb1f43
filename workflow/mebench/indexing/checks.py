"""What was read against what the card expects: counts and workbooks. A deviation stops the index, unless accepted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mebench.clips.reading import Reading
from mebench.errors import UserError
from mebench.files import file_digest

KINDS = ("counts", "edition")


@dataclass(frozen=True)
class Count:
    """One line of the comparison: ``expected`` is None where the card gives no number."""

    name: str
    expected: int | None
    found: int

    @property
    def differs(self) -> bool:
        return self.expected is not None and self.expected != self.found


def counts(card: dict[str, Any], reading: Reading) -> list[Count]:
    """Clips, subjects, videos, emotions and micro- and macro-expressions, each beside the card's number."""
    clips, expected = reading.clips, card["expected"]
    kinds = Counter(clip["expression"] for clip in clips)
    found = {
        "clips": len(clips),
        "subjects": len({clip["subject"] for clip in clips}),
        "videos": len(reading.videos),
        "videos with clips": len({clip["frames"] for clip in clips}) if reading.videos else 0,
        **{f"{kind}-expressions": kinds[kind] for kind in ("micro", "macro")},
    }
    shown = [name for name in found if name in expected or name in ("clips", "subjects")]
    lines = [Count(name, expected.get(name), found[name]) for name in shown]
    emotions = Counter(clip["emotion"] for clip in clips if clip["emotion"])
    of_emotion = card.get("expected_emotions", {})
    return lines + [Count(name, of_emotion.get(name), emotions[name]) for name in sorted({*emotions, *of_emotion})]


def deviations(card: dict[str, Any], reading: Reading) -> dict[str, str]:
    """Kind of deviation -> one sentence; empty where all is as the card says."""
    found = {}
    different = [f"{c.name} {c.found} instead of {c.expected}" for c in counts(card, reading) if c.differs]
    if different:
        lost = ""
        if reading.dropped:
            lost = f"; {len(reading.dropped)} rows were dropped, the first: {': '.join(reading.dropped[0])}"
        found["counts"] = f"the counts differ from those of the card: {', '.join(different)}{lost}"
    strange = [workbook for workbook in workbooks(card, reading) if not workbook["edition"]]
    if strange:
        known = ", ".join(card.get("editions", {}))
        found["edition"] = f"the workbook {strange[0]['file']} is of no edition that is known ({known})"
    return found


def workbooks(card: dict[str, Any], reading: Reading) -> list[dict[str, str]]:
    """Each annotation workbook with its digest and edition.

    ``editions`` of a card maps the name of an edition to how its file is known: ``sha256`` where somebody has published
    it, and ``file``, a word in the file's name. A digest that is known decides; else the name does.
    """
    editions, found = card.get("editions", {}), []
    for path in reading.workbooks:
        mark = file_digest(path)
        found.append({"file": path.name, "sha256": mark, "edition": _edition(editions, path.name, mark)})
    return found


def _edition(editions: dict[str, dict[str, str]], name: str, mark: str) -> str:
    by_digest = next((edition for edition, known in editions.items() if known.get("sha256") == mark), "")
    flat = name.lower().replace(" ", "")
    return by_digest or next((edition for edition, known in editions.items() if known["file"].lower() in flat), "")


def takes_crops_for_granted(card: dict[str, Any], entry: dict[str, Any]) -> bool:
    """Whether an owner's copy counts as face crops by its card alone, because its configuration does not say."""
    return card.get("crop") == "provided" and "crop" not in entry and entry["source"] != "synthetic"


def refuse_raw_frames(dataset: str, root: Path, reading: Reading) -> None:
    """Raise a UserError where the frames are those of a raw release, by the names of their folders, although the
    dataset is taken for one of face crops: flow of a whole scene would pass for flow of a face."""
    raw = next((clip["frames"] for clip in reading.clips if _is_raw(f"{Path(root).name}/{clip['frames']}")), None)
    if raw:
        raise UserError(
            f"{dataset}: the frames in {raw} are whole frames, not crops of faces; write `crop: detected` in the "
            f"configuration to have faces looked for, or `crop: provided` if they are crops after all"
        )


def _is_raw(place: str) -> bool:
    return "raw" in place.lower() and not any(word in place.lower() for word in ("crop", "preprocessed"))


def refuse(dataset: str, found: dict[str, str], accepted: list[str]) -> None:
    """Raise a UserError for the first deviation that is not accepted."""
    for kind, sentence in found.items():
        if kind not in accepted:
            raise UserError(
                f"{dataset}: {sentence}; mend the copy (`mebench doctor` shows more), or accept it as it is with "
                f"`accept: [{kind}]` in the configuration (--accept {kind})"
            )
