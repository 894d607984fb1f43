"""The table of megc2019-flow.md on how sure its figures are: python docs/megc2019_flow_intervals.py"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import bootstrap

from mebench.catalogue.listing import markdown_table

COUNTS = Path(__file__).with_name("megc2019-flow-folds.csv")
CLASSES = ["negative", "positive", "surprise"]
TITLES = {"off_apexnet-meb": "OFF-ApexNet, MEB's network and recipe", "htnet": "HTNet", "off_apexnet": "OFF-ApexNet",
          "vit_tiny-28": "ViT-tiny at 28x28, from scratch",
          "resnet18-28": "ResNet-18 at 28x28, from scratch"}  # fmt: skip
HEADER = ("network", "UF1, last epoch", "95 %", "minus HTNet", "minus OFF-ApexNet", "minus ViT-tiny", "minus ResNet-18")
DRAWS = 9999


def by_subject(counts: pd.DataFrame, run: str, epochs: str) -> np.ndarray:
    """Confusion counts (S, C, C) of a run's only seed, subjects in order of their names."""
    rows = counts[(counts["run"] == run) & (counts["epochs"] == epochs)]
    every = pd.MultiIndex.from_product([sorted(counts["subject"].unique()), CLASSES])
    table = rows.set_index(["subject", "truth"])[CLASSES].reindex(every, fill_value=0)
    return table.to_numpy().reshape(-1, len(CLASSES), len(CLASSES))


def uf1(pooled: np.ndarray) -> np.ndarray:
    """UF1 (...) of pooled counts (..., C, C), as in mebench.metrics.recognition."""
    true_and_called = pooled.sum(axis=-1) + pooled.sum(axis=-2)
    hit = 2 * np.diagonal(pooled, axis1=-2, axis2=-1)
    return np.divide(hit, true_and_called, out=np.zeros(hit.shape), where=true_and_called > 0).mean(axis=-1)


def interval(counts: np.ndarray, less: np.ndarray | None = None) -> tuple[float, float]:
    """The middle 95 % of UF1, or of how much it is above that of ``less``, when subjects are drawn with replacement; a
    drawn subject brings all its clips, and the same subjects are drawn for both."""

    def statistic(drawn: np.ndarray, axis: int = -1) -> np.ndarray:
        found = uf1(counts[drawn].sum(axis=axis - 2))
        return found if less is None else found - uf1(less[drawn].sum(axis=axis - 2))

    subjects = np.arange(len(counts))
    found = bootstrap((subjects,), statistic, n_resamples=DRAWS, method="percentile", rng=0).confidence_interval
    return float(found.low), float(found.high)


def rows() -> list[list[str]]:
    """A row a network: UF1 at its last epoch with its interval, and the differences to the networks below it."""
    counts = pd.read_csv(COUNTS)
    tables = {run: by_subject(counts, run, "last") for run in TITLES}
    found = []
    for place, (run, title) in enumerate(TITLES.items()):
        low, high = interval(tables[run])
        row = [title, f"{uf1(tables[run].sum(axis=0)):.4f}", f"{low:.3f} to {high:.3f}"]
        for column, other in enumerate(list(TITLES)[1:], start=1):
            row.append("{:+.3f} to {:+.3f}".format(*interval(tables[run], tables[other])) if column > place else "")
        found.append(row)
    return found


if __name__ == "__main__":
    print(markdown_table(HEADER, rows()))
