"""What a model that trains outside the engine is given: ``folds.csv``, one row per clip with its fold and its input.

Code of another framework, in an environment of its own, needs nothing of this package to read it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mebench import cards, formats
from mebench.errors import UserError
from mebench.files import canonical_json, digest, file_digest, read_csv, read_json, write_csv
from mebench.training import code_of_fold
from mebench.training.records import Rows, run_rows

COLUMNS = formats.FOLDS.names
LAST = "fingerprint"


def hand_out(run: Path, spec: dict[str, Any], clips: list[Path], inputs: list[Path]) -> list[dict[str, str]]:
    """Write ``folds.csv`` of a run and return its rows, sorted by clip_id.

    ``subject`` is the fold: a clip is predicted by what was trained on the clips of all other subjects. Its input is
    ``file[start : start + prod(shape)]``, a part of a one-dimensional array (.npy); what else the input says of a clip,
    such as ``apex_row``, has a column of its own. ``fingerprint`` is the same in all rows and another one as soon as
    the spec, the data or the rule file change, so that the model's rule runs again.
    """
    if spec["training"] != "rules":
        raise UserError(f"the model {spec['model']} is trained by the engine, without folds.csv; use 'mebench train'")
    found = run_rows(spec, clips, inputs)
    _check_channels(spec, inputs)
    index = {
        row["clip_id"]: {**row, "file": f"{folder}/parts/{row['part']}.npy"}
        for folder in inputs
        for row in read_csv(folder / "index.csv", formats.INDEX.names)
    }
    extras = [key for key in next(iter(index.values())) if key not in (*COLUMNS, "status", "reason", "part")]
    mark = _fingerprint(spec, found)
    rows = [index[row["clip_id"]] | row | {LAST: mark} for row in found.rows]
    columns = (*COLUMNS, *extras, LAST)
    rows = [{key: row[key] for key in columns} for row in rows]
    write_csv(run / "folds.csv", columns, rows)
    return rows


def _check_channels(spec: dict[str, Any], inputs: list[Path]) -> None:
    """The engine picks the channels that a card names; a rule gets them all, and its code counts on their order."""
    for folder in inputs:
        stored, named = (list(about["channels"]) for about in (read_json(folder / "meta.json"), spec["inputs"]))
        if stored != named:
            raise UserError(
                f"{folder} holds the channels {', '.join(stored)}, but the card of {spec['model']} names "
                f"{', '.join(named)}; arrays are handed out as stored, so name all of them in that order"
            )


def _fingerprint(spec: dict[str, Any], found: Rows) -> str:
    weights = map(file_digest, cards.weights_files(spec))
    return digest(canonical_json(spec), found.digest, code_of_fold.of_model(spec["model"]), *weights)[:16]
