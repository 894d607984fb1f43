"""Finds the faces of all clips of a dataset, subject by subject in processes; keeps them, and draws contact sheets."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from mebench import parallel
from mebench.clips.clip import Clip
from mebench.errors import UserError, bad_clips
from mebench.faces import detect, doubt, sheet, store
from mebench.faces.job import FacesJob
from mebench.faces.store import Face, Value, face_from
from mebench.files import canonical_json, digest, file_digest, read_json, write_json
from mebench.media.clip_reader import clip_frames, frame_digest, frames_below, noted
from mebench.media.pictures import decode

Result = TypeVar("Result")
VERSION = 1  # raised whenever the code would find other faces in the same frames with the same settings


def make(job: FacesJob, clips: Sequence[Clip], out: Path, jobs: int = 1) -> list[Face]:
    """Find the faces of ``clips`` and write the folder ``out``: faces.csv, landmarks.npy, sheet-1.png and so on, and
    meta.json last. Returns the faces, one for each clip.

    A subject's result lies in ``parts`` as soon as it is there. The face of a clip is kept as long as its onset frame,
    its given landmarks and the detector are the same.
    """
    out, groups = Path(out), _by_subject(clips)
    detector = _detector() if any(clip.clip_id not in job.given for clip in clips) else {}
    work = [(_part_of(job, group), detector, part, group, out) for part, group in groups.items()]
    work.sort(key=lambda item: (-len(item[3]), item[2]))  # most clips first, or the last process works alone in the end
    done = parallel.each(_make_part, work, jobs, f"{job.dataset} faces, subjects")
    bad = [clip for _, part in done for clip in part]
    if bad:
        raise bad_clips(bad)
    for path in (out / "parts").glob("*.json"):
        if path.stem not in groups:
            path.unlink()
    faces, points = _joined(groups, out)
    subjects = {clip.clip_id: clip.subject for clip in clips}
    reasons = doubt.doubts(faces, points, [subjects[face.clip_id] for face in faces])
    faces = [replace(face, doubt=reason) for face, reason in zip(faces, reasons, strict=True)]
    (out / "meta.json").unlink(missing_ok=True)  # from here on the folder's files are of two runs until all are written
    frames = {clip.clip_id: onset_frame(job.root, clip) for clip in clips}
    sheets = sheet.write(job, faces, points, frames, out, jobs)
    meta = {
        "dataset": job.dataset,
        "origin": job.origin,
        "crop": job.crop,
        "landmarks": job.landmarks,
        "settings": detect.SETTINGS,
        "versions": detector,
        "counts": asdict(store.counts(faces)),
        "sheets": sheets,
    }
    store.save(out, faces, points, meta)
    return faces


def onset_frame(root: Path, clip: Clip) -> Path:
    """The picture that a clip's face is looked for in; UserError where it is not on disk."""
    folder = root / clip.frames
    path = clip_frames(folder, clip.clip_id).get(clip.frame("onset"))
    if path is None:
        raise UserError(
            f"{folder} holds no onset frame {clip.onset} of the clip {clip.clip_id}; index the dataset again"
        )
    return path


def _by_subject(clips: Sequence[Clip]) -> dict[str, list[Clip]]:
    groups: dict[str, list[Clip]] = {}
    for clip in sorted(clips, key=lambda clip: (clip.subject, clip.clip_id)):
        groups.setdefault(clip.subject.replace("/", "-"), []).append(clip)
    return groups


def _part_of(job: FacesJob, clips: Sequence[Clip]) -> FacesJob:
    """``job`` with the given landmarks of these clips alone: what a process is sent."""
    ids = [clip.clip_id for clip in clips]
    return replace(job, given={clip: job.given[clip] for clip in ids if clip in job.given})


def _detector() -> dict[str, str]:
    """What a detection depends on besides the frame and the settings."""
    version = detect.version()
    return {"dlib": version, "predictor": file_digest(detect.predictor_file()), "machine": platform.machine()}


