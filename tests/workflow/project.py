"""Real Snakemake runs in a copy of the project, on a handful of pictures made on the spot."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from zygote import zygote

from mebench.files import write_csv

PROJECT = Path(__file__).parents[2]
EMOTIONS = ("negative", "positive", "surprise")
CONFIG = """
datasets:
  flow_images: {{source: {pictures}, accept: [counts]}}
tasks: [megc2019-flow]
models:
  - {{model: ststnet, epochs: 3}}
  - {{model: off_apexnet, epochs: 2}}
  - majority
  - oracle
seeds: [0, 1]
"""


def make_pictures(folder: Path) -> Path:
    """Five subjects with three clips each: 28x28 pictures stretched to 0..255 per channel, and their manifest."""
    rng, rows = np.random.default_rng(0), []
    (folder / "images").mkdir(parents=True)
    for s in range(5):
        dataset, subject = (("casme2", f"sub0{s + 1}"), ("smic", f"s0{s + 1}"))[s % 2]
        for c, emotion in enumerate(EMOTIONS):
            x = cv2.GaussianBlur(rng.normal(size=(28, 28, 3)).astype(np.float32), (7, 7), 0)
            x = 255 * (x - x.min((0, 1))) / np.ptp(x, axis=(0, 1))
            image = f"images/{subject}_{c}.png"
            cv2.imwrite(str(folder / image), x.round().astype(np.uint8))
            rows.append(
                {"dataset": dataset, "subject": subject, "clip": f"clip{c}", "emotion": emotion, "image": image}
            )
    write_csv(folder / "manifest.csv", rows[0], rows)
    return folder


class Project:
    """A copy of the project in which snakemake runs, with its own results."""

    server: Path | None = None  # the folder of a zygote; without one, each command starts by itself
    said = ""  # by the first run

    def __init__(self, folder: Path):
        self.folder = folder
        for name in ("Snakefile", "config.yaml", "workflow", "profiles", "envs", "tests", "pyproject.toml"):
            source = PROJECT / name
            if source.is_dir():
                shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
            else:
                folder.mkdir(exist_ok=True)
                shutil.copy(source, folder / name)
        self.pictures = make_pictures(folder / "pictures")
        self.configure(CONFIG.format(pictures=self.pictures))

    def configure(self, text: str) -> None:
        (self.folder / "config.yaml").write_text(text)

    def edit(self, path: str, old: str, new: str) -> None:
        text = (self.folder / path).read_text()
        assert old in text, f"{path} has no {old!r}"
        (self.folder / path).write_text(text.replace(old, new))

    @property
    def environment(self) -> dict[str, str]:
        first = [str(self.server)] if self.server else []
        path = os.pathsep.join([*first, str(Path(sys.executable).parent), os.environ["PATH"]])
        return os.environ | {"PYTHONPATH": str(self.folder / "workflow"), "PATH": path}

    def run(self, *command: str, ok: bool = True) -> subprocess.CompletedProcess:
        """Run a command in the copy, with the copy's own package and this Python's tools."""
        done = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True)
        assert (done.returncode == 0) == ok, done.stdout[-3000:] + done.stderr[-6000:]
        return done

    def snakemake(self, *arguments: str, ok: bool = True) -> str:
        done = self.run("snakemake", *arguments, ok=ok)
        return done.stdout + done.stderr

    def planned(self, *arguments: str) -> list[str]:
        """``rule file`` of the jobs that a dry run would run, sorted; empty for nothing to be done."""
        jobs, rule = [], ""
        for line in self.snakemake("-n", *arguments).splitlines():
            if line.startswith(("rule ", "localrule ")):
                rule = line.split()[1].rstrip(":")
            elif line.strip().startswith("output: "):
                jobs.append(f"{rule} {line.strip().removeprefix('output: ').split(',')[0]}")
        return sorted(jobs)

    def folds(self) -> dict[str, int]:
        """When each finished fold was written; one that is being written has a hidden name."""
        runs = self.folder / "results/runs"
        return {str(p.relative_to(runs).with_suffix("")): p.stat().st_mtime_ns for p in runs.rglob("folds/[!.]*.zip")}

    def results(self) -> dict[str, bytes]:
        """The bytes of tables with their statistics, scores, audits, predictions and pictures, and of the report where
        there is one. The plot of seconds is left out: it differs from run to run."""
        results = self.folder / "results"
        kept = dict.fromkeys(("runs", "plots"), (".csv", ".md", ".tex", ".html", ".svg"))
        kept |= dict.fromkeys(("tables", "scores", "audit"), (*kept["runs"], ".json"))
        paths = [p for part, ends in kept.items() for p in (results / part).rglob("*")
                 if p.suffix in ends and p.stem != "seconds"]  # fmt: skip
        paths += results.glob("report.html")
        return {str(p.relative_to(self.folder)): p.read_bytes() for p in sorted(paths)}


@contextlib.contextmanager
def served(folder: Path, coarse: bool = False) -> Iterator[Project]:
    """A project whose ``mebench`` commands are forks of one server, which ends with the block; its plots may be
    ``coarse``."""
    folder.mkdir(exist_ok=True)
    project = Project(folder / "project")
    with zygote(folder / "zygote", project.folder / "workflow", coarse) as project.server:
        yield project
