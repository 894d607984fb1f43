"""The findings as a page of plain text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from mebench.errors import exclude_lines

WIDTH, INDENT = 110, 15
FEW = 3  # clips named of each thing
MARKS = {"good": "good", "waiting": "to be fetched by the first run", "deviates": "DEVIATES", "unusable": "NOT USABLE"}


def page(found: dict[str, Any]) -> str:
    """All findings, the datasets after the machine."""
    lines = [*_table("Software", found["software"]), "", *_table("Machine", found["machine"])]
    for about in found["datasets"]:
        lines += ["", *_dataset(about)]
    if not found["datasets"]:
        lines += ["", "Datasets: none is configured; name a configuration with --config"]
    if found["tasks"]:
        lines += ["", "Tasks of these datasets", *_tasks(found["tasks"])]
    bad = [(clip, why) for about in found["datasets"] for clip, why in about.get("bad_clips", [])]
    return "\n".join([*lines, *(_bad(bad) if bad else [])])


def _bad(bad: Sequence[tuple[str, str]]) -> list[str]:
    """Every bad clip, and the lines of the configuration that leave them out."""
    return ["", f"Bad clips ({len(bad)})", *(f"  {clip}: {why}" for clip, why in bad), "", exclude_lines(bad)]


def _table(title: str, values: dict[str, str]) -> list[str]:
    return [title, *(line for name, value in values.items() for line in _entry(name, value))]


def _entry(name: str, text: str) -> list[str]:
    """'  name       text', wrapped with the text aligned; paths are never broken."""
    wrapped = textwrap.wrap(text, WIDTH - INDENT, break_long_words=False, break_on_hyphens=False) or [""]
    head = f"  {name}".ljust(INDENT)
    return [head + wrapped[0], *(" " * INDENT + line for line in wrapped[1:])]


def _dataset(about: dict[str, Any]) -> list[str]:
    synthetic = ", SYNTHETIC DATA" if about["source"] == "synthetic" else ""
    lines = [f"{about['dataset']} ({about['title']}{synthetic}): {MARKS[about['state']]}"]
    lines += _entry("source", f"{about['source']}{', ' if about['kind'] else ''}{about['kind']}")
    if about["problem"]:
        lines += _entry("problem", about["problem"])
        lines += _entry("expected", about["layout"])
        lines += _entry("licence", f"{about['licence']}; asked for at {about['homepage']}")
    if "counts" in about:
        lines += _found(about)
    return lines


def _found(about: dict[str, Any]) -> list[str]:
    lines = []
    for book in about["workbooks"]:
        edition = f"edition {book['edition']}" if book["edition"] else "of an unknown edition"
        lines += _entry("labels", f"{book['file']}, {edition}, SHA-256 {book['sha256'][:12]}...")
    lines += _few("notes", about["notes"], 2 * FEW)
    lines += _counts(about["counts"], about["whole"])
    if about["apex"]:
        lines += _entry("apex", ", ".join(f"{n} {APEX.get(source, source)}" for source, n in about["apex"].items()))
    kinds = ", ".join(f"{kind} ({n})" for kind, n in about["repairs"].items())
    lines += _entry("repaired", f"{_clips(about['repaired'])}: {kinds}" if kinds else "nothing")
    lines += _few("", _pairs(about["repaired_clips"]))
    lines += _entry("dropped", f"{len(about['dropped'])} rows" if about["dropped"] else "nothing")
    lines += _few("", _pairs(about["dropped"]))
    for deviation in about["deviations"]:
        lines += _entry("deviates", deviation["sentence"])
        if deviation["accepted"]:
            lines += _entry("", f"accepted by `accept: [{deviation['kind']}]` in the configuration")
        else:
            lines += [*_entry("", "mend the copy, or accept it as it is with this line of the configuration:"),
                      " " * INDENT + deviation["accept_line"]]  # fmt: skip
    return lines + _faces(about.get("faces"))


APEX = {"labelled": "labelled", "mid": "taken from the middle of the clip", "flow_max": "of most motion"}


def _counts(counts: Sequence[dict[str, Any]], whole: bool) -> list[str]:
    width = max(len(count["name"]) for count in counts)
    lines = []
    for i, count in enumerate(counts):
        expected = "" if count["expected"] is None else f"{count['expected']:>7,} expected"
        mark = "  <- differs" if count["differs"] else ""
        row = f"{count['name'].ljust(width)} {count['found']:>7,} found {expected}{mark}"
        lines.append(f"  {'counts' if i == 0 else ''}".ljust(INDENT) + row.rstrip())
    return lines if whole else [*lines, " " * INDENT + "a small synthetic copy: the card's numbers do not apply"]


def _faces(faces: dict[str, Any] | None) -> list[str]:
    if not faces:
        return []
    there = faces["clips"] - len(faces["without"])
    lines = _entry("faces", f"{there} of {_clips(faces['clips'])} have one ({faces['file']})")
    for title, rows in (("without one", faces["without"]), ("to be looked at", faces["doubtful"])):
        if rows:
            lines += _entry("", f"{title}: {len(rows)}")
            lines += _few("", _pairs(rows))
    return lines


def _tasks(tasks: Sequence[dict[str, Any]]) -> list[str]:
    width = max(len(task["task"]) for task in tasks)
    lines = []
    for task in tasks:
        verdict = ", ".join(task["differs"]) if task["differs"] else "as expected"
        verdict = verdict if task["expected"] else "no numbers to compare with"
        head = f"  {task['task'].ljust(width)} {task['clips']:>6,} clips of {task['subjects']:>3,} subjects: "
        lines += textwrap.wrap(verdict, WIDTH, initial_indent=head, subsequent_indent=" " * len(head))
    return lines


def _clips(count: int) -> str:
    return f"{count:,} clip{'' if count == 1 else 's'}"


def _pairs(rows: Iterable[Sequence[str]]) -> list[str]:
    return [f"{key}: {text}" for key, text in rows]


def _few(name: str, texts: Sequence[str], most: int = FEW) -> list[str]:
    lines = [line for i, text in enumerate(texts[:most]) for line in _entry(name if i == 0 else "", text)]
    more = f"and {len(texts) - most} more (`mebench doctor --json` has all)"
    return [*lines, " " * INDENT + more] if len(texts) > most else lines
