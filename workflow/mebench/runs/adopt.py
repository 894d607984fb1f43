"""Take over the predictions of a model that is trained outside the engine: ``given.csv``, or the file that an entry of
the configuration names, becomes the files of a pooled run.

The true targets are never taken from that file: they are joined by clip_id from the clips of the task.
"""

from __future__ import annotations

from pathlib import Path

from mebench import __version__, cards, formats, given_table, tasks
from mebench.clips.clip_names import known_clip
from mebench.errors import UserError
from mebench.given_values import key
from mebench.predicted import Predicted
from mebench.protocols import loso
from mebench.runs.outside_rows import rows_of
from mebench.runs.paths import PREDICTIONS, RunFiles
from mebench.runs.pool import FoldOutcomes, complete, write_history, write_predictions, write_record
from mebench.runs.run_record import RunRecord, Title


def adopt(files: RunFiles, title: Title) -> RunRecord:
    """Check the given predictions of a run (clip_id and what the kind of task asks for), write predictions.csv,
    history.csv and run.json as :func:`mebench.runs.pool.pool` does, and return the record.

    A :class:`UserError` names the clip that is missing, unknown or there twice, or the value that is not valid.
    """
    run, spec = files.run, files.spec
    if spec["training"] != "rules":
        raise UserError(f"the model {spec['model']} is trained by the engine; 'mebench pool' joins its folds")
    samples, kind, outside = rows_of(files), tasks.kind_of(spec["task"]), cards.is_given_file(spec["model"])
    given = Path(spec["model"]) if outside else run / "given.csv"
    known_columns = [*(f"p_{name}" for name in spec["task"].get("classes", [])), *(["seed"] if outside else [])]
    rows = given_table.read(given, formats.GIVEN.names, known_columns)
    rows = [row for row in rows if not outside or int(key(row.cells.get("seed", "0"))) == spec["seed"]]
    expected = {(row["clip_id"],) for row in samples.rows}
    remedy = "predict each clip of the task once"
    remedy = remedy if outside else f"the rule in {spec['model']} has to predict each clip of folds.csv once"
    known = {clip for (clip,) in expected}
    clips = [known_clip(row["clip_id"], known) for row in rows]
    given_table.once(rows, ("clip_id",), clips)
    complete([{"clip_id": clip} for clip in clips], ("clip_id",), {*expected}, given, remedy)
    by_clip, pooled = dict(zip(clips, rows, strict=True)), []
    for sample in samples.rows:
        own, told = {"fold": sample["subject"], "seed": spec["seed"]}, by_clip[sample["clip_id"]]
        row = {**kind.given(sample, told.cells | {"clip_id": sample["clip_id"]}, told.where), **own}
        pooled.append({name: str(row[name]) for name in kind.columns() if name in row})
    write_predictions(run / PREDICTIONS, kind, Predicted(pooled))
    write_history(run, kind, [])
    folds = len(loso.folds([row["subject"] for row in samples.rows]))
    by = f": {given.name}" if outside else f", by the rule in {spec['model']}"
    trained = FoldOutcomes(
        clips=len(expected),
        rows=len(expected),
        folds_expected=folds,
        folds_done=folds,  # all folds are done, because all clips are predicted
        failed=[],
        split_batches={},
        parameters=cards.card("models", spec["model"])["parameters"],
        seconds=None,
        devices=[],
        isa=[],
        versions={"mebench": [__version__]},
        trained=f"outside the engine{by}",
    )
    return write_record(run, files, title, samples.without, trained)
