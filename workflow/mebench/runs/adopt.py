"""Take over the predictions of a model that is trained outside the engine: ``given.csv``, or the file that an entry of
the configuration names, becomes the files of a pooled run.

The true targets are never taken from that file: they are joined by clip_id from the clips of the task.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mebench import __version__, cards, formats, given_table, tasks
from mebench.clips.clip_names import known_clip
from mebench.errors import UserError
from mebench.given_values import key
from mebench.predicted import Predicted, Row
from mebench.protocols import loso
from mebench.runs import counted_rows
from mebench.runs.outside_rows import rows_of
from mebench.runs.paths import PREDICTIONS, RunFiles
from mebench.runs.pool import FoldOutcomes, complete, write_history, write_predictions, write_record
from mebench.runs.run_record import RunRecord, Title
from mebench.statistics.source import chosen_rows, parse


def adopt(files: RunFiles, title: Title) -> RunRecord:
    """Check the given predictions of a run (clip_id and what the kind of task asks for), write predictions.csv,
    history.csv and run.json as :func:`mebench.runs.pool.pool` does, and return the record.

    A :class:`UserError` names the clip that is missing, unknown or there twice, or the value that is not valid.
    """
    run, spec = files.run, files.spec
    if spec["training"] != "rules":
        raise UserError(f"the model {spec['model']} is trained by the engine; 'mebench pool' joins its folds")
    samples, kind = rows_of(files), tasks.kind_of(spec["task"])
    outside, form = cards.is_given_file(spec["model"]), None
    given = Path(cards.given_file(spec["model"])) if outside else run / "given.csv"
    if outside and not given_table.has_column(given, "prediction"):
        pooled, form = counted_rows.of_counts(spec, samples.rows)
    else:
        pooled = _of_clips(files, samples.rows, given)
    write_predictions(run / PREDICTIONS, kind, Predicted(pooled))
    write_history(run, kind, [])
    folds = len(loso.folds([row["subject"] for row in samples.rows]))
    by = f": {given.name}" if outside else f", by the rule in {spec['model']}"
    trained = FoldOutcomes(
        clips=len(samples.rows),
        rows=len(pooled),
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
        form=form,
    )
    return write_record(run, files, title, samples.without, trained)


def _of_clips(files: RunFiles, samples: Sequence[Row], given: Path) -> list[Row]:
    """The rows of predictions.csv, from those of a given file."""
    spec, kind, outside = files.spec, tasks.kind_of(files.spec["task"]), cards.is_given_file(files.spec["model"])
    probabilities = [f"p_{name}" for name in spec["task"].get("classes", [])]
    rows = given_table.read(given, formats.GIVEN.names, [*probabilities, *(["seed"] if outside else [])])
    if outside:
        rows = [row for row in chosen_rows(rows, parse(spec["model"]))
                if int(key(row.cells.get("seed", "0"))) == spec["seed"]]  # fmt: skip
    remedy = "predict each clip of the task once"
    remedy = remedy if outside else f"the rule in {spec['model']} has to predict each clip of folds.csv once"
    known = {row["clip_id"] for row in samples}
    clips = [known_clip(row["clip_id"], known) for row in rows]
    given_table.once(rows, ("clip_id",), clips)
    complete([{"clip_id": clip} for clip in clips], ("clip_id",), {(clip,) for clip in known}, given, remedy)
    by_clip, pooled = dict(zip(clips, rows, strict=True)), []
    for sample in samples:
        own, told = {"fold": sample["subject"], "seed": spec["seed"]}, by_clip[sample["clip_id"]]
        row = {**kind.given(sample, told.cells | {"clip_id": sample["clip_id"]}, told.where), **own}
        pooled.append({name: str(row[name]) for name in kind.columns() if name in row})
    return pooled
