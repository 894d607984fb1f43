"""Does every network of the shipped configuration learn? Each beside itself on shuffled labels, in five seeds.

    nice python benchmarks/learns.py --out /tmp/learns

The data are those of `config.yaml`, which are SYNTHETIC. A network is trained leave one subject out by its own recipe,
and once more with `labels: shuffled`. The figure is the UF1 of the one minus that of the other with the same seed; for
spotters the F1 of spotting, by the matcher of the task. Beside it stands the lower end of its 95 % interval over
subjects, which are drawn the same for both, as `mebench compare` has it (expanded percentile: widened for few
subjects). What is finished in the folder is not trained again; `--only NAME ...` makes the table of some networks.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from mebench.catalogue.listing import markdown_table
from mebench.files import read_csv
from mebench.metrics.intervals import Interval
from mebench.metrics.pooled import Metric, f1, uf1
from mebench.metrics.spotting import match
from mebench.plan import Plan
from mebench.spotting.choices import Choices
from mebench.spotting.decoded import in_unit
from mebench.spotting.recording import Pace
from mebench.statistics.intervals import Resampled, interval_ends
from mebench.statistics.reading import read_seeds
from mebench.statistics.resampling import draws, pooled, without_each
from mebench.statistics.subjects import strata

PROJECT = Path(__file__).parents[1]
SHUFFLED = "-shuffled"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="a folder for configuration and results")
    parser.add_argument("--config", type=Path, default=PROJECT / "config.yaml", help="default: config.yaml")
    parser.add_argument("--seeds", type=int, default=5, help="how many (default: 5)")
    parser.add_argument("--only", nargs="*", default=[], metavar="MODEL", help="only these networks")
    parser.add_argument("--data-seed", type=int, help="of the generated data, for tuning on others than the shipped")
    parser.add_argument("--table", action="store_true", help="train nothing: the table of what is finished in --out")
    args = parser.parse_args()
    if args.table:
        return print_table(Plan.load(args.out / "config.yaml"), range(args.seeds))
    config = configuration(args)
    args.out.mkdir(parents=True, exist_ok=True)
    path = (args.out / "config.yaml").resolve()
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    plan = Plan.load(path)
    targets = [plan.paths.model_scores(run.task, run.model) for run in plan.runs if run.seed == 0]
    subprocess.run(["snakemake", "--configfile", str(path), "--", *targets], cwd=PROJECT, check=True)
    print_table(plan, range(args.seeds))


def configuration(args: argparse.Namespace) -> dict[str, object]:
    """The shipped configuration, of its models only networks, each with a twin on shuffled labels."""
    config = yaml.safe_load(args.config.read_text(encoding="utf-8"))
    plan = Plan.load(args.config)
    networks = {run.model for run in plan.runs
                if run.spec["training"] == "gradient" and run.spec["recipe"]["labels"] == "true"}  # fmt: skip
    entries = [entry if isinstance(entry, dict) else {"model": entry} for entry in config["models"]]
    models = []
    for entry in entries:
        name = entry.get("name", entry["model"])
        if name in networks and (not args.only or name in args.only):
            models += [entry, {**entry, "name": name + SHUFFLED, "labels": "shuffled"}]
    used = {task for entry in models for task in entry.get("tasks", config["tasks"])}
    tasks = [task for task in config["tasks"] if task in used]
    datasets = {name for task in tasks for name in plan.tasks[task]["datasets"]}
    sources = {name: dict(entry) for name, entry in config["datasets"].items() if name in datasets}
    if args.data_seed is not None:
        for entry in sources.values():
            entry["seed"] = args.data_seed
    return {"datasets": sources, "tasks": tasks, "models": models, "seeds": list(range(args.seeds)),
            "results": str((args.out / "results").resolve())}  # fmt: skip


# --- what is counted of each subject -------------------------------------------------------------------------


@dataclass(frozen=True)
class Counted:
    """Counts of each subject (S, C, C), and the score of their sum."""

    subjects: tuple[str, ...]
    counts: np.ndarray
    score: Metric

    def __call__(self, weights: np.ndarray) -> np.ndarray:
        """The score for each row of ``weights`` (R, S) of the subjects."""
        return self.score(pooled(self.counts[None], weights)[0])


def counted(folder: Path, classes: Sequence[str]) -> Counted:
    """The counts of one run."""
    if not classes:
        return _spotted(folder)
    found = read_seeds(folder.parent.name, {folder.name: folder / "predictions.csv"}, classes)
    return Counted(found.subjects, found.table[0], uf1)


def _spotted(folder: Path) -> Counted:
    """What is found and missed of each subject, by the matcher of the run: ((0, FP), (FN, TP))."""
    choices = Choices.read(json.loads((folder / "stage.json").read_text(encoding="utf-8")))
    recordings = read_csv(folder / "predictions.csv", ("subject", "video", "first", "step", "frames"))
    labels, found = (_by_recording(folder / name) for name in ("labels.csv", "intervals.csv"))
    subjects = sorted({row["subject"] for row in recordings})
    counts = np.zeros((len(subjects), 2, 2), dtype=np.int64)
    for row in recordings:
        pace, at = Pace.of_row(row), (row["subject"], row["video"])
        two = (in_unit(rows.get(at, []), pace, choices.unit) for rows in (found, labels))
        one = match(*two, choices.convention(())).counts
        counts[subjects.index(row["subject"])] += [[0, one.fp], [one.fn, one.tp]]
    return Counted(tuple(subjects), counts, _f1)


def _by_recording(path: Path) -> dict[tuple[str, str], list[Interval]]:
    """The intervals of a file by subject and video."""
    intervals: dict[tuple[str, str], list[Interval]] = {}
    for row in read_csv(path, ("subject", "video", "onset", "offset", "emotion")):
        one = Interval(int(row["onset"]), int(row["offset"]), row["emotion"])
        intervals.setdefault((row["subject"], row["video"]), []).append(one)
    return intervals


def _f1(counts: np.ndarray) -> np.ndarray:
    """F1 of the second class; 0 where there is neither a label nor a prediction."""
    return np.nan_to_num(f1(counts)[..., 1])


def gain(true: Counted, shuffled: Counted) -> tuple[float, float]:
    """The score on true labels minus that on shuffled ones, and the lower end of its interval over subjects."""
    assert true.subjects == shuffled.subjects
    count, datasets = len(true.subjects), strata(true.subjects)

    def difference(weights: np.ndarray) -> np.ndarray:
        return true(weights) - shuffled(weights)

    whole = float(difference(np.ones((1, count)))[0])
    ends = interval_ends(Resampled(whole, difference(draws(datasets)), difference(without_each(count)), datasets))
    assert ends.low is not None
    return whole, ends.low


# --- the table --------------------------------------------------------------------------------------------------


def print_table(plan: Plan, seeds: Sequence[int]) -> None:
    """Each network on each task, a column for each seed: score, gain and the lower end of its interval."""
    lines, above = [], 0
    pairs = list(dict.fromkeys((run.task, run.model) for run in plan.runs if not run.model.endswith(SHUFFLED)))
    for task, model in pairs:
        classes = [str(name) for name in plan.tasks[task].get("classes", [])]
        spotted = plan.tasks[task].get("kind") == "spotting"
        cells = []
        runs = [[Path(plan.results) / "runs" / task / name / f"seed{seed}" for name in (model, model + SHUFFLED)]
                for seed in seeds]  # fmt: skip
        if not all((folder / "predictions.csv").exists() for folders in runs for folder in folders):
            print(f"not finished, and left out: {model} on {task}", file=sys.stderr)
            continue
        for folders in runs:
            true, shuffled = (counted(folder, [] if spotted else classes) for folder in folders)
            difference, low = gain(true, shuffled)
            above += low > 0
            cells.append(f"{float(true.score(true.counts.sum(axis=0))):.2f}, {difference:+.2f} ({low:+.2f})")
        lines.append([task, model, *cells])
    print(markdown_table(["task", "network", *(f"seed {seed}" for seed in seeds)], lines))
    print(f"\nThe lower end is above 0 in {above} of {len(lines) * len(seeds)}.", file=sys.stderr)


if __name__ == "__main__":
    main()
