"""The faces of all clips of a dataset: found subject by subject in processes, kept, and shown on contact sheets."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mebench import parallel
from mebench.errors import UserError, bad_clips
from mebench.faces import detect, doubt, sheet, store
from mebench.files import canonical_json, digest, file_digest, read_json, write_json
from mebench.media.clip_reader import Clip, digest_of, frames_of
from mebench.media.pictures import decode

VERSION = 1  # raised whenever the code would find other faces in the same frames with the same settings


@dataclass(frozen=True)
class Source:
    """What is looked at: a dataset below ``root``; ``crop`` is ``provided`` where frames are crops of faces, else
    ``detected``; ``given`` holds landmarks (68, 2) by clip_id, which replace the detection."""

    dataset: str
    title: str
    origin: str
    root: Path
    crop: str
    given: Mapping[str, np.ndarray]


def make(source: Source, clips: Sequence[Clip], out: Path, jobs: int = 1) -> list[dict[str, str]]:
    """Find the faces of ``clips`` and write the folder ``out``: faces.csv, landmarks.npy, sheet-1.png and so on, and
    meta.json last. Returns the rows of faces.csv.

    A subject's result lies in ``parts`` as soon as it is there, and is kept as long as its onset frames, its given
    landmarks and the detector are the same.
    """
    out, groups = Path(out), _by_subject(clips)
    detector = _detector() if any(clip["clip_id"] not in source.given for clip in clips) else {}
    work = [(_part_of(source, group), detector, part, group, out) for part, group in groups.items()]
    work.sort(key=lambda item: (-len(item[3]), item[2]))  # most clips first, or the last process works alone in the end
    done = parallel.each(_make_part, work, jobs, f"{source.dataset} faces, subjects")
    bad = [clip for _, found in done for clip in found]
    if bad:
        raise bad_clips(bad)
    for path in (out / "parts").glob("*.json"):
        if path.stem not in groups:
            path.unlink()
    rows, points = _joined(groups, out)
    subjects = {clip["clip_id"]: clip["subject"] for clip in clips}
    found = doubt.doubts(rows, points, [subjects[row["clip_id"]] for row in rows])
    rows = [{**row, "doubt": reason} for row, reason in zip(rows, found, strict=True)]
    (out / "meta.json").unlink(missing_ok=True)  # from here on the folder's files are of two runs until all are written
    frames = {clip["clip_id"]: onset_frame(source.root, clip) for clip in clips}
    sheets = sheet.write(source, rows, points, frames, out, jobs)
    meta = {
        "dataset": source.dataset,
        "origin": source.origin,
        "crop": source.crop,
        "settings": detect.SETTINGS,
        "versions": detector,
        "counts": store.counts(rows),
        "sheets": sheets,
    }
    store.save(out, rows, points, meta)
    return rows


def onset_frame(root: Path, clip: Clip) -> Path:
    """The picture that a clip's face is looked for in; UserError where it is not on disk."""
    folder = root / clip["frames"]
    path = frames_of(folder, clip["clip_id"]).get(int(clip["onset"]))
    if path is None:
        raise UserError(
            f"{folder} holds no onset frame {clip['onset']} of the clip {clip['clip_id']}; index the dataset again"
        )
    return path


def _by_subject(clips: Sequence[Clip]) -> dict[str, list[Clip]]:
    groups: dict[str, list[Clip]] = {}
    for clip in sorted(clips, key=lambda clip: (clip["subject"], clip["clip_id"])):
        groups.setdefault(clip["subject"].replace("/", "-"), []).append(dict(clip))
    return groups


def _part_of(source: Source, clips: Sequence[Clip]) -> Source:
    """``source`` with the given landmarks of these clips alone: what a process is sent."""
    ids = [clip["clip_id"] for clip in clips]
    return replace(source, given={clip: source.given[clip] for clip in ids if clip in source.given})


def _detector() -> dict[str, str]:
    """What a detection depends on besides the frame and the settings."""
    version = detect.version()
    return {"dlib": version, "predictor": file_digest(detect.predictor_file()), "machine": platform.machine()}


def _make_part(work: tuple[Source, dict[str, str], str, list[Clip], Path]) -> list[tuple[str, str]]:
    """Find the faces of one subject, or keep them; returns (clip_id, sentence) of its bad clips, with which nothing is
    written."""
    source, detector, part, clips, out = work
    path = out / "parts" / f"{part}.json"
    bad = _each(lambda clip: digest_of(onset_frame(source.root, clip)), clips)[1]
    if bad:
        rest = [clip for clip in clips if clip["clip_id"] not in dict(bad)]
        return [*bad, *_each(lambda clip: decode(onset_frame(source.root, clip), grey=True), rest)[1]]
    frames = [onset_frame(source.root, clip) for clip in clips]
    given = [source.given.get(clip["clip_id"]) for clip in clips]
    of_clips = [
        [clip["clip_id"], digest_of(frame), detector if mine is None else digest(mine.tobytes())]
        for clip, frame, mine in zip(clips, frames, given, strict=True)
    ]
    mark = digest(canonical_json([VERSION, detect.SETTINGS, of_clips]))
    if path.is_file() and read_json(path)["fingerprint"] == mark:
        return []
    known = {clip["clip_id"]: (frame, mine) for clip, frame, mine in zip(clips, frames, given, strict=True)}
    faces, bad = _each(lambda clip: _face(clip, *known[clip["clip_id"]]), clips)
    if bad:
        return bad
    rows, points = [row for row, _ in faces], [None if found is None else found.tolist() for _, found in faces]
    write_json(path, {"fingerprint": mark, "rows": rows, "points": points})
    return []


def _each(function: Callable[[Clip], Any], clips: Sequence[Clip]) -> tuple[list[Any], list[tuple[str, str]]]:
    """What ``function`` gives for each clip, and (clip_id, sentence) of those that it refuses."""
    made, bad = [], []
    for clip in clips:
        try:
            made.append(function(clip))
        except UserError as error:
            bad.append((clip["clip_id"], str(error)))
    return made, bad


def _face(clip: Clip, frame: Path, given: np.ndarray | None) -> tuple[dict[str, Any], np.ndarray | None]:
    """A row of faces.csv, without its doubt, and the landmarks (68, 2) or None."""
    grey = decode(frame, grey=True)
    size = f"{grey.shape[1]}x{grey.shape[0]}"
    row = dict.fromkeys(store.COLUMNS, "") | {"clip_id": clip["clip_id"], "status": "ok", "frame": size}
    if given is not None:
        return row | {"source": "file"}, given
    row["source"] = "detected"
    face = detect.find(grey)
    if face is None:
        reason = f"no face is found in the onset frame {clip['onset']} ({size})"
        return row | {"status": "no_face", "reason": reason, "faces": 0}, None
    box = {name: getattr(face, name) for name in ("left", "top", "right", "bottom")}
    row |= {"faces": face.faces, **box, "score": face.score, "view": face.view, "enlarged": face.enlarged}
    return row, detect.landmarks(grey, face)


def _joined(groups: Mapping[str, Sequence[Clip]], out: Path) -> tuple[list[dict[str, Any]], np.ndarray]:
    """Rows and landmarks (N, 68, 2) of all parts, subject by subject."""
    rows: list[dict[str, Any]] = []
    points: list[np.ndarray] = []
    for part in sorted(groups):
        record = read_json(out / "parts" / f"{part}.json")
        rows += record["rows"]
        points += [np.full((68, 2), np.nan) if found is None else np.array(found) for found in record["points"]]
    return rows, np.array(points, dtype=np.float32)
