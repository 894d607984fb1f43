"""The samples of a run that is trained outside the engine; of somebody's predictions no input is known."""

from __future__ import annotations

from mebench import tasks
from mebench.files import canonical_json, digest, read_csv
from mebench.runs.paths import RunFiles
from mebench.training.rows import Rows, run_rows


def rows_of(files: RunFiles) -> Rows:
    """The samples of a run: of one without inputs all clips of its task."""
    if files.inputs:
        return run_rows(files.spec, files.clips, files.inputs)
    every = [row for path in files.clips for row in read_csv(path, ("clip_id", "dataset", "subject", "emotion"))]
    samples = tasks.kind_of(files.spec["task"]).samples(every)
    return Rows(samples, [], {}, digest(canonical_json(samples)))
