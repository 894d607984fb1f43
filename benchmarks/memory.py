"""Peak memory and time of each stage, on a dataset and on one of four times as many clips.

What grows with the dataset would not fit a large one. Each stage is the command that the workflow runs, in a process
of its own; its peak is the largest resident set of that process and of any process it started.

    python benchmarks/memory.py --dataset casme2 --clips 6 24
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CLI = (sys.executable, "-m", "mebench.cli")
INPUTS = ("tvl1", "apex_flow-28", "long_flow-224", "frames-224", "texture_motion-128")


def measured(words: list[str]) -> tuple[float, float]:
    """(seconds, peak MiB) of one command; a helper process keeps the peaks of commands apart."""
    begin = time.perf_counter()
    probe = "import json, resource, subprocess, sys; code = subprocess.run(json.loads(sys.argv[1])).returncode; "
    probe += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr); sys.exit(code)"
    done = subprocess.run([sys.executable, "-c", probe, json.dumps(words)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(words)} failed:\n{done.stderr}")
    return time.perf_counter() - begin, int(done.stderr.split()[-1]) / 1024


def stages(dataset: str, clips: int, folder: Path) -> dict[str, tuple[float, float]]:
    """Seconds and peak MiB of every stage for 8 subjects with ``clips`` clips each on average."""
    source, table = folder / "source.json", folder / "clips.csv"
    fetch = [dataset, "--source", "synthetic", "--options", json.dumps({"clips": clips}), "--out", str(source)]
    result = {"fetch (generate)": measured([*CLI, "fetch", *fetch, "--jobs", "2"])}
    root = ["--root", str(source)]
    result["index"] = measured([*CLI, "index", dataset, *root, "--out", str(table)])
    shared = ["--clips", str(table), *root]
    result["faces"] = measured([*CLI, "faces", dataset, *shared, "--out", str(folder / "faces")])
    for name in INPUTS:
        words = [*CLI, "inputs", dataset, name, *shared, "--out", str(folder / name)]
        result[name] = measured([*words, *(["--from", str(folder / "tvl1")] if name.startswith("apex") else [])])
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="casme2", help="a dataset that can be generated (default casme2)")
    parser.add_argument(
        "--clips", type=int, nargs=2, default=(6, 24), metavar="N", help="clips per subject, small and large"
    )
    args = parser.parse_args()
    found = []
    for clips in args.clips:
        with tempfile.TemporaryDirectory() as folder:
            found.append(stages(args.dataset, clips, Path(folder)))
    print(f"{args.dataset}, 8 subjects, {args.clips[0]} and {args.clips[1]} clips each\n")
    print(f"| stage | s, {args.clips[0]} | s, {args.clips[1]} | MiB, {args.clips[0]} | MiB, {args.clips[1]} |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for stage, (seconds, peak) in found[0].items():
        more = found[1][stage]
        print(f"| {stage} | {seconds:.1f} | {more[0]:.1f} | {peak:.0f} | {more[1]:.0f} |")


if __name__ == "__main__":
    main()
