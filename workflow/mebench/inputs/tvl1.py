"""The input ``tvl1``: TV-L1 optical flow from onset to apex at full resolution, one file per subject.

Flow is OpenCV's DualTVL1 (Zach, Pock, Bischof 2007) with its published defaults, on grey frames of 8 bit. Its
numbers differ between OpenCV releases, so the release is recorded and part of every fingerprint.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mebench import parallel
from mebench.datasets._folders import list_frames
from mebench.errors import UserError
from mebench.files import (
    canonical_json,
    digest,
    file_digest,
    read_json,
    whole_file,
    write_csv,
    write_json,
)
from mebench.inputs.pictures import decode
from mebench.inputs.store import versions

# OpenCV's defaults, written out so that they are recorded and cannot change behind our back
SETTINGS = {
    "tau": 0.25,
    "lambda_": 0.15,
    "theta": 0.3,
    "nscales": 5,
    "warps": 5,
    "epsilon": 0.01,
    "innnerIterations": 30,
    "outerIterations": 10,
    "scaleStep": 0.8,
    "gamma": 0.0,
    "medianFiltering": 5,
    "useInitialFlow": False,
}
RECIPE = 1  # raised whenever the code below would give other numbers for the same frames and settings
QUALITY = ("clip_id", "mean_epe", "median_epe", "p95_epe", "mean_truth")


def flow(onset: np.ndarray, apex: np.ndarray) -> np.ndarray:
    """Flow float32 (2, H, W) between two grey frames (uint8, H x W), u right and v down, in pixels."""
    import cv2

    if not hasattr(cv2, "optflow"):
        raise UserError(
            "this OpenCV has no TV-L1 flow: opencv-python is installed where opencv-contrib-python-headless "
            "is needed; uninstall all opencv packages and install that one"
        )
    if onset.shape != apex.shape:
        raise ValueError(f"frames of different size: {onset.shape} and {apex.shape}")
    estimator = cv2.optflow.DualTVL1OpticalFlow_create(**SETTINGS)
    return np.ascontiguousarray(estimator.calc(onset, apex, None).transpose(2, 0, 1))


def make(
    clips: Sequence[Mapping[str, str]], root: Path, out: Path, *, origin: str, truth: Path | None, jobs: int
) -> None:
    """Write the flow of all ``clips`` (rows of clips.csv) to ``out/<subject>.npz`` (clip -> (2, H, W)).

    A subject's part whose recorded fingerprint (settings, OpenCV release, both frames of each clip) still
    holds is not computed again, and parts of subjects that are gone are removed. ``meta.json`` is written
    last. With ``truth``, endpoint errors against the known flow go to ``out/quality.csv``.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    (out / "meta.json").unlink(missing_ok=True)
    groups: dict[str, list[dict[str, str]]] = {}
    for clip in clips:
        groups.setdefault(_split(clip["clip_id"])[0], []).append(dict(clip))
    # subjects with most clips first, or the last process works alone in the end
    largest = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    work = [(subject, group, Path(root), out) for subject, group in largest]
    parts = {work[i][0]: mark for i, mark in parallel.each(_make_part, work, jobs, "TV-L1 flow, subjects")}
    for path in sorted(out.glob("*.npz")):
        if path.stem not in parts:
            path.unlink()
            path.with_suffix(".json").unlink(missing_ok=True)
    if truth is not None:
        write_csv(out / "quality.csv", QUALITY, quality(load(out), clips, Path(truth)))
    meta = {"kind": "tvl1", "size": None, "channels": ["u", "v"], "scale": "pixels", "origin": origin,
            "settings": SETTINGS, "parts": dict(sorted(parts.items()))}  # fmt: skip
    write_json(out / "meta.json", {**meta, "digest": digest(canonical_json(meta)), "versions": versions()})


def load(folder: Path) -> dict[str, np.ndarray]:
    """Flow of each clip of a tvl1 folder, by clip_id; subjects' files are read when they are asked for."""
    return _Flows(Path(folder))


