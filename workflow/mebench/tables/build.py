"""From scores and a description to the rows of a table: means, spread, ranks and marks.

Ranked, by the mean of the first column, are only measured rows that are complete (all folds done, all clips
predicted), honest (no epoch was chosen on the test subjects) and no controls. The rest is shown, marked, never
ranked or bold.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from mebench.errors import UserError, did_you_mean
from mebench.origins import MARKS, SHORT, of_all
from mebench.tables import audits
from mebench.tables.absent import AbsentRun
from mebench.tables.caption import caption, common_conventions, note
from mebench.tables.description import Column, Description, Key, Published
from mebench.tables.printed import number
from mebench.tables.scores import Score
from mebench.tables.several_tasks import in_parts
from mebench.tables.table import BLOCKS, INCOMPLETE, Cell, Row, Table


def build(description: Description, scores: Sequence[Score], absent: Sequence[AbsentRun] = ()) -> Table:
    """Make the table of a description: measured rows by rank, then controls, then published rows in their given order.

    The caption names the ``absent`` runs first. A row that lacks a seed is not ranked.
    """
    absent = [run for run in absent if run.task in description.tasks and _shows(description, run.model)]
    measured = _measured(description, scores, absent)
    ranked = [*_ranked(measured, description.columns), *_without_runs(measured, absent)]
    known = _ordered(ranked, description.columns[0])
    origin = of_all({row.origin for row in measured})
    mark = SHORT.get(origin, "")
    # figures of the real datasets never stand beside those of generated data
    rows = (*known, *(_published(row, description) for row in description.published if not mark))
    quoted = {letter for row in rows for letter in row.source}
    return Table(
        name=description.name,
        title=description.title + (f" ({mark})" if mark else "") + (f" ({INCOMPLETE})" if absent else ""),
        task=description.task,
        caption=tuple(caption(description, rows, MARKS.get(origin, ""), absent)),
        columns=description.columns,
        parts=description.parts,
        rows=rows,
        notes=description.notes,
        sources={letter: text for letter, text in description.sources.items() if letter in quoted},
        mark=mark,
        places=description.places,
    )


def _shows(description: Description, model: str) -> bool:
    return not description.models or model in description.models


def _measured(description: Description, scores: Sequence[Score], absent: Sequence[AbsentRun]) -> list[Row]:
    tasks = sorted({score.task for score in scores})
    chosen = in_parts(description, scores)
    if not chosen and not absent:
        raise UserError(
            f"the table '{description.name}' shows the task {' and '.join(description.tasks)}, but the scores are of "
            f"{', '.join(tasks)}; give the score file of {description.task}"
        )
    known = {score.model for score in chosen} | {run.model for run in absent}
    for model in description.models:
        if model not in known:
            raise UserError(f"the table '{description.name}' asks for the model '{model}'{did_you_mean(model, known)}")
    groups: dict[tuple[str, str], list[Score]] = {}
    for score in chosen:
        if _shows(description, score.model):
            groups.setdefault((score.model, score.selection), []).append(score)
    lacking = Counter(run.model for run in absent)
    rows = [replace(_row(groups[key]), seeds_absent=lacking[key[0]]) for key in sorted(groups)]
    common = common_conventions(rows)
    return [row if row.conventions == common else replace(row, note=f"{row.note} {row.conventions}".strip())
            for row in rows]  # fmt: skip


def _row(scores: list[Score]) -> Row:
    """Mean and spread over the seeds of one model under one selection."""
    values: dict[Key, list[float]] = {}
    for score in sorted(scores, key=lambda score: score.seed):
        for metric, value in score.metrics.items():
            values.setdefault(Key(score.part, metric), []).append(value)
    cells = {
        key: Cell(statistics.fmean(v), statistics.stdev(v) if len(v) > 1 else None, len(v)) for key, v in values.items()
    }
    # the weakest seed speaks for the row: with one fold missing in one seed the mean is of no complete result
    worst = min(scores, key=lambda score: (score.folds_done - score.folds_expected, score.seed))
    whole = [score for score in scores if score.part == "all"] or scores
    fewest = max(whole, key=lambda score: (score.without_input, -score.n))
    first, (verdict, failed) = scores[0], audits.of_scores(scores)
    return Row(
        block="control" if first.kind == "control" else "measured",
        method=first.title or first.model,
        cells=cells,
        model=first.model,
        selection=first.selection,
        origin=of_all({score.origin for score in scores}),
        folds_done=worst.folds_done,
        folds_expected=worst.folds_expected,
        clips=fewest.n,
        left_out=fewest.without_input,
        seeds=len({score.seed for score in scores}),
        excluded=fewest.excluded,
        exclusions=fewest.exclusions,
        corrected=fewest.corrected,
        corrections=fewest.corrections,
        deviations=next((score.deviations for score in scores if score.deviations), ""),
        conventions=first.conventions,
        origin_archive=_origins(scores),
        audit=verdict,
        audit_failed=failed,
        note=f"{note(fewest, scores)} {audits.footnote(failed)}".strip(),
    )


def _origins(scores: Sequence[Score]) -> str:
    """The archives that the seeds of a row are from, each once."""
    each = (name for score in sorted(scores, key=lambda score: score.seed) for name in score.origin_archive.split(", "))
    return ", ".join(dict.fromkeys(filter(None, each)))


def _without_runs(measured: Sequence[Row], absent: Sequence[AbsentRun]) -> list[Row]:
    """A row without figures for each model that has no run at all, so that every format shows what is missing."""
    there = {row.model for row in measured}
    reasons: dict[str, list[AbsentRun]] = {}
    for run in absent:
        if run.model not in there:
            reasons.setdefault(run.model, []).append(run)
    return [
        Row(block="missing", method=runs[0].title, cells={}, model=model, seeds_absent=len(runs), note=runs[0].reason)
        for model, runs in reasons.items()
    ]


def _ranked(rows: list[Row], columns: Sequence[Column]) -> list[Row]:
    def fair(row: Row) -> bool:
        return row.compared and columns[0].key in row.cells

    def figure(row: Row, column: Column) -> float:
        # equal as shown is equal: a tie shares its rank and its bold
        cell = row.cells.get(column.key)
        return column.sign * round(cell.mean, 4) if cell else -math.inf

    compared = [column for column in columns if column.compared]

    ranked = [row for row in rows if fair(row)]
    best = {column: max((figure(row, column) for row in ranked), default=0.0) for column in compared}
    order = sorted((figure(row, columns[0]) for row in ranked), reverse=True)

    def marked(row: Row) -> Row:
        leads = frozenset(c.key for c in compared if c.key in row.cells and figure(row, c) == best[c])
        return replace(row, rank=order.index(figure(row, columns[0])) + 1, best=leads)

    return [marked(row) if fair(row) else row for row in rows]


def _ordered(rows: list[Row], column: Column) -> list[Row]:
    """Sorted by rank. A peeked row stands below the honest row of its model, so that the inflation is seen."""
    best, key = {row.model: row.rank for row in reversed(rows) if row.rank}, column.key

    def place(row: Row) -> tuple[int, int, bool, bool, float, str, str]:
        worse = -column.sign * row.cells[key].mean if key in row.cells else math.inf
        rank = row.rank or best.get(row.model, 10**9)
        return (
            list(BLOCKS).index(row.block),
            rank,
            row.peeked,
            not row.complete,
            worse,
            row.model,
            row.selection,
        )

    return sorted(rows, key=place)


def _published(row: Published, description: Description) -> Row:
    verdict, failed = audits.of_published(row, description)
    noted = f"{row.note} {audits.footnote(failed)}".strip()
    cells = {key: Cell(mean=number(text), printed=text) for key, text in row.values.items()}
    return Row(block="published", method=row.method, cells=cells, model=row.model, selection=row.selection,
               origin="published", source=row.source, note=noted, audit=verdict,
               audit_failed=failed)  # fmt: skip
