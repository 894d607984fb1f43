"""Take over the predictions of a model that trains outside the engine: ``given.csv`` becomes the files of a pooled run.

The truth is never taken from there: it is joined by clip_id from the clips of the task.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mebench import __version__, cards, formats, tasks
from mebench.errors import UserError
from mebench.files import read_csv
from mebench.protocols import loso
from mebench.training.pool import complete, decided, write_history, write_predictions, write_record
from mebench.training.records import run_rows


def adopt(
    run: Path, spec: dict[str, Any], clips: list[Path], inputs: list[Path], about: dict[str, Any]
) -> dict[str, Any]:
    """Check ``run/given.csv`` (clip_id and what the kind of task asks for), write predictions.csv, history.csv and
    run.json as :func:`mebench.training.pool.pool` does, and return the record.

    A :class:`UserError` says which clip is missing, strange or there twice, or which value cannot be meant.
    """
    if spec["training"] != "rules":
        raise UserError(f"the model {spec['model']} is trained by the engine; 'mebench pool' joins its folds")
    found, given = run_rows(spec, clips, inputs), run / "given.csv"
    rows, kind = read_csv(given, formats.GIVEN.names), tasks.of(spec["task"])
    expected = {(row["clip_id"],) for row in found.rows}
    remedy = f"the rule in {spec['model']} has to predict each clip of folds.csv once"
    complete(rows, ("clip_id",), expected, given, remedy)
    by_clip, pooled = {row["clip_id"]: row for row in rows}, []
    for sample in found.rows:
        row = kind.given(sample, by_clip[sample["clip_id"]], given) | {"fold": sample["subject"], "seed": spec["seed"]}
        pooled.append({name: row[name] for name in kind.columns() if name in row})
    write_predictions(run / "predictions.csv", kind, pooled)
    write_history(run, kind, [])
    folds = len(loso.folds([row["subject"] for row in found.rows]))
    how = {
        "clips": len(expected),
        "rows": len(expected),
        "folds_expected": folds,
        "folds_done": folds,  # as every clip is predicted
        "failed": [],
        "split_batches": {},
        "parameters": cards.card("models", spec["model"])["parameters"],
        "seconds": None,
        "devices": [],
        "versions": {"mebench": [__version__]},
        "trained": f"outside the engine, by the rule in {spec['model']}",
    }
    return write_record(run, spec, inputs, about, found.without, how | decided(spec, clips))
