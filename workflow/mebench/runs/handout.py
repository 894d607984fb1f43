"""The files for a model that is trained outside the engine: ``folds.csv``, one row for each clip with its fold and
input.

Code of another framework, in an environment of its own, can read it without this package.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mebench import cards, formats
from mebench.config.spec import RunSpec
from mebench.errors import UserError
from mebench.files import canonical_json, digest, file_digest, read_csv, read_json, write_csv
from mebench.runs import code_of_fold
from mebench.runs.paths import RunFiles
from mebench.tasks import Row
from mebench.training.rows import Rows, run_rows

COLUMNS = formats.FOLDS.names
LAST = formats.FINGERPRINT[0]


def hand_out(files: RunFiles) -> list[Row]:
    """Write ``folds.csv`` of a run and return its rows, sorted by clip_id.

    ``subject`` is the fold: a clip is predicted by a model that was trained on the clips of all other subjects. Its
    input is ``file[start : start + prod(shape)]``, a part of a one-dimensional array (.npy). Other facts about the
    input of a clip, such as ``apex_row``, have columns of their own. ``fingerprint`` is the same in all rows. It
    changes with the spec, the data or the rule file, so that the model's rule runs again.
    """
    spec = files.spec
    if spec["training"] != "rules":
        raise UserError(f"the model {spec['model']} is trained by the engine, without folds.csv; use 'mebench train'")
    samples = run_rows(spec, files.clips, files.inputs)
    _check_channels(spec, files.inputs)
    index = {
        row["clip_id"]: {**row, "file": f"{folder}/parts/{row['part']}.npy"}
        for folder in files.inputs
        for row in read_csv(folder / "index.csv", formats.INDEX.names)
    }
    extras = [key for key in next(iter(index.values())) if key not in (*COLUMNS, *formats.INDEX.names)]
    last = {LAST: _fingerprint(spec, samples)}
    columns = (*COLUMNS, *extras, LAST)
    joined = [index[row["clip_id"]] | row | last for row in samples.rows]
    rows = [{key: row[key] for key in columns} for row in joined]
    write_csv(files.run / "folds.csv", columns, rows)
    return rows


def _check_channels(spec: RunSpec, inputs: Sequence[Path]) -> None:
    """A rule gets all channels of the input in their stored order. A UserError where the card names other channels."""
    named = list(spec["inputs"]["channels"])
    for folder in inputs:
        stored = list(read_json(folder / "meta.json")["channels"])
        if stored != named:
            raise UserError(
                f"{folder} holds the channels {', '.join(stored)}, but the card of {spec['model']} names "
                f"{', '.join(named)}; arrays are handed out as stored, so name all of them in that order"
            )


def _fingerprint(spec: RunSpec, samples: Rows) -> str:
    weights = map(file_digest, cards.weights_files(spec))
    return digest(canonical_json(spec), samples.digest, code_of_fold.model_digest(spec["model"]), *weights)[:16]
