"""A table on the page, and the commands that make it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mebench import tables
from mebench.report.gaps import Gaps
from mebench.report.sureness import statistics_file
from mebench.report.tasks import TaskPart
from mebench.runs.run_costs import with_costs
from mebench.statistics import table_statistics
from mebench.tables import formats


@dataclass(frozen=True)
class TablePart:
    """``html`` is the table, ``files`` are links to it in each format. ``task_of`` says whose figures stand
    under a heading."""

    name: str
    tasks: tuple[str, ...]
    title: str
    html: str
    task_of: Mapping[str, str]
    files: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()


def table_parts(
    results: Path, names: Sequence[str], tasks: Sequence[TaskPart], gaps: Gaps, shown: Path,
    called: Mapping[str, str] | None = None,
) -> list[TablePart]:  # fmt: skip
    """Make the named tables, and a plain one for each task that no named table shows. Commands name the folder
    ``shown``, and a table as it is ``called``."""
    parts = [_named(results, name, gaps, shown, (called or {}).get(name, name)) for name in names]
    covered = {task for part in parts for task in part.tasks}
    plain = [task for task in tasks if task.name not in covered]
    return [*parts, *map(_plain, plain)]


def _plain(task: TaskPart) -> TablePart:
    headings = dict.fromkeys(task.table.parts.values(), task.name)
    return TablePart(task.name, (task.name,), task.table.title, formats.fragment(task.table), headings)


def _named(results: Path, name: str, gaps: Gaps, shown: Path, called: str) -> TablePart:
    description = tables.describe(name)
    files = {task: results / "scores" / f"{task}.csv" for task in description.tasks}
    found = [score for path in files.values() if path.is_file() or not gaps.runs for score in tables.read_scores(path)]
    scores = with_costs(description, found, results)
    table = tables.build(description, scores, gaps.runs)
    known = statistics_file(results, table.name)
    if known.is_file():
        table = tables.with_statistics(table, table_statistics.read(known))
    stem = shown / "tables" / table.name
    return TablePart(
        name=table.name,
        tasks=description.tasks,
        title=table.title,
        html=formats.fragment(table),
        task_of={title: description.place(part).task for part, title in description.parts.items()},
        files=tuple(f"tables/{table.name}.{suffix}" for suffix in tables.FORMATS)
        + ((f"tables/{known.name}",) if known.is_file() else ()),
        commands=(
            f"snakemake {stem}.csv",
            f"mebench tables {called} --config {shown / 'config.json'} --out {stem}",
        ),
    )
