"""Where a fold lies, its fingerprint, and the record that says how it went. Light: reads no array, imports no torch."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from mebench import cards, formats, tasks
from mebench.errors import UserError
from mebench.files import canonical_json, digest, file_digest, read_csv, read_json
from mebench.training import code_of_fold

SPEC = {"inputs", "label", "model", "options", "recipe", "seed", "selection", "task", "training"}


def fold_folder(run: Path, fold: str) -> Path:
    """``casme2/sub01`` -> ``<run>/folds/casme2-sub01``."""
    return run / "folds" / fold.replace("/", "-")


def running_file(run: Path, fold: str) -> Path:
    """The lock of a fold, which says who trains it."""
    return run / "folds" / f"{fold.replace('/', '-')}.running.json"


def checkpoint_file(run: Path, fold: str) -> Path:
    """What a fold that was stopped goes on from."""
    return run / "folds" / f"{fold.replace('/', '-')}.checkpoint"


def whole(folder: Path, record: dict[str, Any]) -> bool:
    """Whether the files of a finished fold are those that its record was written for."""
    return all((folder / name).is_file() and file_digest(folder / name) == wanted
               for name, wanted in record.get("files", {}).items())  # fmt: skip


def fingerprint(spec: dict[str, Any], data_digest: str, fold: str) -> str:
    """Digest of all that decides a fold's result: its spec, the data, what the code of the model and of the engine
    does, and the weights that it begins with."""
    weights = [_file_digest(path, Path(path).stat().st_mtime_ns) for path in map(_readable, cards.weights_files(spec))]
    model, engine = code_of_fold.of_model(spec["model"]), code_of_fold.of_engine(spec)
    return digest(canonical_json(spec), data_digest, fold, model, engine, *weights)


def _readable(path: str) -> str:
    if not Path(path).is_file():
        raise UserError(f"there is no file of weights {path}; correct 'pretrained' in the configuration")
    return path


@lru_cache(maxsize=16)
def _file_digest(path: str, _modified: int) -> str:
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def record_of(folder: Path) -> dict[str, Any] | None:
    """The status record of a fold, or None where there is none (yet) or something else stands in its place."""
    path = folder / "fold.json"
    try:
        found = read_json(path) if path.exists() else None
    except UserError:
        return None  # half-written by a dying disk: as good as none
    return found if isinstance(found, dict) and set(found) >= {"fold", "fingerprint", "status", "message"} else None


@dataclass(frozen=True)
class Rows:
    """The clips of a run that have an input: ``rows`` are tested in turn, ``extra`` only trained on. ``without`` says
    of each clip that has none why; ``digest`` is that of the labels and input arrays."""

    rows: list[dict[str, str]]
    extra: list[dict[str, str]]
    without: dict[str, str]
    digest: str


def run_rows(spec: dict[str, Any], clips: list[Path], inputs: list[Path]) -> Rows:
    """The samples of a run's datasets."""
    required = ("clip_id", "dataset", "subject", "emotion")
    every = [row for path in clips for row in read_csv(path, required)]
    kind = tasks.of(spec["task"])
    recordings = recorded(clips, inputs) if tasks.of_recordings(spec["task"]) else []
    rows, without = usable(kind.samples(every, recordings), inputs)
    wanted = spec["recipe"].get("extra_clips", "none")
    more = kind.extra_samples(wanted, every)
    if wanted != "none" and not more:
        raise UserError(
            f"the run asks for extra_clips: {wanted}, but none of the clips is a {wanted}-expression with a label "
            f"of the task {spec['task']['name']}; leave the key out, choose a task by emotions, or for objective "
            "classes add the workbook CAS(ME)3_part_A_v2, which alone has those of macro-expressions"
        )
    extra, lost = usable(more, inputs)
    return Rows(rows, extra, without | lost, data_digest([*rows, *extra], inputs))


def recorded(clips: list[Path], inputs: list[Path]) -> list[dict[str, str]]:
    """The recordings beside each clips.csv, with what the index of the inputs says of each (such as its windows)."""
    index = {row["clip_id"]: row for folder in inputs for row in read_csv(folder / "index.csv", ("clip_id",))}
    rows = [row for path in clips for row in read_csv(path.with_name("videos.csv"), ("video_id", "dataset", "subject"))]
    return [index.get(row["video_id"], {}) | row for row in rows]


def usable(rows: list[dict[str, str]], inputs: list[Path]) -> tuple[list[dict[str, str]], dict[str, str]]:
    """(rows whose input exists, why the others have none by clip_id): a clip in which no face was found is on record
    and can be neither trained on nor predicted. A clip that the inputs do not know is a :class:`UserError`."""
    status = {
        row["clip_id"]: (row["status"], row["reason"])
        for folder in inputs
        for row in read_csv(folder / "index.csv", formats.INDEX.names)
    }
    unknown = [row["clip_id"] for row in rows if row["clip_id"] not in status]
    if unknown:
        raise UserError(
            f"{len(unknown)} of {len(rows)} clips have no input in {', '.join(map(str, inputs))}, the first is "
            f"{unknown[0]}; make the inputs again (mebench inputs)"
        )
    without = {row["clip_id"]: status[row["clip_id"]] for row in rows if status[row["clip_id"]][0] != "ok"}
    return [row for row in rows if row["clip_id"] not in without], {clip: why for clip, (_, why) in without.items()}


def data_digest(rows: list[dict[str, str]], inputs: list[Path]) -> str:
    """What a fold's result depends on besides its spec and source: every clip with its label, and the input arrays."""
    arrays = [read_json(folder / "meta.json").get("digest", "") for folder in sorted(inputs)]
    return digest(canonical_json(rows), *arrays)


def parse_spec(text: str) -> dict[str, Any]:
    """The spec of a run from its canonical JSON."""
    try:
        spec = json.loads(text)
    except ValueError as error:
        raise UserError(
            f"--spec is not valid JSON ({error}); copy the command from the log, with its quotes"
        ) from error
    if not isinstance(spec, dict) or (absent := SPEC - set(spec)):
        lacks = f" (it lacks {', '.join(sorted(absent))})" if isinstance(spec, dict) else ""
        raise UserError(
            f"--spec is not the spec of a run{lacks}; copy the command from the log, or name the run: --run"
        )
    return spec
