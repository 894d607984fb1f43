"""Results that people hand to a table by name: counts of clips or of subjects, as scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mebench import cards, tasks
from mebench.errors import UserError, did_you_mean
from mebench.protocols.tasks import TASKS
from mebench.statistics.counts import Counts
from mebench.statistics.table_statistics import BETWEEN
from mebench.tables.scores import Score
from mebench.tables.table_file import SELECTIONS

UNKNOWN = "unknown"  # the selection of a result of which nobody says how its epoch was chosen
ORIGIN = "given"  # of figures that were not measured here


@dataclass(frozen=True)
class Given:
    """A row that is asked for as MODEL::SELECTION=RESULT."""

    model: str
    selection: str
    result: str


def parse(text: str) -> Given:
    """The row that a text names; without a selection it is not known how the epoch was chosen."""
    row, equals, result = text.partition("=")
    model, _, selection = row.partition(BETWEEN)
    if not equals or not model or not result:
        raise UserError(f"'{text}' is no row; write MODEL::SELECTION=FILE, such as htnet::last=counts.csv::run=htnet")
    if selection and selection not in SELECTIONS:
        raise UserError(f"'{text}' has the selection '{selection}'{did_you_mean(selection, SELECTIONS[:3])}; write "
                        f"{', '.join(SELECTIONS[:3])}, or leave it out where it is not known")  # fmt: skip
    return Given(model, selection or UNKNOWN, result)


def classes_of(task: str) -> list[str]:
    """The classes of a task whose figures come from a confusion matrix; a UserError for another one."""
    about = TASKS[task]
    if not about.get("classes") or "uf1" not in tasks.metrics(tasks.name_of(about)) or "expression" in about:
        raise UserError(f"the task {task} has no confusion matrix of clips, of which --results is made; give --config")
    return list(about["classes"])


def scores(task: str, results: Mapping[tuple[str, str], Counts]) -> list[Score]:
    """The scores of results by (model, selection), on all clips and on each dataset."""
    return [
        score
        for (model, selection), counts in results.items()
        for part, own in {"all": counts, **{name: counts.part(name) for name in counts.datasets}}.items()
        for score in _of_part(task, (model, selection), part, own)
    ]


def _of_part(task: str, row: tuple[str, str], part: str, counts: Counts) -> list[Score]:
    known = tasks.metrics(tasks.name_of(TASKS[task]))
    values = {name: metric(counts.table.sum(axis=1)) for name, metric in counts.metrics.items() if name in known}
    model, selection = row
    title = str(cards.card("models", model)["title"]) if model in cards.names("models") else model
    folds = len(counts.subjects)
    return [
        Score(task, model, title, "model", place, selection, ORIGIN, part, counts.clip_count, 0, folds, folds,
              {name: float(own[place]) for name, own in values.items() if not np.isnan(own[place])})
        for place in range(len(counts.seeds))
    ]  # fmt: skip
