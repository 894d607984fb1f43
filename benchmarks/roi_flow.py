"""Speed and memory of inputs of long videos; of roi_flow beside a plain loop of OpenCV.

    python benchmarks/roi_flow.py                        # casme_sq, one video beside the plain loop
    python benchmarks/roi_flow.py samm_long --videos 3   # more videos, for the memory
    python benchmarks/roi_flow.py --frames 120 --inputs pair_flow-42 pair_flow-42.dis mdmd_feature-227

A small dataset is generated in a temporary folder. The plain loop is what one would write first: for each window of the
same frames, Farnebäck's flow on the whole face of 320 x 320 pixels from the first frame to each frame, on one thread,
where the input computes it on the regions that are read and up to four times more for the head. Frames that are in two
windows count once.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import platform
import resource
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import cv2

from mebench import cards
from mebench.clips.clip import Clip
from mebench.config import input_names
from mebench.inputs import build, roi_flow, roi_regions
from mebench.inputs.maker import Maker
from mebench.synthetic import generate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", nargs="?", default="casme_sq", choices=generate.VIDEOS, metavar="DATASET")
    parser.add_argument("--videos", type=int, default=1, help="how many are read (default 1)")
    parser.add_argument("--frames", type=int, help="how many of each video (default: all)")
    parser.add_argument("--inputs", nargs="+", default=["roi_flow-10"], metavar="NAME", help="default: roi_flow-10")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "data"
        with contextlib.redirect_stderr(io.StringIO()):
            generate.write(args.dataset, root, Path(folder) / "truth", subjects=2, clips=1)
        videos = cards.load("datasets", args.dataset).read(root).videos[: args.videos]
        print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
        for name in args.inputs:
            maker = build.InputJob(input_names.parse(name), root, "synthetic").maker()
            for video in videos:
                measure(maker, video.whole(), args.frames)
        if args.inputs == ["roi_flow-10"]:
            clip, count = videos[0].whole(), len(read_by(maker, videos[0].whole()))
            seconds = timed(lambda: plain(maker, clip))
            print(f"{clip.clip_id}: plain loop, {1000 * seconds / count:.1f} s per 1,000")


def measure(maker: Maker, clip: Clip, frames: int | None) -> None:
    """Print what an input of a video costs, or of its first ``frames``."""
    if frames:
        clip = replace(clip, offset=clip.onset + frames - 1)
    seconds, count = timed(lambda: maker.make(clip)), len(read_by(maker, clip))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"{maker.spec.name} of {clip.clip_id}: {count} frames read, {1000 * seconds / count:.1f} s per 1,000, "
        f"{memory} MiB at most"
    )


def read_by(maker: Maker, clip: Clip) -> list[Path]:
    """The frames of a video that an input reads."""
    return maker.reel(clip, roi_flow.pace(clip).step)[1] if isinstance(maker, roi_flow.Input) else maker.reel(clip)[1]


def plain(maker: roi_flow.Input, clip: Clip) -> None:
    """Flow of whole faces in the windows of a video."""
    timing = roi_flow.pace(clip)
    _, files = maker.reel(clip, timing.step)
    box = (0, 10**6, 0, 10**6)  # the frame: generated faces fill it
    for start in roi_flow.windows(len(files), timing.length):
        members = files[start : start + timing.length]
        faces = [roi_regions.cut_face(cv2.imread(str(file), cv2.IMREAD_GRAYSCALE), box) for file in members]
        for face in faces[1:]:
            cv2.calcOpticalFlowFarneback(faces[0], face, None, **roi_regions.FARNEBACK)


def timed(call) -> float:
    """Seconds of CPU time that a call takes."""
    before = time.process_time()
    call()
    return time.process_time() - before


if __name__ == "__main__":
    main()
