"""What a model that trains outside the engine is given: ``folds.csv``, one row per clip with its fold and its input.

Code of another framework, in an environment of its own, needs nothing of this package to read it.
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

    ``subject`` is the fold: a clip is predicted by what was trained on the clips of all other subjects. Its input is
    ``file[start : start + prod(shape)]``, a part of a one-dimensional array (.npy); what else the input says of a clip,
    such as ``apex_row``, has a column of its own. ``fingerprint`` is the same in all rows and another one as soon as
    the spec, the data or the rule file change, so that the model's rule runs again.
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
    """The engine picks the channels that a card names; a rule gets them all, and its code counts on their order."""
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
