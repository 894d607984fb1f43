"""The input of footage of one's own, made by the code that makes the inputs of datasets."""

from __future__ import annotations

from pathlib import Path

from mebench.clips.clip import Clip
from mebench.config import input_names
from mebench.config.input_names import InputSpec
from mebench.config.spec import ModelInputs
from mebench.errors import UserError
from mebench.faces import make as faces
from mebench.faces.job import FacesJob
from mebench.inputs import build, store
from mebench.inputs.store import Store
from mebench.media.pictures import decode

CROPS = ("detected", "provided")


def input_of(wanted: ModelInputs, crop: str) -> InputSpec:
    """The input that a network reads: cropped as its card says where faces are to be ``detected``, as it is where
    footage shows faces and nothing else (``provided``)."""
    options = dict(wanted.get("options", {}))
    if "crop" in input_names.KINDS[wanted["kind"]]["options"]:
        options["crop"] = wanted.get("crop", "eyes") if crop == "detected" else "provided"
    return input_names.spec(wanted["kind"], wanted.get("size"), options)


def stored(spec: InputSpec, clip: Clip, root: Path, scratch: Path) -> Store:
    """The input of one clip below ``root``, in a store of its own in ``scratch``. A UserError says why there is
    none."""
    base = None if spec.base is None else stored(input_names.parse(spec.base), clip, root, scratch).folder
    found = scratch / "faces"
    if spec.needs_faces and not (found / "meta.json").is_file():
        _find_face(clip, root, found)
    job = build.InputJob(spec, root, "own", found if spec.needs_faces else None, base)
    out = scratch / "inputs" / spec.name
    try:
        build.make(job, [clip], out)
    except UserError:
        job.maker().make(clip)  # says it without the lines that leave a clip out
        raise
    without = build.finish(job, [clip], out)
    if without:
        raise UserError(f"{clip.video} cannot be read as {spec.name}: {without[clip.clip_id]}")
    return store.load(out)


def _find_face(clip: Clip, root: Path, out: Path) -> None:
    try:
        (face,) = faces.make(FacesJob(clip.dataset, clip.video, "own", root, "detected", {}), [clip], out)
    except UserError:
        decode(faces.onset_frame(root, clip))  # says it without the lines that leave a clip out
        raise
    if face.status != "ok":
        raise UserError(f"{face.reason} of {clip.video}; if its frames show a face and nothing else, give "
                        "--crop provided")  # fmt: skip
