"""Speed and memory of `mebench index` on stand-ins of full size.

    python benchmarks/index.py                      # every dataset, long videos at their real mean length
    python benchmarks/index.py casme3_long          # the largest one
    python benchmarks/index.py --short casme3_long  # only as many frames as hold the labels

Each stand-in is written to a temporary folder (--folder says where), indexed by a process of its own, timed with that
process's start, and removed. Frames are names of one file each; indexing looks at names only. What was just written is
in the page cache, so the time of a disk that has to find millions of names is not in these figures.
"""

from __future__ import annotations

import argparse
import glob
import importlib
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mebench.files import read_csv
from mebench.synthetic import full


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("datasets", nargs="*", metavar="DATASET", help=f"of {', '.join(full.names())} (default: all)")
    parser.add_argument("--short", action="store_true", help="long videos with as few frames as hold their labels")
    parser.add_argument("--folder", type=Path, help="where to write the stand-ins (default: the temporary folder)")
    args = parser.parse_args()
    rows = [measure(name, args.short, args.folder) for name in args.datasets or full.names()]
    print(f"\n{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    print("| dataset | files | clips | videos | seconds | peak memory | glob and sort |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, files, clips, videos, seconds, memory, plain in rows:
        figures = f"{files:,} | {clips:,} | {videos:,} | {seconds:.1f} | {memory / 2**20:.0f} MiB | {plain:.1f}"
        print(f"| {name} | {figures} |")


def measure(dataset: str, short: bool, folder: Path | None) -> tuple[str, int, int, int, float, int, float]:
    """(dataset, files, clips, videos, seconds and bytes of memory at most of one index, seconds of the plain way)."""
    length = getattr(importlib.import_module(f"mebench.synthetic.full_{dataset}"), "MEAN_LENGTH", None)
    with tempfile.TemporaryDirectory(dir=folder) as name:
        root, out = Path(name) / "data", Path(name) / "clips.csv"
        root.mkdir()
        print(f"{dataset}: writing ...", file=sys.stderr, flush=True)
        full.write(dataset, root, 0, **({} if short or length is None else {"length": length}))
        files = sum(len(names) for _, _, names in os.walk(root))
        print(f"{dataset}: indexing {files:,} files ...", file=sys.stderr, flush=True)
        seconds, memory = run(Path(name) / "memory", "index", dataset, "--root", str(root), "--out", str(out))
        clips, videos = read_csv(out), read_csv(out.with_name("videos.csv"))
        plain = glob_and_sort([root / place for place in dict.fromkeys(row["frames"] for row in videos or clips)])
        return dataset, files, len(clips), len(videos), seconds, memory, plain


def glob_and_sort(folders: list[Path]) -> float:
    """Seconds of what loaders do for the frames alone: the paths in each folder, sorted by the numbers in them."""
    begin = time.perf_counter()
    for folder in folders:
        sorted(glob.glob(f"{folder}/*.*"), key=lambda path: [int(number) for number in re.findall(r"\d+", path)])
    return time.perf_counter() - begin


# the most memory of this very process: what getrusage says of it may be that of the one that started it
COMMAND = """
import pathlib, re, sys
from mebench.cli import main
code = main(sys.argv[2:])
memory = re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1]
pathlib.Path(sys.argv[1]).write_text(memory)
sys.exit(code)
"""


def run(note: Path, *words: str) -> tuple[float, int]:
    """(seconds, bytes of memory at most) of one `mebench` command in a process of its own (Linux)."""
    begin = time.perf_counter()
    if subprocess.run([sys.executable, "-c", COMMAND, note, *words]).returncode:
        sys.exit(f"mebench {' '.join(words)} failed")
    return time.perf_counter() - begin, int(note.read_text()) * 1024


if __name__ == "__main__":
    main()