def _make_part(work: tuple[FacesJob, dict[str, str], str, list[Clip], Path]) -> list[tuple[str, str]]:
    """Find the faces of one subject, or keep them; returns (clip_id, sentence) of its bad clips, with which nothing is
    written."""
    job, detector, part, clips, out = work
    path = out / "parts" / f"{part}.json"
    with noted() as read:
        bad = _each(lambda clip: frame_digest(onset_frame(job.root, clip)), clips)[1]
    if bad:
        rest = [clip for clip in clips if clip.clip_id not in dict(bad)]
        return [*bad, *_each(lambda clip: decode(onset_frame(job.root, clip), grey=True), rest)[1]]
    fingerprint, made_from = _fingerprints(job, detector, clips)
    before = read_json(path) if path.is_file() else {}
    frames = frames_below(job.root, read)
    if before.get("fingerprint") == fingerprint:
        if before.get("frames") != frames:
            write_json(path, {**before, "made_from": made_from, "frames": frames})
        return []
    kept = _kept(before, made_from)
    todo = [clip for clip in clips if clip.clip_id not in kept]
    made, bad = _each(lambda clip: _face(clip, onset_frame(job.root, clip), job.given.get(clip.clip_id)), todo)
    if bad:
        return bad
    for face, landmarks in made:
        kept[face.clip_id] = face.row(), None if landmarks is None else landmarks.tolist()
    rows, points = zip(*(kept[clip.clip_id] for clip in clips), strict=True)
    record = {"fingerprint": fingerprint, "rows": rows, "points": points, "made_from": made_from, "frames": frames}
    write_json(path, record)
    return []


def _fingerprints(job: FacesJob, detector: dict[str, str], clips: Sequence[Clip]) -> tuple[str, dict[str, str]]:
    """The fingerprint of a part, and a digest for each of its clips of what its face is found from."""
    parts = []
    for clip in clips:
        given = job.given.get(clip.clip_id)
        origin = detector if given is None else digest(given.tobytes())
        parts.append([clip.clip_id, frame_digest(onset_frame(job.root, clip)), origin])
    alone = {str(one[0]): digest(canonical_json([VERSION, detect.SETTINGS, one]))[:32] for one in parts}
    return digest(canonical_json([VERSION, detect.SETTINGS, parts])), alone


# any: a part as JSON
def _kept(before: Mapping[str, Any], made_from: Mapping[str, str]) -> dict[str, tuple[dict[str, Value], object]]:
    """Row and landmarks of the clips of a part whose faces are found from what they were found from before."""
    held = before.get("made_from", {})
    pairs = zip(before.get("rows", ()), before.get("points", ()), strict=True)
    return {
        row["clip_id"]: (row, points)
        for row, points in pairs
        if row["clip_id"] in made_from and held.get(row["clip_id"]) == made_from[row["clip_id"]]
    }


def _each(function: Callable[[Clip], Result], clips: Sequence[Clip]) -> tuple[list[Result], list[tuple[str, str]]]:
    """What ``function`` gives for each clip, and (clip_id, sentence) of those that it refuses."""
    made, bad = [], []
    for clip in clips:
        try:
            made.append(function(clip))
        except UserError as error:
            bad.append((clip.clip_id, str(error)))
    return made, bad


def _face(clip: Clip, frame: Path, given: np.ndarray | None) -> tuple[Face, np.ndarray | None]:
    """The face of a clip, without its doubt, and the landmarks (68, 2) or None."""
    grey = decode(frame, grey=True)
    size = f"{grey.shape[1]}x{grey.shape[0]}"
    if given is not None:
        return Face(clip.clip_id, "ok", size, "file"), given
    detection = detect.find(grey)
    if detection is None:
        reason = f"no face is found in the onset frame {clip.onset} ({size})"
        return Face(clip.clip_id, "no_face", size, "detected", reason), None
    return Face(clip.clip_id, "ok", size, "detected", detection=detection), detect.landmarks(grey, detection)


def _joined(groups: Mapping[str, Sequence[Clip]], out: Path) -> tuple[list[Face], np.ndarray]:
    """Faces and landmarks (N, 68, 2) of all parts, subject by subject."""
    faces: list[Face] = []
    points: list[np.ndarray] = []
    for part in sorted(groups):
        record = read_json(out / "parts" / f"{part}.json")
        faces += [face_from(row) for row in record["rows"]]
        points += [np.full((68, 2), np.nan) if one is None else np.array(one) for one in record["points"]]
    return faces, np.array(points, dtype=np.float32)
