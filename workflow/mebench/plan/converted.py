"""What a measured fold would take at another precision, or in a stack of folds: an estimate, for nobody measured it."""

from __future__ import annotations

from collections.abc import Sequence

from mebench.config.spec import Recipe
from mebench.config.throughput import PEAKS, STACKED_ON_CPU
from mebench.model_card import Measurement


def stack_of(recipe: Recipe) -> int:
    """How many folds a process trains at once."""
    return recipe.get("stack", 1)


def nearest(records: Sequence[Measurement], recipe: Recipe, device: str) -> Measurement | None:
    """The first of ``records``, which are of the network and the ``device`` of a run, that :func:`share` can convert:
    on a GPU from any precision, on a CPU from the run's own."""
    for record in records:
        kept = record.get("precision", recipe["precision"])
        if record.get("stack", 1) == 1 and (kept == recipe["precision"] or (device == "GPU" and kept in PEAKS)):
            return record
    return None


def share(record: Measurement, recipe: Recipe, device: str) -> tuple[float, str]:
    """(the share of the measured time that a fold of the recipe takes, how that came about).

    Precision: the part of the time that is spent at the device's peak changes with the peak, the rest stays. Stack: on
    a GPU the folds share each step, down to the part at the peak; on a CPU they take longer than one after another.
    """
    kept, words = record.get("precision", recipe["precision"]), []
    busy, rest = record["share_of_peak"], 1 - record["share_of_peak"]
    if kept != recipe["precision"]:
        times = PEAKS[recipe["precision"]] / PEAKS[kept]
        busy /= times
        words.append(f"{recipe['precision']} from {kept}, {busy * times:.0%} of the time at {times:.3g} times the peak")
    stack, taken = stack_of(recipe), busy + rest
    if stack > 1:
        taken = max(taken / stack, busy) if device == "GPU" else taken * STACKED_ON_CPU
        words.append(f"stack of {stack}: each step once for all, at most at the peak" if device == "GPU" else
                     f"stack of {stack}: {STACKED_ON_CPU:g} times as long on a CPU")  # fmt: skip
    return taken, "; ".join(words)