class _Flows(dict):
    """clip_id -> flow (2, H, W), held as (file, key) until it is looked up."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._open: tuple[Path, Any] = (Path(), None)
        for path in sorted(folder.glob("*.npz")):
            part = read_json(path.with_suffix(".json"))
            for clip_id in part["clips"]:
                super().__setitem__(clip_id, path)

    def __getitem__(self, clip_id: str) -> np.ndarray:
        path = super().__getitem__(clip_id)
        if self._open[0] != path:
            self._open = (path, np.load(path))
        return self._open[1][_split(clip_id)[1]]


def _split(clip_id: str) -> tuple[str, str]:
    """'casme2/sub01/EP02_01f' -> ('sub01', 'EP02_01f')."""
    _, subject, clip = clip_id.split("/", 2)
    return subject, clip


def _make_part(work: tuple[str, list[dict[str, str]], Path, Path]) -> str:
    """Compute one subject's file, or keep it; returns its fingerprint."""
    import cv2

    subject, clips, root, out = work
    cv2.setNumThreads(1)  # one process per core is faster than threads in each, and the bits are the same
    pairs = {clip["clip_id"]: _frames(clip, root) for clip in sorted(clips, key=lambda clip: clip["clip_id"])}
    sources = {clip_id: [file_digest(path) for path in pair] for clip_id, pair in pairs.items()}
    mark = digest(canonical_json([RECIPE, SETTINGS, cv2.__version__, sources]))
    path, record = out / f"{subject}.npz", out / f"{subject}.json"
    if path.is_file() and record.is_file() and read_json(record).get("fingerprint") == mark:
        return mark
    record.unlink(missing_ok=True)
    flows = {_split(clip_id)[1]: _flow_of(clip_id, *pair) for clip_id, pair in pairs.items()}
    with whole_file(path) as temporary:
        np.savez(temporary, **flows)
    write_json(record, {"fingerprint": mark, "clips": list(pairs)})
    return mark


def _frames(clip: Mapping[str, str], root: Path) -> tuple[Path, Path]:
    """Paths of the onset and the apex frame."""
    folder = root / clip["frames"]
    if not folder.is_dir():
        raise UserError(
            f"there is no folder {folder} of the clip {clip['clip_id']}; was the dataset moved since it was indexed?"
        )
    frames = list_frames(folder)
    for name in ("onset", "apex"):
        if int(clip[name]) not in frames:
            raise UserError(
                f"{folder} holds no {name} frame {clip[name]} of the clip {clip['clip_id']}; index the dataset again"
            )
    return frames[int(clip["onset"])], frames[int(clip["apex"])]


def _flow_of(clip_id: str, onset: Path, apex: Path) -> np.ndarray:
    first, second = decode(onset, grey=True), decode(apex, grey=True)
    if first.shape != second.shape:
        raise UserError(f"the frames {onset} and {apex} differ in size ({_size(first)} and {_size(second)}); "
                        "frames of a clip must be cropped alike")  # fmt: skip
    if min(first.shape) < 16:
        raise UserError(f"the frame {onset} is only {_size(first)} pixels; flow needs at least 16 x 16")
    result = flow(first, second)
    check(result, clip_id, f"{onset} and {apex.name}")
    return result


def check(result: np.ndarray, clip_id: str, where: str) -> None:
    """Refuse a flow that is not finite, or the same everywhere as between two copies of a frame."""
    if not np.isfinite(result).all():
        raise UserError(f"the flow of {clip_id} ({where}) is not finite; look at the frames or leave the clip out")
    if all(float(np.ptp(channel)) == 0 for channel in result):
        raise UserError(
            f"the flow of {clip_id} ({where}) is constant: the frames show no motion; correct its "
            "onset and apex or leave the clip out"
        )


def _size(picture: np.ndarray) -> str:
    return f"{picture.shape[1]} x {picture.shape[0]}"


def quality(flows: Mapping[str, np.ndarray], clips: Sequence[Mapping[str, str]], truth: Path) -> list[dict[str, str]]:
    """Endpoint error of each clip in pixels: mean, median, 95th percentile; and the truth's mean length."""
    rows = []
    for clip in sorted(clips, key=lambda clip: clip["clip_id"]):
        subject, name = _split(clip["clip_id"])
        known = _truth(truth / subject / f"{name}.npz", clip)
        error = np.sqrt(((flows[clip["clip_id"]] - known) ** 2).sum(0))
        values = (error.mean(), np.median(error), np.percentile(error, 95), np.sqrt((known**2).sum(0)).mean())
        row = dict(zip(QUALITY[1:], (f"{float(value):.4f}" for value in values), strict=True))
        rows.append({"clip_id": clip["clip_id"], **row})
    return rows


def _truth(path: Path, clip: Mapping[str, str]) -> np.ndarray:
    try:
        with np.load(path) as file:
            known, apex = file["flow"], int(file["apex"])
    except (OSError, ValueError, KeyError) as error:
        raise UserError(
            f"cannot read the known flow {path} of {clip['clip_id']} ({error}); generate the dataset again"
        ) from error
    if apex != int(clip["apex"]):
        raise UserError(
            f"{path} knows the flow to frame {apex}, but the apex of {clip['clip_id']} is {clip['apex']}; "
            "index the dataset again"
        )
    return known
