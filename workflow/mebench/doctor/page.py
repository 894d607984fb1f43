"""The findings as a page of plain text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence

from mebench.doctor.findings import Contents, Copy, Examination, FacesFound, Named, TaskFound
from mebench.errors import exclude_lines
from mebench.indexing.checks import Count

WIDTH, INDENT = 110, 15
FEW = 3  # clips named of each thing
STATES = {"good": "good", "waiting": "to be fetched by the first run", "deviates": "DEVIATES", "unusable": "NOT USABLE"}


def page(examination: Examination) -> str:
    """All findings, the datasets after the machine."""
    lines = [*_table("Software", examination.software), "", *_table("Machine", examination.machine)]
    for copy in examination.datasets:
        lines += ["", *_dataset(copy)]
    if not examination.datasets:
        lines += ["", "Datasets: none is configured; name a configuration with --config"]
    if examination.tasks:
        lines += ["", "Tasks of these datasets", *_tasks(examination.tasks)]
    bad = [named for copy in examination.datasets for named in copy.bad_clips or ()]
    return "\n".join([*lines, *(_bad(bad) if bad else [])])


def _bad(bad: Sequence[Named]) -> list[str]:
    """Every bad clip, and the lines of the configuration that leave them out."""
    return ["", f"Bad clips ({len(bad)})", *(f"  {clip}: {why}" for clip, why in bad), "", exclude_lines(bad)]


def _table(title: str, values: Mapping[str, str]) -> list[str]:
    return [title, *(line for name, value in values.items() for line in _entry(name, value))]


def _entry(name: str, text: str) -> list[str]:
    """'  name       text', wrapped with the text aligned; paths are never broken."""
    wrapped = textwrap.wrap(text, WIDTH - INDENT, break_long_words=False, break_on_hyphens=False) or [""]
    head = f"  {name}".ljust(INDENT)
    return [head + wrapped[0], *(" " * INDENT + line for line in wrapped[1:])]


def _dataset(copy: Copy) -> list[str]:
    synthetic = ", SYNTHETIC DATA" if copy.source == "synthetic" else ""
    lines = [f"{copy.dataset} ({copy.title}{synthetic}): {STATES[copy.state]}"]
    lines += _entry("source", f"{copy.source}{', ' if copy.kind else ''}{copy.kind}")
    if copy.changed:
        lines += _entry("since", copy.changed.removeprefix(f"{copy.dataset}: "))
    if copy.problem:
        lines += _entry("problem", copy.problem)
        lines += _entry("expected", copy.layout)
        lines += _entry("licence", f"{copy.licence}; asked for at {copy.homepage}")
    if copy.contents:
        lines += _contents(copy.contents)
    return lines + _faces(copy.faces)


def _contents(contents: Contents) -> list[str]:
    lines = []
    for book in contents.workbooks:
        edition = f"edition {book.edition}" if book.edition else "of an unknown edition"
        lines += _entry("labels", f"{book.file}, {edition}, SHA-256 {book.sha256[:12]}...")
    lines += _few("notes", contents.notes, 2 * FEW)
    lines += _counts(contents.counts, contents.whole)
    if contents.apex:
        lines += _entry("apex", ", ".join(f"{n} {APEX.get(source, source)}" for source, n in contents.apex.items()))
    kinds = ", ".join(f"{kind} ({n})" for kind, n in contents.repairs.items())
    lines += _entry("repaired", f"{_clips(contents.repaired)}: {kinds}" if kinds else "nothing")
    lines += _few("", _pairs(contents.repaired_clips))
    lines += _entry("dropped", f"{len(contents.dropped)} rows" if contents.dropped else "nothing")
    lines += _few("", _pairs(contents.dropped))
    for deviation in contents.deviations:
        lines += _entry("deviates", deviation.sentence)
        if deviation.accepted:
            lines += _entry("", f"accepted by `accept: [{deviation.kind}]` in the configuration")
        else:
            lines += [*_entry("", "mend the copy, or accept it as it is with this line of the configuration:"),
                      " " * INDENT + deviation.accept_line]  # fmt: skip
    return lines


APEX = {"labelled": "labelled", "mid": "taken from the middle of the clip", "flow_max": "of most motion"}


def _counts(counts: Sequence[Count], whole: bool) -> list[str]:
    width = max(len(count.name) for count in counts)
    lines = []
    for i, count in enumerate(counts):
        expected = "" if count.expected is None else f"{count.expected:>7,} expected"
        verdict = "  <- differs" if count.differs else ""
        row = f"{count.name.ljust(width)} {count.read:>7,} found {expected}{verdict}"
        lines.append(f"  {'counts' if i == 0 else ''}".ljust(INDENT) + row.rstrip())
    return (
        lines if whole else [*lines, " " * INDENT + "a small synthetic copy: expected is what its generator announced"]
    )


def _faces(faces: FacesFound | None) -> list[str]:
    if not faces:
        return []
    there = faces.clips - len(faces.without)
    lines = _entry("faces", f"{there} of {_clips(faces.clips)} have one ({faces.file})")
    for title, rows in (("without one", faces.without), ("to be looked at", faces.doubtful)):
        if rows:
            lines += _entry("", f"{title}: {len(rows)}")
            lines += _few("", _pairs(rows))
    return lines


def _tasks(tasks: Sequence[TaskFound]) -> list[str]:
    width = max(len(task.task) for task in tasks)
    lines: list[str] = []
    for task in tasks:
        verdict = ", ".join(task.differs) if task.differs else "as expected"
        verdict = verdict if task.expected else "no numbers to compare with"
        head = f"  {task.task.ljust(width)} {task.clips:>6,} clips of {task.subjects:>3,} subjects: "
        lines += textwrap.wrap(verdict, WIDTH, initial_indent=head, subsequent_indent=" " * len(head))
    return lines


def _clips(count: int) -> str:
    return f"{count:,} clip{'' if count == 1 else 's'}"


def _pairs(rows: Iterable[Named]) -> list[str]:
    return [f"{key}: {text}" for key, text in rows]


def _few(name: str, texts: Sequence[str], most: int = FEW) -> list[str]:
    lines = [line for i, text in enumerate(texts[:most]) for line in _entry(name if i == 0 else "", text)]
    more = f"and {len(texts) - most} more (`mebench doctor --json` has all)"
    return [*lines, " " * INDENT + more] if len(texts) > most else lines
