"""The figures of docs/megc2019-flow.md against the counts of each fold that lie beside it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from mebench.metrics.recognition import from_confusion

DOCS = Path(__file__).parents[2] / "docs"
COUNTS = pd.read_csv(DOCS / "megc2019-flow-folds.csv")
CLASSES = ["negative", "positive", "surprise"]
RUNS = sorted(set(zip(COUNTS["run"], COUNTS["seed"], COUNTS["epochs"], strict=True)))


def pooled(rows: pd.DataFrame) -> dict[str, float | None]:
    return from_confusion(rows.groupby("truth")[CLASSES].sum().reindex(CLASSES).fillna(0).to_numpy())


@pytest.mark.parametrize(("run", "seed", "epochs"), RUNS)
def test_the_page_says_what_the_counts_give(run, seed, epochs):
    rows = COUNTS[(COUNTS["run"] == run) & (COUNTS["seed"] == seed) & (COUNTS["epochs"] == epochs)]
    page = (DOCS / "megc2019-flow.md").read_text(encoding="utf-8")
    folds = rows["subject"].nunique()
    assert folds == 68 or f"{folds} of 68 folds" in page
    for found in (pooled(rows), *(pooled(part) for _, part in rows.groupby(rows["subject"].str.split("/").str[0]))):
        for metric in ("uf1", "uar"):
            assert f"{found[metric]:.4f}" in page, metric
