"""The report beside clips.csv: counts against the card, every repair and every dropped row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from mebench.clips.card import DatasetCard
from mebench.clips.reading import Reading
from mebench.indexing.checks import Count, counts, workbooks
from mebench.indexing.decisions import Decisions

ROWS = "Accounted for:"  # how the line on rows begins


def markdown(
    card: DatasetCard, reading: Reading, origin: str, accepted: Mapping[str, str], whole: bool,
    as_read: Reading | None = None, decisions: Decisions | None = None,
) -> str:  # fmt: skip
    """The report as Markdown text; ``origin`` is that of the source (synthetic, licensed, pictures), ``accepted``
    are the deviations (kind -> sentence), ``whole`` says whether the card's counts apply.
    Counts are those ``as_read``, before the owner's ``decisions``."""
    clips = reading.clips
    lines = [f"# {card.title}: clips", ""]
    if origin == "synthetic":
        fewer = "" if whole else ": fewer clips than the card's are expected"
        lines += [f"**SYNTHETIC DATA, not the real dataset**{fewer}.", ""]
    lines += [f"**Accepted deviation ({kind})**: {sentence}." for kind, sentence in accepted.items()]
    lines += [""] if accepted else []
    lines += [f"| | {'expected' if whole else 'real dataset'} | found | |", "| --- | ---: | ---: | --- |"]
    lines += [_row(count, whole) for count in counts(card, as_read or reading)]
    if reading.rows is not None:
        lines += ["", rows_line(as_read or reading)]
    for workbook in workbooks(card, reading):
        edition = workbook.edition or "unknown"
        lines += ["", f"Labels: `{workbook.file}`, edition {edition}, SHA-256 `{workbook.sha256}`."]
    per_subject = Counter(clip.subject for clip in clips)
    single = sorted(subject for subject, n in per_subject.items() if n == 1)
    lines += ["", f"Subjects with a single clip: {', '.join(single) or 'none'}."]
    repairs = [(clip.clip_id, ";".join(clip.repairs)) for clip in clips if clip.repairs]
    lines += _section("Repairs", repairs, "No clip was repaired.")
    lines += _section("Dropped rows", sorted(reading.dropped), "No row was dropped.")
    lines += _decided(decisions) if decisions else []
    if reading.notes:
        lines += ["", "## Notes", "", *(f"- {note}" for note in reading.notes)]
    return "\n".join(lines) + "\n"


def rows_line(reading: Reading) -> str:
    """What became of all rows, in one sentence; ``provenance.json`` has it too."""
    clips, dropped = len(reading.clips), len(reading.dropped)
    return f"{ROWS} {reading.rows} rows, folders and pictures: {clips} became clips, {dropped} were dropped."


def _decided(decisions: Decisions) -> list[str]:
    parts = {
        "Videos left out by configuration": decisions.videos,
        "Left out by configuration": decisions.excluded,
        "Corrected by configuration": decisions.corrected,
    }
    return [
        line
        for title, part in parts.items() if part
        for line in _section(title, [(name, decision.sentence) for name, decision in part.items()], "")
    ]  # fmt: skip


def _row(count: Count, whole: bool) -> str:
    verdict = "" if count.expected is None or not whole else "**differs**" if count.differs else "equal"
    shown = "" if count.expected is None else count.expected
    return f"| {count.name} | {shown} | {count.read} | {verdict} |"


def _section(title: str, entries: list[tuple[str, str]], none: str) -> list[str]:
    return [
        "",
        f"## {title} ({len(entries)})",
        "",
        *([f"- `{key}`: {text}" for key, text in entries] or [none]),
    ]
