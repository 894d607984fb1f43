"""Every frame of the configured datasets looked at, before a run stumbles over one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mebench import cards, parallel
from mebench.errors import UserError
from mebench.media.folders import list_frames

LEAST = 16  # pixels: flow needs as many


def look(clips: Iterable[Mapping[str, Any]], root: Path, entry: Mapping[str, Any], jobs: int) -> list[list[str]]:
    """[clip_id, reason] of every bad clip of one dataset, sorted."""
    clips = [dict(clip) for clip in clips]
    card = cards.card("datasets", clips[0]["dataset"])
    if card.get("delivers") == "pictures":
        return []  # published flow, which has no frames
    provided = "provided" if entry["source"] == "synthetic" else card.get("crop", "provided")
    faces = entry.get("crop", provided) == "detected"
    work = [(clip, Path(root) / clip["frames"], faces) for clip in clips]
    found = parallel.each(_reason, work, jobs, f"frames of {card['name']}, clips")
    return sorted([clips[at]["clip_id"], why] for at, why in found if why)


def _reason(work: tuple[dict[str, Any], Path, bool]) -> str:
    """Why a clip is bad; empty where it is good."""
    from mebench.media.pictures import decode

    clip, folder, faces = work
    try:
        frames = _between(clip, list_frames(folder))
        sizes, kept = {}, {}
        for number, path in frames.items():
            picture = decode(path, grey=True)
            sizes[path.name] = picture.shape
            kept |= {name: picture for name in ("onset", "apex") if str(clip[name]) == str(number)}
    except UserError as error:
        return str(error)
    except OSError as error:
        return f"{error.filename or folder} cannot be read: {error.strerror}"
    return _of_sizes(sizes) or _of_pair(clip, kept) or (_of_face(clip, kept) if faces else "")


def _between(clip: Mapping[str, Any], frames: Mapping[int, Path]) -> dict[int, Path]:
    first, last = int(clip["onset"]), int(clip["offset"])
    return {number: path for number, path in frames.items() if first <= number <= last}


def _of_sizes(sizes: Mapping[str, tuple[int, ...]]) -> str:
    if not sizes:
        return "it has no frames on disk"
    usual = Counter(sizes.values()).most_common(1)[0][0]
    shown = f"{usual[1]} x {usual[0]}"
    for name, size in sizes.items():
        if size != usual:
            return f"the frame {name} is {size[1]} x {size[0]} pixels, the others {shown}"
    return f"its frames are only {shown} pixels, {LEAST} x {LEAST} are needed" if min(usual) < LEAST else ""


def _of_pair(clip: Mapping[str, Any], kept: Mapping[str, np.ndarray]) -> str:
    if len(kept) == 2 and np.array_equal(kept["onset"], kept["apex"]):
        return f"onset {clip['onset']} and apex {clip['apex']} are the same picture"
    return ""


def _of_face(clip: Mapping[str, Any], kept: Mapping[str, np.ndarray]) -> str:
    from mebench.faces import detect

    if "onset" in kept and detect.find(kept["onset"]) is None:
        return f"no face is found in the onset frame {clip['onset']}"
    return ""
