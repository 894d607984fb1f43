"""The Slurm of the tests, and projects that run on it through the shipped profile."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from project import PROJECT, Project

SCRIPT = Path(__file__).with_name("cluster.sh")
PLUGIN = Path(os.environ.get("MEBENCH_SLURM_PLUGIN", PROJECT / ".venv/slurm-plugin"))
RUN = "results/runs/megc2019-flow"
# the shipped profile, with the waits of a cluster across a network cut short
FAST = ("--workflow-profile", "slurm", "--slurm-init-seconds-before-status-checks", "1", "--latency-wait", "10")


def missing(accounting: bool = False) -> str:
    """Why the tests cannot run on this machine; empty where they can."""
    if os.geteuid() != 0:
        return "only root can bring up a Slurm"
    needed = {"slurm-wlm munge": ("munged", "slurmctld", "slurmd", "sbatch")}
    needed |= {"slurmdbd mariadb-server": ("slurmdbd", "mariadbd")} if accounting else {}
    for packages, programs in needed.items():
        if absent := [p for p in programs if not shutil.which(p, path=f"{os.environ['PATH']}:/usr/sbin")]:
            return f"no {', '.join(absent)} (apt-get install --no-install-recommends {packages})"
    if not PLUGIN.is_dir() and not importlib.util.find_spec("snakemake_executor_plugin_slurm"):
        return f"no Slurm plugin for Snakemake in {PLUGIN} (make slurm-plugin) or installed"
    conf = Path("/etc/slurm/slurm.conf")
    if conf.exists() or conf.is_symlink():
        return f"{conf} exists: this machine has a Slurm already"
    return ""


def until(condition: Callable[[], object], seconds: float, what: str) -> object:
    """Wait for a condition and return what it said."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"{what} did not happen within {seconds:.0f} s"
        time.sleep(0.2)
    return found


class Cluster:
    """One node with ``gpus`` fake GPUs in ``folder``."""

    def __init__(self, folder: Path, gpus: int):
        self.folder, self.gpus = folder, gpus

    def script(self, *arguments: str) -> None:
        env = os.environ | {"SLURM_DIR": str(self.folder), "SLURM_GPUS": str(self.gpus)}
        # output to a file: daemons inherit it, and a pipe would be waited for as long as they live
        with open(self.folder.with_suffix(".log"), "a+") as log:
            done = subprocess.run([SCRIPT, *arguments], env=env, stdout=log, stderr=log, timeout=120)
            log.seek(0)
            assert done.returncode == 0, log.read()

    def jobs(self) -> list[dict[str, str]]:
        """What ``scontrol show job`` says of each job that is known, as a dictionary."""
        lines = self.ask("scontrol", "show", "job", "--details", "--oneliner").splitlines()
        return [dict(word.split("=", 1) for word in line.split() if "=" in word) for line in lines]

    def ask(self, *command: str) -> str:
        return subprocess.run(command, capture_output=True, text=True, timeout=30).stdout


class Submitted(Project):
    """A copy of a project that has run on this machine, without its runs and what was made from them."""

    def __init__(self, finished: Project, folder: Path):
        self.folder, self.pictures = folder, finished.pictures
        shutil.copytree(finished.folder, folder, symlinks=True)
        for made in ("runs", "scores", "tables", "logs"):
            shutil.rmtree(folder / "results" / made, ignore_errors=True)
        self.process: subprocess.Popen | None = None

    def steps_take(self, seconds: float, megabytes: int = 0) -> None:
        """What each training step takes from now on."""
        (self.folder / "step.new").write_text(f"{seconds} {megabytes}")
        (self.folder / "step.new").rename(self.folder / "step")

    def submit(self, *arguments: str) -> None:
        """Start snakemake with the Slurm profile; its output goes to ``snakemake.log``."""
        env = {key: value for key, value in os.environ.items() if not key.startswith(("SLURM_", "SNAKEMAKE_"))}
        env |= {"PYTHONPATH": f"{self.folder / 'workflow'}:{PLUGIN}", "OMP_NUM_THREADS": "1"}
        env["PATH"] = f"{Path(sys.executable).parent}:{env['PATH']}"
        with open(self.folder / "snakemake.log", "w") as log:
            self.process = subprocess.Popen(
                ["snakemake", *arguments, *FAST], cwd=self.folder, env=env, stdout=log, stderr=subprocess.STDOUT
            )

    def wait(self, seconds: float = 240) -> str:
        """Wait for a good end; returns what snakemake said."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.interrupt()
            raise AssertionError(f"not finished after {seconds} s:\n{self.said()[-6000:]}") from None
        assert self.process.returncode == 0, self.said()[-6000:]
        return self.said()

    def interrupt(self) -> None:
        """End snakemake, which cancels its jobs."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def said(self) -> str:
        return (self.folder / "snakemake.log").read_text()

    def finished_folds(self) -> dict[str, tuple[str, int]]:
        """When each finished fold was begun, and when its record was written."""
        from mebench.runs.records import record_of

        kept = {path: record_of(path) for path in (self.folder / RUN).rglob("folds/[!.]*.zip")}
        return {str(p): (record.started or "", p.stat().st_mtime_ns) for p, record in kept.items() if record}

    def training(self, cluster: Cluster) -> dict[str, str]:
        """A training job of this project that runs now, as scontrol shows it; empty where there is none."""
        mine = (job for job in cluster.jobs() if job.get("WorkDir") == str(self.folder))
        return next((j for j in mine if j["JobState"] == "RUNNING" and "rule_train" in j.get("Comment", "")), {})
