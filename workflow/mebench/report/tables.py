"""A table on the page, and the commands that make it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mebench import tables
from mebench.audit.finding import FAIL
from mebench.files import read_json
from mebench.report.gaps import Gaps
from mebench.report.sureness import statistics_file
from mebench.report.tasks import TaskPart
from mebench.runs.run_costs import with_costs
from mebench.runs.task_audit import RunAudit
from mebench.statistics import table_statistics
from mebench.tables import formats
from mebench.tables.scores import Score

Run = tuple[str, str, int, str]  # task, model, seed and selection
Verdict = tuple[str, str]  # and the names of the checks that failed


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


def _verdicts(results: Path, task: str) -> dict[Run, Verdict]:
    """What the audit says of each run of a task; nothing where they were not looked at."""
    path = results / "audit" / f"{task}.json"
    kept: list[RunAudit] = read_json(path) if path.is_file() else []
    return {
        (task, one["model"], one["seed"], one["selection"]): (
            one["verdict"],
            ", ".join(check["name"] for check in one["checks"] if check["verdict"] == FAIL),
        )
        for one in kept
    }


def _audited(score: Score, verdicts: Mapping[Run, Verdict]) -> Score:
    """A score with the verdict on its run, which scores/TASK.csv does not have."""
    verdict, failed = verdicts.get((score.task, score.model, score.seed, score.selection), ("", ""))
    return replace(score, audit=verdict, audit_failed=failed)


def _named(results: Path, name: str, gaps: Gaps, shown: Path, called: str) -> TablePart:
    description = tables.describe(name)
    files = {task: results / "scores" / f"{task}.csv" for task in description.tasks}
    audits = {run: verdict for task in files for run, verdict in _verdicts(results, task).items()}
    found = [score for path in files.values() if path.is_file() or not gaps.runs for score in tables.read_scores(path)]
    scores = with_costs(description, [_audited(score, audits) for score in found], results)
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
