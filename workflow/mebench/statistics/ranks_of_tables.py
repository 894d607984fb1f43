"""Average ranks of the models of several tasks, from the statistics of tables."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from mebench.statistics.ranks import Ranks, ranks
from mebench.statistics.table_statistics import TableFamily, TableStatistics, named

MOST_TASKS = 12  # of which every subset is looked at


@dataclass(frozen=True)
class RanksOfTasks:
    """Average ranks by a ``metric`` over ``tasks``, of the models that were compared on each of them. ``warning`` is of
    few seeds; it may be empty."""

    metric: str
    tasks: tuple[str, ...]
    ranks: Ranks
    warning: str


def ranks_of_tables(tables: Iterable[TableStatistics]) -> list[RanksOfTasks]:
    """The average ranks by each metric that tables rank by. Of the tasks and models those are taken that give most
    scores, every model having one on every task; nothing where this is not two models on two tasks."""
    scores: dict[str, dict[str, dict[str, float]]] = {}  # metric -> task -> model
    warnings: dict[str, set[str]] = {}
    for table in tables:
        for family in table.families:
            if family.part == "all":
                scores.setdefault(family.metric, {}).setdefault(family.task, _scores(table, family))
                warnings.setdefault(family.metric, set()).add(family.warning)
    return [
        RanksOfTasks(metric, tasks, ranks(models, np.array([[own[task][model] for model in models] for task in tasks])),
                     " ".join(sorted(filter(None, warnings[metric]))))
        for metric, own in sorted(scores.items()) for tasks, models in _complete(own)
    ]  # fmt: skip


def _scores(table: TableStatistics, family: TableFamily) -> dict[str, float]:
    """The value of each result of a family, by the name of its model where it has one honest row alone."""
    found = {}
    rows = {(one.model, one.selection) for one in table.figures if one.task == family.task}
    for name in family.names:
        row = named(name, sorted(rows))
        figure = row and table.figure(*row, family.part, family.metric, family.task)
        if figure and figure.value is not None:
            found[name] = figure.value
    return found


def _complete(scores: Mapping[str, Mapping[str, float]]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """The (tasks, models) with most scores, each model having one on each task; at most one."""
    tasks = sorted(scores)[:MOST_TASKS]
    blocks = []
    for size in range(2, len(tasks) + 1):
        for some in itertools.combinations(tasks, size):
            models = sorted(set.intersection(*(set(scores[task]) for task in some)))
            if len(models) > 1:
                blocks.append((some, tuple(models)))
    return sorted(blocks, key=lambda block: (-len(block[0]) * len(block[1]), -len(block[0]), block[0]))[:1]
