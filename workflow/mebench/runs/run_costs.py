"""What runs cost: parameters, operations, time and memory, from their records and the cards of their models."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mebench.errors import UserError
from mebench.model_card import forward, model_card
from mebench.runs import fold_summary, run_record
from mebench.runs.run_record import RunRecord
from mebench.tables.cost import shows_cost
from mebench.tables.description import Description
from mebench.tables.scores import Score


def with_costs(description: Description, scores: Sequence[Score], results: Path) -> list[Score]:
    """The scores, with what their runs below ``results`` cost, where the table has a column of that."""
    if not shows_cost(description):
        return list(scores)
    return [_with_cost(score, results) for score in scores]


def _with_cost(score: Score, results: Path) -> Score:
    folder = results / "runs" / score.task / score.model / f"seed{score.seed}"
    try:
        record = run_record.read(folder)
    except UserError:  # scores alone were given
        return score
    said = f"Trained on {', '.join(record.devices)}." if record.devices else ""
    return replace(score, metrics={**score.metrics, **cost(folder, record)},
                   conventions=" ".join(filter(None, (score.conventions, said))))  # fmt: skip


def cost(folder: Path, record: RunRecord) -> dict[str, float]:
    """The figures of one run that are known. Seconds of a fold are the mean over folds, its memory the most of all."""
    known: dict[str, float] = {}
    if record.parameters:
        known["parameters"] = record.parameters
    card = model_card(record.spec["model"])
    if card.get("flops"):
        operations, own = forward(card, record.spec["options"])
        if own:
            known["mflops"] = operations["forward"] / 1e6
    if record.seconds is not None and record.folds_done:
        known["fold_seconds"] = record.seconds / record.folds_done
    seen = [fold.record for _, fold in fold_summary.read(folder).values()]
    timed = [one.seconds for one in seen if one.done and one.seconds is not None]
    if timed:  # with more digits than their sum in run.json
        known["fold_seconds"] = statistics.fmean(timed)
    memory = [one.peak_memory_mb for one in seen if one.done and one.peak_memory_mb is not None]
    if memory:
        known["fold_memory"] = max(memory)
    return known
