"""`mebench decode` and `mebench spotting-score` on many frames, beside the script that one would write instead.

    python benchmarks/spotting.py --frames 300000 1000000

Videos of 3,000 frames, as SAMM Long Videos at 28.6 frames a second and CAS(ME)^2 have on average; a label in two of
three; noise with a bump at each label for scores. Each command is a process of its own; its time is that of the CPU,
which other work on the machine changes least, with the start of Python and all imports. The plain script reads with
pandas, smooths with numpy, finds peaks with scipy, and matches one to one in a double loop.
"""

from __future__ import annotations

import argparse
import csv
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

PROJECT = Path(__file__).parents[1]
FRAMES_OF_A_VIDEO = 3000
HALF_WIDTH, SHARE = 6, 0.55
PLAIN = """
import sys
import numpy as np, pandas as pd
from scipy.signal import find_peaks
k, p = 6, 0.55
scores, truth = pd.read_csv(sys.argv[1]), pd.read_csv(sys.argv[2])
found = fp = 0
rows = []
for (dataset, subject, video), part in scores.groupby(["dataset", "subject", "video"]):
    curve = np.convolve(part.score, np.ones(2 * k) / (2 * k), mode="same")
    peaks, _ = find_peaks(curve, height=curve.mean() + p * (curve.max() - curve.mean()), distance=k)
    frames = part.frame.to_numpy()
    labels = truth[(truth.subject == subject) & (truth.video == video)][["onset", "offset"]].to_numpy()
    taken = set()
    for peak in peaks:
        on, off = frames[peak] - k, frames[peak] + k
        rows.append((dataset, subject, video, on, off))
        overlap = [max(0, min(off, b) - max(on, a) + 1) / (max(off, b) - min(on, a) + 1) for a, b in labels]
        best = int(np.argmax(overlap)) if overlap else -1
        if best >= 0 and overlap[best] >= 0.5 and best not in taken:
            taken.add(best)
            found += 1
        else:
            fp += 1
pd.DataFrame(rows, columns=["dataset", "subject", "video", "onset", "offset"]).to_csv(sys.argv[3], index=False)
print(found, fp, len(truth) - found)
"""


def write(folder: Path, frames: int) -> None:
    """scores.csv and truth.csv of that many frames."""
    draw = np.random.default_rng(0)
    with open(folder / "scores.csv", "w", newline="") as scores, open(folder / "truth.csv", "w", newline="") as truth:
        scores, truth = csv.writer(scores), csv.writer(truth)
        scores.writerow(("dataset", "subject", "video", "frame", "score"))
        truth.writerow(("dataset", "subject", "video", "onset", "offset"))
        for number in range(frames // FRAMES_OF_A_VIDEO):
            name = ("bench", f"s{number // 5:03}", f"v{number:04}")
            values = 0.3 * draw.random(FRAMES_OF_A_VIDEO)
            if number % 3:
                onset = int(draw.integers(100, FRAMES_OF_A_VIDEO - 100))
                truth.writerow((*name, onset, onset + 12))
                values[onset : onset + 12] += np.hanning(12)
            scores.writerows((*name, frame, f"{value:.6f}") for frame, value in enumerate(values, start=1))


def measure(*command: str) -> tuple[float, float, str]:
    """CPU seconds, peak MiB and output of a command."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT / "workflow")}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
    output = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"failed: {' '.join(command)}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, output.strip()


def counts(title: str, output: str) -> str:
    """TP, FP and FN that a command has printed."""
    if title == "mebench spotting-score":
        return " ".join(line.split()[1] for line in output.splitlines()[1:4])
    return output if title.startswith("plain") else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, nargs="+", default=[300_000, 1_000_000])
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    mebench = (sys.executable, "-m", "mebench.cli")
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print("| frames | command | CPU s | peak MiB | TP FP FN |\n| ---: | --- | ---: | ---: | --- |")
    for frames in args.frames:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write(folder, frames)
            scores, truth, intervals = (str(folder / file) for file in ("scores.csv", "truth.csv", "intervals.csv"))
            score = (*mebench, "spotting-score", "--predictions", intervals, "--truth", truth)
            commands = {
                "mebench decode": (*mebench, "decode", scores, "--half-width", str(HALF_WIDTH), "--threshold",
                                   str(SHARE), "--out", intervals),
                "mebench spotting-score": score,
                "the same with --all-conventions": (*score, "--all-conventions"),
                "plain script (both)": (sys.executable, "-c", PLAIN, scores, truth, str(folder / "plain.csv")),
            }  # fmt: skip
            for title, command in commands.items():
                runs = [measure(*command) for _ in range(args.repeats)]
                seconds, memory = min(run[0] for run in runs), max(run[1] for run in runs)
                print(f"| {frames:,} | {title} | {seconds:.2f} | {memory:.0f} | {counts(title, runs[0][2])} |")


if __name__ == "__main__":
    main()
