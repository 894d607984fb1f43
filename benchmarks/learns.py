"""Does every network of the shipped configuration learn? Each beside itself on shuffled labels, in five seeds.

    nice python benchmarks/learns.py --out /tmp/learns

The data are those of `config.yaml`, which are SYNTHETIC. A network is trained leave one subject out by its own recipe,
and once more with `labels: shuffled`. The figure is the UF1 of the one minus that of the other with the same seed; for
spotters the F1 of spotting. Below it stands the lower end of its 95 % interval: subjects are drawn with replacement,
the same for both, and 2.5 % of 5,000 draws lie below that end. What is finished in the folder is not trained again.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from mebench.catalogue.listing import markdown_table
from mebench.files import read_csv
from mebench.plan import Plan

PROJECT = Path(__file__).parents[1]
DRAWS, LEVEL, IOU = 5000, 2.5, 0.5
SHUFFLED = "-shuffled"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="a folder for configuration and results")
    parser.add_argument("--config", type=Path, default=PROJECT / "config.yaml", help="default: config.yaml")
    parser.add_argument("--seeds", type=int, default=5, help="how many (default: 5)")
    parser.add_argument("--only", nargs="*", default=[], metavar="MODEL", help="only these networks")
    parser.add_argument("--data-seed", type=int, help="of the generated data, for tuning on others than the shipped")
    args = parser.parse_args()
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
    """Counts of each subject (S, ...) and the score of their sum."""

    subjects: list[str]
    counts: np.ndarray
    score: Callable[[np.ndarray], np.ndarray]


def counted(folder: Path, classes: Sequence[str]) -> Counted:
    """The counts of one run."""
    return _classified(folder, classes) if classes else _spotted(folder)


def _classified(folder: Path, classes: Sequence[str]) -> Counted:
    """A confusion matrix (true, predicted) of each subject."""
    rows = read_csv(folder / "predictions.csv", ("subject", "truth", "prediction"))
    subjects, place = sorted({row["subject"] for row in rows}), {name: at for at, name in enumerate(classes)}
    counts = np.zeros((len(subjects), len(classes), len(classes)))
    for row in rows:
        counts[subjects.index(row["subject"]), place[row["truth"]], place[row["prediction"]]] += 1
    return Counted(subjects, counts, uf1)


def _spotted(folder: Path) -> Counted:
    """True positives, false positives and false negatives of each subject."""
    columns = ("subject", "video", "onset", "offset")
    labels, found = (read_csv(folder / name, columns) for name in ("labels.csv", "intervals.csv"))
    subjects = sorted({row["subject"] for row in labels})
    counts = np.zeros((len(subjects), 3))
    for at, subject in enumerate(subjects):
        left = [row for row in labels if row["subject"] == subject]
        for one in (row for row in found if row["subject"] == subject):
            match = next((label for label in left if _overlap(label, one) >= IOU), None)
            if match:
                left.remove(match)
            counts[at, 0 if match else 1] += 1
        counts[at, 2] = len(left)
    return Counted(subjects, counts, f1)


def _overlap(label: Mapping[str, str], found: Mapping[str, str]) -> float:
    """Intersection over union of two intervals of a video, in frames; 0 where they are of two videos."""
    if label["video"] != found["video"]:
        return 0.0
    (a, b), (c, d) = ((int(float(row["onset"])), int(float(row["offset"]))) for row in (label, found))
    both = max(0, min(b, d) - max(a, c) + 1)
    return both / ((b - a + 1) + (d - c + 1) - both)


def uf1(confusion: np.ndarray) -> np.ndarray:
    """UF1 of confusion matrices (..., C, C)."""
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    return np.mean(2 * hits / np.maximum(confusion.sum(-1) + confusion.sum(-2), 1), axis=-1)


def f1(counts: np.ndarray) -> np.ndarray:
    """F1 of true positives, false positives and false negatives (..., 3)."""
    return 2 * counts[..., 0] / np.maximum(2 * counts[..., 0] + counts[..., 1] + counts[..., 2], 1)


def gain(true: Counted, shuffled: Counted) -> tuple[float, float]:
    """The score on true labels minus that on shuffled ones, and the lower end of its interval over subjects."""
    assert true.subjects == shuffled.subjects
    drawn = np.random.default_rng(0).integers(0, len(true.subjects), size=(DRAWS, len(true.subjects)))
    first, second = (one.score(one.counts[drawn].sum(axis=1)) for one in (true, shuffled))
    whole = true.score(true.counts.sum(axis=0)) - shuffled.score(shuffled.counts.sum(axis=0))
    return float(whole), float(np.percentile(first - second, LEVEL))


# --- the table --------------------------------------------------------------------------------------------------


def print_table(plan: Plan, seeds: Sequence[int]) -> None:
    """Each network on each task, a column for each seed: score, gain and the lower end of its interval."""
    lines, above = [], 0
    pairs = list(dict.fromkeys((run.task, run.model) for run in plan.runs if not run.model.endswith(SHUFFLED)))
    for task, model in pairs:
        classes = [str(name) for name in plan.tasks[task].get("classes", [])]
        spotted = plan.tasks[task].get("kind") == "spotting"
        cells = []
        for seed in seeds:
            folders = [Path(plan.results) / "runs" / task / name / f"seed{seed}" for name in (model, model + SHUFFLED)]
            true, shuffled = (counted(folder, [] if spotted else classes) for folder in folders)
            difference, low = gain(true, shuffled)
            above += low > 0
            cells.append(f"{float(true.score(true.counts.sum(axis=0))):.2f}, {difference:+.2f} ({low:+.2f})")
        lines.append([task, model, *cells])
    print(markdown_table(["task", "network", *(f"seed {seed}" for seed in seeds)], lines))
    print(f"\nThe lower end is above 0 in {above} of {len(lines) * len(seeds)}.", file=sys.stderr)


if __name__ == "__main__":
    main()
