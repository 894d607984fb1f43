"""The report beside clips.csv: counts against the card, every repair and every dropped row."""

from __future__ import annotations

from collections import Counter
from typing import Any

from mebench.datasets._reading import Reading


def markdown(card: dict[str, Any], reading: Reading, origin: str) -> str:
    """The report as Markdown text; ``origin`` is that of the source (synthetic, licensed, pictures)."""
    clips = reading.clips
    lines = [f"# {card['title']}: clips", ""]
    if origin == "synthetic":
        lines += ["**SYNTHETIC DATA, not the real dataset**: fewer clips than the card's are expected.", ""]
    lines += ["| | expected | found | |", "| --- | ---: | ---: | --- |"]
    expected = card["expected"]
    lines.append(_row("clips", expected.get("clips"), len(clips)))
    lines.append(_row("subjects", expected.get("subjects"), len({clip["subject"] for clip in clips})))
    found = Counter(clip["emotion"] for clip in clips)
    of_emotion = card.get("expected_emotions", {})
    lines += [_row(name, of_emotion.get(name), found[name]) for name in sorted({*found, *of_emotion})]
    per_subject = Counter(clip["subject"] for clip in clips)
    single = sorted(subject for subject, n in per_subject.items() if n == 1)
    lines += ["", f"Subjects with a single clip: {', '.join(single) or 'none'}."]
    repairs = [(clip["clip_id"], clip["repairs"]) for clip in clips if clip["repairs"]]
    lines += _section("Repairs", repairs, "No clip was repaired.")
    lines += _section("Dropped rows", sorted(reading.dropped), "No row was dropped.")
    if reading.notes:
        lines += ["", "## Notes", "", *(f"- {note}" for note in reading.notes)]
    return "\n".join(lines) + "\n"


def _row(name: str, expected: int | None, found: int) -> str:
    verdict = "" if expected is None else "equal" if expected == found else "**differs**"
    return f"| {name} | {'' if expected is None else expected} | {found} | {verdict} |"


def _section(title: str, entries: list[tuple[str, str]], none: str) -> list[str]:
    return [
        "",
        f"## {title} ({len(entries)})",
        "",
        *([f"- `{key}`: {text}" for key, text in entries] or [none]),
    ]
