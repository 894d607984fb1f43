"""All that stands behind the figures of a model on a task: its seeds, their folds, its confusion matrices, its
configuration, and the commands that make it again."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mebench.audit.finding import FAIL, INCOMPLETE, NOT_CHECKED, PASS
from mebench.files import read_json
from mebench.report.runs import PooledRun
from mebench.runs.task_audit import RunAudit
from mebench.tables.scores import Score
from mebench.tables.table import Table

ORDER = (FAIL, INCOMPLETE, NOT_CHECKED, PASS)  # of verdicts, the worst first
Counts = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class SeedLine:
    """The figures of one run under one selection, in the order of the columns; empty where there is none."""

    seed: int
    selection: str
    folds: str
    clips: int
    figures: tuple[str, ...]


@dataclass(frozen=True)
class Confusion:
    """Counts of a part under one selection, summed over the seeds; rows are the truth."""

    part: str
    selection: str
    classes: tuple[str, ...]
    counts: Counts


@dataclass(frozen=True)
class AuditPart:
    """What the audit of a model found under one selection: its ``verdict``, and of each check the name, the verdict and
    why, as it is for the worst seed."""

    selection: str
    verdict: str
    checks: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class ModelRunsPart:
    """A model on a task. ``columns`` are (heading of the part, heading of the figure). ``failed`` are folds that did
    not end well: (seed, fold, why). ``configuration`` are the keys of its recipe with their values."""

    task: str
    model: str
    title: str
    control: bool
    columns: tuple[tuple[str, str], ...]
    seeds: tuple[SeedLine, ...]
    failed: tuple[tuple[int, str, str], ...]
    confusions: tuple[Confusion, ...]
    configuration: tuple[tuple[str, object], ...]
    commands: tuple[tuple[str, str], ...]
    audits: tuple[AuditPart, ...] = ()


def model_runs(
    results: Path, shown: Path, table: Table, scores: Sequence[Score], runs: Sequence[PooledRun]
) -> tuple[ModelRunsPart, ...]:
    """One part for each model of a task, in the order of its ``table``. Commands name the folder ``shown``."""
    by_model: dict[str, list[PooledRun]] = {}
    for run in runs:
        by_model.setdefault(run.record.model, []).append(run)
    order = [model for model in dict.fromkeys(row.model for row in table.rows) if model in by_model]
    own: dict[str, list[Score]] = {}
    for score in scores:
        own.setdefault(score.model, []).append(score)
    matrices = confusions(results / "scores" / f"{table.task}.json", table.parts)
    found = audits(results / "audit" / f"{table.task}.json")
    parts = (_part(shown, table, own.get(model, []), by_model[model], matrices.get(model, ())) for model in order)
    return tuple(replace(part, audits=found.get(part.model, ())) for part in parts)


def audits(path: Path) -> dict[str, tuple[AuditPart, ...]]:
    """What the audits of a task found of each model; nothing where they were not made."""
    groups: dict[tuple[str, str], list[RunAudit]] = {}
    for one in read_json(path) if path.is_file() else ():
        groups.setdefault((one["model"], one["selection"]), []).append(one)
    found: dict[str, tuple[AuditPart, ...]] = {}
    for (model, selection), runs in groups.items():
        worst = [min((run["checks"][place] for run in runs), key=lambda check: ORDER.index(check["verdict"]))
                 for place in range(len(runs[0]["checks"]))]  # fmt: skip
        verdict = min((run["verdict"] for run in runs), key=ORDER.index)
        checks = tuple((check["name"], check["verdict"], check["detail"]) for check in worst)
        found[model] = (*found.get(model, ()), AuditPart(selection, verdict, checks))
    return found


def _part(
    shown: Path, table: Table, scores: Sequence[Score], runs: Sequence[PooledRun], matrices: tuple[Confusion, ...]
) -> ModelRunsPart:
    record = runs[0].record
    spec = record.spec
    return ModelRunsPart(
        task=record.task,
        model=record.model,
        title=record.title,
        control=record.kind == "control",
        columns=tuple((table.parts[column.part], column.header) for column in table.columns),
        seeds=tuple(_lines(table, scores)),
        failed=tuple((run.record.seed, one["fold"], f"{one['status']}: {one['message']}")
                     for run in runs for one in run.record.failed),
        confusions=matrices,
        configuration=(*_named("inputs", spec.get("inputs") or {}), *spec["options"].items(), *spec["recipe"].items()),
        commands=tuple(_commands(shown, runs)),
    )  # fmt: skip


def _named(name: str, values: Mapping[str, object]) -> list[tuple[str, object]]:
    return [(f"{name}: {key}", value) for key, value in values.items()]


def _lines(table: Table, scores: Iterable[Score]) -> Iterable[SeedLine]:
    groups: dict[tuple[str, int], dict[str, Score]] = {}
    for score in scores:
        groups.setdefault((score.selection, score.seed), {})[score.part] = score
    for (selection, seed), parts in sorted(groups.items()):
        first = parts.get("all") or next(iter(parts.values()))
        values = [
            (parts[column.part].metrics.get(column.metric) if column.part in parts else None, column.digits)
            for column in table.columns
        ]
        figures = tuple("" if value is None else f"{value:.{digits}f}" for value, digits in values)
        yield SeedLine(seed, selection, f"{first.folds_done}/{first.folds_expected}", first.n, figures)


def confusions(path: Path, parts: Mapping[str, str]) -> dict[str, tuple[Confusion, ...]]:
    """The matrices of each model on the parts that the table has, from the scores of the task; none for a kind of task
    without classes."""
    sums: dict[tuple[str, str, str], Counts] = {}
    classes: dict[str, tuple[str, ...]] = {}
    for one in read_json(path) if path.is_file() else ():
        if one.get("confusion") and one["part"] in parts:
            key = (one["model"], one["selection"], one["part"])
            classes[one["model"]], sums[key] = tuple(one["classes"]), _sum(sums.get(key), one["confusion"])
    found: dict[str, tuple[Confusion, ...]] = {}
    for (model, selection, part), counts in sums.items():
        one = Confusion(parts[part], selection, classes[model], counts)
        found[model] = (*found.get(model, ()), one)
    return found


def _sum(one: Counts | None, other: Sequence[Sequence[int]]) -> Counts:
    if one is None:
        return tuple(map(tuple, other))
    return tuple(tuple(a + b for a, b in zip(*rows, strict=True)) for rows in zip(one, other, strict=True))


def _commands(shown: Path, runs: Sequence[PooledRun]) -> Iterable[tuple[str, str]]:
    files = [shlex.quote(f"{shown.as_posix()}/runs/{_id(run)}/predictions.csv") for run in runs]
    yield "Make its predictions, or what is missing of them", f"snakemake {' '.join(files)}"
    first = runs[0].record
    if first.trained is None:
        config = shlex.quote(f"{shown.as_posix()}/config.json")
        yield (
            "Train its folds by hand, where they are not done",
            f"mebench train --run {_id(runs[0])} --config {config}",
        )


def _id(run: PooledRun) -> str:
    return f"{run.record.task}/{run.record.model}/seed{run.record.seed}"
