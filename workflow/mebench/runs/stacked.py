"""A try at a stack of folds: train them at once, and write the file of each."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, cast

import torch

from mebench.runs.begun import outcome
from mebench.runs.lock import Holder
from mebench.runs.records import FoldRecord
from mebench.training.fold import FoldResult
from mebench.training.limits import Limits
from mebench.training.loop import out_of_memory
from mebench.training.stack import Ending, run_stack

if TYPE_CHECKING:
    from mebench.runs import engines
    from mebench.runs.attempt import Attempt
    from mebench.runs.shard import Listener, Pair


def made(
    pairs: Sequence[Pair], tries: Sequence[engines.Attempt], holders: Sequence[Holder], listener: Listener
) -> Iterator[tuple[Pair, FoldRecord]]:
    """Train the folds ``pairs``, given with the holders of their locks, and write their files: each with its record. A
    fold's time is its share of that of the stack. Progress is that of the fold that began last."""
    folds, begin = [cast("Attempt", one) for one in tries], time.monotonic()
    first, records = folds[0], [attempt.begun() for attempt in folds]

    def tell(at: int, epoch: int, loss: float) -> None:
        holders[at].tell(epoch, loss)
        if at == len(folds) - 1:
            listener.epoch(epoch, loss)

    if first.job.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(first.job.device)
    limits = Limits(first.execution.fold_seconds * len(folds), None, first.execution.save_weights)
    train = partial(run_stack, [attempt.job for attempt in folds], tell, first.stop, limits)
    name = f"a stack of {len(folds)} folds, {first.job.fold} the first"
    endings, status, message = outcome(first.run, name, train, out_of_memory)
    seconds = (time.monotonic() - begin) / len(folds)
    for at, (attempt, record) in enumerate(zip(folds, records, strict=True)):
        ending: tuple[FoldResult | None, str, str] = (None, status, f"{message} (in a stack of {len(folds)} folds)")
        if endings is not None:
            ending = outcome(attempt.run, attempt.job.fold, partial(_ended, endings[at]), out_of_memory)
        yield pairs[at], attempt.end(record, ending, seconds)


def _ended(ending: Ending) -> FoldResult:
    if isinstance(ending, Exception):
        raise ending
    return ending
