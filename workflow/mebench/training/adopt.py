"""Take over the predictions of a model that trains outside the engine: ``given.csv`` becomes the files of a pooled run.

The truth is never taken from there: it is joined by clip_id from the clips of the task.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mebench import __version__, cards
from mebench.errors import UserError, did_you_mean
from mebench.files import read_csv
from mebench.protocols import loso
from mebench.training.pool import complete, decided, write_history, write_predictions, write_record
from mebench.training.records import run_rows


def adopt(
    run: Path, spec: dict[str, Any], clips: list[Path], inputs: list[Path], about: dict[str, Any]
) -> dict[str, Any]:
    """Check ``run/given.csv`` (clip_id, prediction, optionally p_<class> for every class), write predictions.csv,
    history.csv and run.json as :func:`mebench.training.pool.pool` does, and return the record.

    A :class:`UserError` says which clip is missing, strange or there twice, which prediction is no class of the task,
    or which probability is no number from 0 to 1.
    """
    if spec["training"] != "rules":
        raise UserError(f"the model {spec['model']} is trained by the engine; 'mebench pool' joins its folds")
    found, given = run_rows(spec, clips, inputs), run / "given.csv"
    rows = read_csv(given, ("clip_id", "prediction"))
    expected = {row["clip_id"] for row in found.rows}
    complete(rows, expected, given, f"the rule in {spec['model']} has to predict each clip of folds.csv once")
    predicted = {row["clip_id"]: _checked(row, spec["task"]["classes"], given) for row in rows}
    write_predictions(run / "predictions.csv", [_row(row, spec["seed"], predicted) for row in found.rows])
    write_history(run, [])
    folds = len(loso.folds([row["subject"] for row in found.rows]))
    how = {
        "clips": len(expected),
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


def _row(clip: dict[str, str], seed: int, predicted: dict[str, dict[str, str]]) -> dict[str, Any]:
    about = {key: clip[key] for key in ("clip_id", "dataset", "subject")}
    return {**about, "fold": clip["subject"], "seed": seed, "truth": clip["label"], **predicted[clip["clip_id"]]}


def _checked(row: dict[str, str], classes: list[str], where: Path) -> dict[str, str]:
    """The prediction of a row and its probabilities, if there are any."""
    clip, prediction = row["clip_id"], row["prediction"]
    if prediction not in classes:
        raise UserError(
            f"{where}: the clip {clip} has the prediction '{prediction}', which is no class of the task"
            f"{did_you_mean(prediction, classes)}"
        )
    columns, wanted = [key for key in row if key.startswith("p_")], [f"p_{name}" for name in classes]
    if columns and set(columns) != set(wanted):
        raise UserError(
            f"{where} has the columns {', '.join(columns)}; give one for every class ({', '.join(wanted)}) or none"
        )
    return {"prediction": prediction, **{key: _probability(row[key], key, clip, where) for key in wanted if columns}}


def _probability(text: str, column: str, clip: str, where: Path) -> str:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:  # neither is nan
        raise UserError(f"{where}: the clip {clip} has {column}: '{text}', which is no number from 0 to 1")
    return f"{value:.6f}"
