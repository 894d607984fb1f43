"""Every frame of the configured datasets looked at, before a run stumbles over one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from mebench import parallel
from mebench.clips.card import DatasetCard
from mebench.clips.clip import Clip
from mebench.clips.entry import DatasetEntry
from mebench.errors import UserError
from mebench.media import decoding, depth
from mebench.media.folders import list_frames

NOTHING = np.empty(0, np.uint8)
LEAST = 16  # pixels: flow needs as many


def look(card: DatasetCard, clips: Sequence[Clip], root: Path, entry: DatasetEntry, jobs: int) -> list[tuple[str, str]]:
    """(clip_id, reason) of every bad clip of one dataset, sorted."""
    if card.delivers == "pictures":  # published flow, which has no frames
        places = [Path(root) / clip.frames for clip in clips]
        damaged = parallel.each(_damage, places, jobs, f"pictures of {card.name}")
        return sorted((clips[at].clip_id, why) for at, why in damaged if why)
    provided = "provided" if entry["source"] == "synthetic" else card.crop
    faces = entry.get("crop", provided) == "detected"
    dark = "depth" in entry.get("accept", [])
    work = [(clip, Path(root) / clip.frames, faces, dark) for clip in clips]
    reasons = parallel.each(_reason, work, jobs, f"frames of {card.name}, clips")
    return sorted((clips[at].clip_id, why) for at, why in reasons if why)


def _damage(path: Path) -> str:
    """Why a picture cannot be decoded; empty where it can."""
    try:
        decoding.read(path)
    except UserError as error:
        return str(error)
    return ""


def _reason(work: tuple[Clip, Path, bool, bool]) -> str:
    """Why a clip is bad; empty where it is good."""
    clip, folder, faces, dark = work
    try:
        frames = _between(clip, list_frames(folder))
        sizes: dict[str, tuple[int, ...]] = {}
        kept: dict[str, np.ndarray] = {}
        depths: list[decoding.Decoded] = []
        for number, path in frames.items():
            picture = decoding.read(path, grey=True)
            sizes[path.name] = picture.pixels.shape
            depths.append(replace(picture, pixels=NOTHING))
            kept |= {name: picture.pixels for name in ("onset", "apex") if clip.frame(name) == number}
    except UserError as error:
        return str(error)
    except OSError as error:
        return f"{error.filename or folder} cannot be read: {error.strerror}"
    fault = "" if dark else depth.picture_fault(depths)
    return fault or _bad_sizes(sizes) or _bad_pair(clip, kept) or (_no_face(clip, kept) if faces else "")


def _between(clip: Clip, frames: Mapping[int, Path]) -> dict[int, Path]:
    first, last = clip.frame("onset"), clip.frame("offset")
    return {number: path for number, path in frames.items() if first <= number <= last}


def _bad_sizes(sizes: Mapping[str, tuple[int, ...]]) -> str:
    if not sizes:
        return "it has no frames on disk"
    usual = Counter(sizes.values()).most_common(1)[0][0]
    shown = f"{usual[1]} x {usual[0]}"
    for name, size in sizes.items():
        if size != usual:
            return f"the frame {name} is {size[1]} x {size[0]} pixels, the others {shown}"
    return f"its frames are only {shown} pixels, {LEAST} x {LEAST} are needed" if min(usual) < LEAST else ""


def _bad_pair(clip: Clip, kept: Mapping[str, np.ndarray]) -> str:
    if len(kept) == 2 and np.array_equal(kept["onset"], kept["apex"]):
        return f"onset {clip.onset} and apex {clip.apex} are the same picture"
    return ""


def _no_face(clip: Clip, kept: Mapping[str, np.ndarray]) -> str:
    from mebench.faces import detect

    if "onset" in kept and detect.find(kept["onset"]) is None:
        return f"no face is found in the onset frame {clip.onset}"
    return ""
