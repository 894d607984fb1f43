"""Apex by motion, for clips without a usable label: the frame that differs most from the onset as flow sees it.

For SMIC no apex is annotated; the middle frame is the usual stand-in, and the frame of most motion the alternative
that papers use. Flow is Farnebäck's on frames reduced to 128 pixels: it ranks the frames of one clip, nothing else.
A head drifts further than an expression moves a face, so the head's motion is fitted and taken off first; this needs
frames that the face fills.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from mebench import parallel
from mebench.clips.clip import Clip
from mebench.clips.reading import Reading
from mebench.errors import UserError, bad_clips
from mebench.media.folders import list_frames

SIDE = 128
FARNEBACK = (0.5, 3, 15, 3, 5, 1.2, 0)  # pyramid, levels, window, iterations, neighbourhood, its sigma, flags
CALM = 0.6  # share of the pixels that the head's motion is fitted to: those that follow it best
MOVING = 0.1  # share of the pixels that an expression moves: those that follow the head least
BORDER = 0.1  # of each side, where flow sees things come and go


def with_apex_of_most_motion(reading: Reading, root: Path, jobs: int) -> Reading:
    """``reading`` with ``apex_source`` 'flow_max' instead of 'mid': every such apex is looked for anew.

    A clip in which nothing moves keeps its middle frame, and says so.
    """
    clips = list(reading.clips)
    places = [i for i, clip in enumerate(clips) if clip.apex_source == "mid"]
    work = [(Path(root), clips[i]) for i in places]
    bad = []
    for at, apex in parallel.each(_apex_or_reason, work, jobs, "apex of most motion, clips"):
        clip = clips[places[at]]
        if isinstance(apex, str):
            bad.append((clip.clip_id, apex))
        else:
            clips[places[at]] = _with_apex(clip, apex)
    if bad:
        raise bad_clips(bad)
    return replace(reading, clips=clips)


def _with_apex(clip: Clip, apex: int | None) -> Clip:
    if apex is None:
        return replace(clip, repairs=(*clip.repairs, "no frame shows motion: the middle frame is kept"))
    repair = f"the frame of most motion {apex} is taken instead of the middle frame {clip.apex}"
    repairs = clip.repairs if apex == clip.apex else (*clip.repairs, repair)
    return replace(clip, apex=apex, apex_source="flow_max", repairs=repairs)


def _apex_or_reason(work: tuple[Path, Clip]) -> int | str | None:
    """The apex of a clip, or the sentence that says why its frames cannot be used."""
    try:
        return _apex(*work)
    except UserError as error:
        return str(error)


def _apex(root: Path, clip: Clip) -> int | None:
    """The frame in (onset, offset] that shows most motion of the face since the onset; None where none shows any."""
    import cv2

    from mebench.media.pictures import decode

    cv2.setNumThreads(1)
    onset, offset = clip.frame("onset"), clip.frame("offset")
    frames = {number: path for number, path in list_frames(root / clip.frames).items() if onset <= number <= offset}

    def small(path: Path) -> np.ndarray:
        picture = decode(path, grey=True)
        scale = SIDE / max(picture.shape)
        size = (max(16, round(picture.shape[1] * scale)), max(16, round(picture.shape[0] * scale)))
        return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)

    first = small(frames.pop(onset))
    best: tuple[float, int | None] = (0.0, None)
    for number, path in frames.items():
        flow = cv2.calcOpticalFlowFarneback(first, small(path), None, *FARNEBACK)  # type: ignore[call-overload]  # the stubs know no None
        best = max(best, (expression(flow), number), key=lambda item: item[0])
    return best[1]


def expression(flow: np.ndarray) -> float:
    """How far a face moves in ``flow`` (H, W, 2), in pixels: the mean length over the ``MOVING`` share of its pixels,
    after the head's motion.

    That is the affine motion of the ``CALM`` share of the pixels, found by least squares on ever calmer pixels.
    """
    height, width = flow.shape[:2]
    top, left = round(BORDER * height), round(BORDER * width)
    inner = flow[top : height - top, left : width - left].astype(float)
    y, x = (axis.ravel() / SIDE for axis in np.indices(inner.shape[:2]))
    places, vectors = np.stack([np.ones_like(x), x, y], axis=1), inner.reshape(-1, 2)
    calm = np.ones(len(vectors), dtype=bool)
    for _ in range(4):
        here = places[calm]
        head = np.linalg.solve(here.T @ here, here.T @ vectors[calm])
        length = np.hypot(*(vectors - places @ head).T)
        calm = length <= np.quantile(length, CALM)
    return float(np.sort(length)[-max(1, round(MOVING * len(length))) :].mean())
