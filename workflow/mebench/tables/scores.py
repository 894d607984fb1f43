"""Scores, read from the CSV that the verb ``score`` writes."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mebench import formats, tasks
from mebench.errors import UserError
from mebench.files import read_csv

COLUMNS = formats.SCORES.names


@dataclass(frozen=True)
class Score:
    """One line of a score file: one run and selection, on one part; a metric without value is absent.

    ``n`` clips were predicted; ``without_input`` of the part could not be; ``excluded`` were left out by configuration,
    ``exclusions`` says which and why; ``corrected`` and ``corrections`` say the same of clips with corrected labels.
    ``deviations`` say what differs from the counts that the task expects, ``conventions`` how figures came about,
    ``origin_archive`` from which archives a merge has the run. ``form`` is what was given instead of predictions,
    ``audit`` the verdict on the run, ``audit_failed`` names the checks that failed.
    """

    task: str
    model: str
    title: str
    kind: str
    seed: int
    selection: str
    origin: str
    part: str
    n: int
    without_input: int
    folds_done: int
    folds_expected: int
    metrics: dict[str, float]
    excluded: int = 0
    exclusions: str = ""
    corrected: int = 0
    corrections: str = ""
    deviations: str = ""
    conventions: str = ""
    origin_archive: str = ""
    form: str = ""
    audit: str = ""
    audit_failed: str = ""


def read_scores(path: str | os.PathLike) -> list[Score]:
    """Read a score file; a missing column, a broken number or a line given twice is a :class:`UserError`."""
    return scores_of(read_csv(path, COLUMNS), path)


def scores_of(rows: Sequence[Mapping[str, str]], path: str | os.PathLike) -> list[Score]:
    """The scores of the rows of a score file; errors name its ``path``."""
    scores: list[Score] = []
    lines: dict[tuple[str, str, int, str, str], int] = {}
    for number, row in enumerate(rows, start=2):
        try:
            score = _score(row)
        except ValueError as error:
            raise UserError(f"{path} line {number}: {error}; run the score rule again") from error
        key = (score.task, score.model, score.seed, score.selection, score.part)
        if key in lines:
            raise UserError(f"{path} lines {lines[key]} and {number} are the same run and part {key}; keep one")
        lines[key] = number
        scores.append(score)
    if not scores:
        raise UserError(f"{path} holds no scores; run at least one model of the task first")
    return scores


def _score(row: Mapping[str, str]) -> Score:
    metrics = _metrics(row)
    return Score(
        task=row["task"],
        model=row["model"],
        title=row["title"],
        kind=row["kind"],
        seed=int(row["seed"]),
        selection=row["selection"],
        origin=row["origin"],
        part=row["part"],
        n=int(row["n"]),
        without_input=int(row["without_input"]),
        folds_done=int(row["folds_done"]),
        folds_expected=int(row["folds_expected"]),
        metrics=metrics,
        excluded=int(row.get("excluded") or 0),
        exclusions=row.get("exclusions") or "",
        corrected=int(row.get("corrected") or 0),
        corrections=row.get("corrections") or "",
        deviations=row.get("deviations") or "",
        conventions=row.get("conventions") or "",
        origin_archive=row.get("origin_archive") or "",
        form=row.get("form") or "",
        audit=row.get("audit") or "",
        audit_failed=row.get("audit_failed") or "",
    )


def _metrics(row: Mapping[str, str]) -> dict[str, float]:
    """The metrics of the row's kind of task that have a value; one outside of its range is a ValueError."""
    known = tasks.metrics(row.get("task_kind") or tasks.DEFAULT)
    values = {name: float(row[name]) for name in known if row[name].strip()}
    values = {name: value for name, value in values.items() if not math.isnan(value)}
    for name, value in values.items():
        low, high = known[name].get("range", (-math.inf, math.inf))
        if not low <= value <= high:
            raise ValueError(f"{name} is {value}, outside {low}..{high}")
    return values
