"""The statistics of a table, from the predictions of the runs that it shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from mebench.errors import UserError
from mebench.runs.paths import PREDICTIONS
from mebench.runs.tallies import tallied
from mebench.statistics.comparison import DEFAULT
from mebench.statistics.summary import Result, Summary, summary
from mebench.statistics.table_statistics import TableStatistics, Without
from mebench.statistics.tallied import Tallied
from mebench.tables.description import Column
from mebench.tables.table import Row, Table

Folders = Mapping[str, Mapping[int, Path]]  # of the runs of each model on a task, by seed
Given = Mapping[tuple[str, str], Tallied]  # by (model, selection)
NONE: Given = MappingProxyType({})
SCORES_ALONE = "made from scores alone, without the predictions that intervals and letters are computed from"


def compute(table: Table, folders: Mapping[str, Folders], given: Given = NONE) -> TableStatistics:
    """The statistics of the rows of a table whose runs of each task lie in these ``folders``, or whose counts on the
    table's own task are ``given``. Letters are of a task."""
    about = _about(table)
    summaries: list[Summary] = []
    without: list[Without] = []
    for task, own in {table.task: {}, **folders}.items():
        found, reasons = _of_task(table, task, own, given if task == table.task else NONE)
        summaries.append(found)
        without += reasons
    return replace(
        about,
        figures=tuple(one for found in summaries for one in found.figures),
        families=tuple(one for found in summaries for one in found.families),
        inflation=tuple(one for found in summaries for one in found.inflation),
        power=tuple(one for found in summaries for one in found.power),
        without=tuple(dict.fromkeys(without)),
    )


def _of_task(table: Table, task: str, folders: Folders, given: Given) -> tuple[Summary, list[Without]]:
    """The statistics of the rows on one task, and which rows have none. Letters are of the first column of the task."""
    results: list[Result] = []
    without: list[Without] = []
    for row in table.rows:
        if row.block in ("measured", "control") and (task == table.task or row.model in folders):
            counts = given.get((row.model, row.selection))
            own = _result(task, row, folders) if counts is None else _of_counts(row, counts)
            results += [own] if isinstance(own, Result) else []
            without += [own] if isinstance(own, Without) else _lacks(row, own.counts)
    first = next((column for column in table.columns if table.place(column.part).task == task), table.columns[0])
    settings = replace(DEFAULT, metric=first.metric, sign=first.sign)
    return summary(task, results, settings, _further(table, first, folders)), without


def of_scores_alone(table: Table) -> TableStatistics:
    """The statistics of a table without predictions: none, and why."""
    return replace(_about(table), without=(Without("", "", SCORES_ALONE),))


def _about(table: Table) -> TableStatistics:
    """The statistics of a table, still without any."""
    metric = table.columns[0].metric
    return TableStatistics(table.name, table.task, metric, DEFAULT.level, DEFAULT.resamples, "subject", DEFAULT.region)


def _further(table: Table, first: Column, folders: Folders) -> list[str]:
    """The first metric beside that of a task's ``first`` column that all compared rows have, where some lack that one:
    a model that spots without naming emotions has no STRS."""
    rows = [row for row in table.rows if row.compared and row.model in folders]
    shared = [
        column.metric
        for column in table.columns
        if column.part == first.part and column.compared and all(column.key in row.cells for row in rows)
    ]
    return [metric for metric in shared[:1] if metric != first.metric]


def _result(task: str, row: Row, folders: Folders) -> Result | Without:
    own = folders.get(row.model, {})
    if not own or not all((folder / PREDICTIONS).is_file() for folder in own.values()):
        return Without(row.model, row.selection, "its predictions are not there, so that it has no intervals")
    if not row.all_folds or row.seeds_absent:
        return Without(
            row.model, row.selection, "its folds are not all done, so that it has no intervals and no letter"
        )
    try:
        counts = tallied(f"{task}/{row.model}", own, row.selection)
    except UserError as error:
        return Without(row.model, row.selection, f"it has no intervals and no letter: {error}")
    if counts is None:
        return Without(
            row.model, row.selection, "its kind of task counts nothing of subjects, so that it has no intervals"
        )
    return _of_counts(row, counts)


def _of_counts(row: Row, counts: Tallied) -> Result:
    return Result(row.model, row.selection, counts, row.compared)


def _lacks(row: Row, counts: Tallied) -> list[Without]:
    """Why a row has no interval or no letter; nothing where it has both, and nothing of the letters of controls."""
    if not counts.by_subject:
        why = "a confusion matrix alone does not say whose clips are right, so that it has no intervals and no letter"
    elif row.block == "control" or row.compared:
        return []
    elif row.peeked:
        why = "no letter, because the epoch was chosen on the test subjects"
    elif row.complete:
        why = "no letter, because nobody said how its epoch was chosen"
    else:
        why = "no letter, because it has other clips than the complete runs"
    return [Without(row.model, row.selection, why)]
