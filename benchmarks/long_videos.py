"""SAMM Long Videos at full size through one task of spotting: inputs, windows, one epoch of training, decoding.

    python benchmarks/long_videos.py --out /tmp/long

147 videos with 159 micro-expressions, SYNTHETIC: shortened videos of one face each, 29 folds. Each line is a process of
its own: seconds of wall and of CPU, and the largest memory that it had. Memory that grew with the number of videos
would show: the first line of inputs is of 20 videos, the second of all.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mebench.catalogue.listing import markdown_table
from mebench.files import read_csv, write_csv

CONFIG = """
datasets:
  samm_long: {source: synthetic, size: full}
tasks: [sammlv-spotting]
models:
  - {model: me_tst, preset: small, epochs: 1}
  - {name: paper, model: me_tst, epochs: 1}
seeds: [0]
"""
RUN = "sammlv-spotting"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="a folder that is not there yet (default: a temporary one, kept)")
    folder = parser.parse_args().out or Path(tempfile.mkdtemp(prefix="long_videos_"))
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(CONFIG)
    data, source = folder / "results/datasets/samm_long", folder / "results/sources/samm_long/source.json"
    inputs = folder / "results/inputs/samm_long/roi_flow-10"
    rows = [
        measured(folder, "generate", "fetch", "samm_long", "--source", "synthetic", "--options", '{"size": "full"}',
                 "--out", source),
        measured(folder, "index", "index", "samm_long", "--root", source, "--out", data / "clips.csv"),
        measured(folder, "inputs of 20 videos", "inputs", "samm_long", "roi_flow-10", "--clips",
                 few(data, folder / "few", 20), "--root", source, "--out", folder / "few/inputs"),
        measured(folder, "inputs of all", "inputs", "samm_long", "roi_flow-10", "--clips", data / "clips.csv",
                 "--root", source, "--out", inputs),
        measured(folder, "train: one epoch of 29 folds, preset small", "train", "--run", f"{RUN}/me_tst/seed0"),
        measured(folder, "train: one epoch of one fold, preset paper", "train", "--run", f"{RUN}/paper/seed0",
                 "--fold", "samm_long/006"),
        measured(folder, "pool, decode, sweep, score", "score", "--run", f"{RUN}/me_tst/seed0"),
    ]  # fmt: skip
    print(markdown_table(("", "wall, s", "CPU, s", "memory at most, MiB"), rows))
    videos = read_csv(data / "videos.csv")
    print(f"\n{len(videos)} videos, {sum(int(row['frames_on_disk']) for row in videos)} frames")


def few(data: Path, folder: Path, number: int) -> Path:
    """clips.csv and videos.csv of the first videos alone."""
    folder.mkdir()
    videos = read_csv(data / "videos.csv")[:number]
    frames = {row["frames"] for row in videos}
    clips = [row for row in read_csv(data / "clips.csv") if row["frames"] in frames]
    write_csv(folder / "videos.csv", videos[0], videos)
    write_csv(folder / "clips.csv", clips[0], clips)
    return folder / "clips.csv"


def measured(folder: Path, title: str, *arguments: str | Path) -> list[str]:
    """A row about a command of mebench: what it took, and its largest memory."""
    begin = time.perf_counter()
    with open(folder / "log", "a", encoding="utf-8") as log:
        job = subprocess.Popen(
            [Path(sys.executable).with_name("mebench"), *arguments], cwd=folder, stdout=log, stderr=log
        )
        _, status, used = os.wait4(job.pid, 0)
    if status:
        sys.exit(f"{title}: exit code {os.waitstatus_to_exitcode(status)}, see {folder / 'log'}")
    wall, cpu = time.perf_counter() - begin, used.ru_utime + used.ru_stime
    return [title, f"{wall:.0f}", f"{cpu:.0f}", f"{used.ru_maxrss / 1024:.0f}"]


if __name__ == "__main__":
    main()
