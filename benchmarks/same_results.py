"""Are the results of two commits the same? Both run one configuration on this machine, one after the other.

    python benchmarks/same_results.py --before dc063c5
    python benchmarks/same_results.py --before dc063c5 --pictures /path/to/the/flow/pictures

The configuration is BELOW, on generated data of the default size: every kind of input and of training, few epochs. With
--pictures it is STSTNet, plain and port, with all its epochs on three subjects of the flow pictures. A run whose recipe
the commits resolve otherwise is no same run: it is named, and not compared. A last line says how many tables, of the
figures that both have, show the same. The last bits of a network's arithmetic depend on torch and on the processor, so
both commits run here, with the packages of this Python. Ends with 1 where a figure of a table differs.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from mebench import instruction_set
from mebench.catalogue.listing import markdown_table
from mebench.runs.where import cpu

PROJECT = Path(__file__).parents[1]
SUBJECTS = (("casme2", "sub17"), ("samm", "014"), ("smic", "s03"))
SHORT = {"preset": "small", "epochs": 3, "tasks": ["smic-3"]}
# Not HSTA: its size small begins with other weights since 9502dd6, and its full size takes too long.
NETWORKS = ("off_apexnet", "slstt", "msmmt", "capsulenet", "dual_inception", "rcn_a", "sssnet", "htnet",
            "resnet18", "vit_tiny", "lbp_top_svm", "bi_woof_svm")  # fmt: skip
BELOW: dict[str, object] = {
    "datasets": {name: {"source": "synthetic", "subjects": 4, "clips": 4} for name in ("casme2", "samm", "smic")},
    "tasks": ["megc2019", "casme2-5", "smic-3"],
    "models": [
        {"model": "ststnet", "preset": "small", "epochs": 20},
        *({"model": name, **(SHORT if "svm" not in name else {"tasks": ["smic-3"]})} for name in NETWORKS),
        {"model": "shuffled_labels", "preset": "small", "epochs": 20, "tasks": ["smic-3"]},
        "majority", "stratified_random", "oracle",
    ],
    "seeds": [0],
}  # fmt: skip
PICTURES: dict[str, object] = {
    "tasks": ["megc2019-flow"],
    "models": [{"name": "plain", "model": "ststnet", "preset": "plain"},
               {"name": "port", "model": "ststnet", "variant": "port"}, "oracle"],
    "seeds": [0],
}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", required=True, metavar="COMMIT")
    parser.add_argument("--after", default="HEAD", metavar="COMMIT", help="default: HEAD")
    parser.add_argument("--pictures", type=Path, help="the published flow pictures, with their manifest.csv")
    parser.add_argument("--keep", type=Path, help="a folder that is not there yet, for clones and results")
    instruction_set.add_option(parser)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="same_results_") as temporary:
        root = args.keep or Path(temporary)
        root.mkdir(parents=True, exist_ok=True)
        config = _with_pictures(args.pictures, root) if args.pictures else BELOW
        before, after = (_run(root / f"clone{n}", commit, config, args.isa)
                         for n, commit in enumerate((args.before, args.after)))  # fmt: skip
        rows = [compared(before, after, name) for name in sorted(_runs(before) & _runs(after))]
        other = {row.name.split("/")[1] for row in rows if row.largest is None}
        same, tables = _tables(before, after, other)
    titles = ("run", "predictions", "largest difference of a probability", "clips predicted otherwise")
    print(markdown_table(titles, [row.cells() for row in rows]))
    print(f"\n{same} of {tables} tables have the same figures. {cpu()}, --isa {args.isa}.")
    return int(same < tables)


def _run(clone: Path, commit: str, config: dict[str, object], isa: str) -> Path:
    """The results of a commit, run in a clone."""
    subprocess.run(["git", "clone", "--quiet", PROJECT, clone], check=True)
    subprocess.run(["git", "checkout", "--quiet", "--detach", commit], cwd=clone, check=True)
    (clone / "same.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "PYTHONPATH": str(clone / "workflow")}
    command = ["snakemake", "--cores", "2", "--quiet", "all", "--configfile", "same.yaml", "--config", f"isa={isa}"]
    subprocess.run(command, cwd=clone, env=environment, check=True)
    return clone / "results"


def _with_pictures(pictures: Path, root: Path) -> dict[str, object]:
    """The configuration for the pictures of three subjects, one of each dataset."""
    with open(pictures / "manifest.csv") as handle:
        rows = [row for row in csv.DictReader(handle) if (row["dataset"], row["subject"]) in SUBJECTS]
    three = root / "three"
    for row in rows:
        (three / row["image"]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(pictures / row["image"], three / row["image"])
    with open(three / "manifest.csv", "w", newline="") as handle:
        writer = csv.DictWriter(handle, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return {"datasets": {"flow_images": {"source": str(three.resolve()), "accept": ["counts"]}}, **PICTURES}


# --- runs


@dataclass(frozen=True)
class Compared:
    """A run of both commits. ``largest`` and ``otherwise`` are None where it is not the same run."""

    name: str
    state: str
    largest: float | None = None
    otherwise: int | None = None

    def cells(self) -> list[str]:
        """The run as a row of the table."""
        largest = "" if self.largest is None else f"{self.largest:.1e}" if self.largest else "0"
        return [self.name, self.state, largest, "" if self.otherwise is None else str(self.otherwise)]


def _runs(results: Path) -> set[str]:
    return {path.parent.relative_to(results / "runs").as_posix() for path in results.glob("runs/*/*/*/predictions.csv")}


def compared(before: Path, after: Path, name: str) -> Compared:
    """Compare the predictions of a run."""
    other = _otherwise(before, after, name)
    if other:
        return Compared(name, f"another recipe ({', '.join(other)})")
    files = [results / "runs" / name / "predictions.csv" for results in (before, after)]
    if files[0].read_bytes() == files[1].read_bytes():
        return Compared(name, "same bytes", 0.0, 0)
    one, two = ({row["clip_id"]: row for row in _rows(path)} for path in files)
    if one.keys() != two.keys():
        return Compared(name, "other clips", None, len(one.keys() ^ two.keys()))
    places = [key for key in next(iter(one.values())) if key.startswith("p_")]
    was, now = (np.array([[float(rows[clip][key] or 0) for key in places] for clip in sorted(one)])
                for rows in (one, two))  # fmt: skip
    largest = float(np.abs(was - now).max()) if places else 0.0
    otherwise = sum(one[clip]["prediction"] != two[clip]["prediction"] for clip in one)
    return Compared(name, "other bytes", largest, otherwise)


def _otherwise(before: Path, after: Path, name: str) -> list[str]:
    """The keys of the recipe, of those that both commits know, that have other values."""
    recipes = [_recipe(results, name) for results in (before, after)]
    return sorted(key for key in recipes[0].keys() & recipes[1].keys() if recipes[0][key] != recipes[1][key])


def _recipe(results: Path, name: str) -> dict[str, object]:
    """The recipe that the records of a run's folds name."""
    text = (results / "runs" / name / "run.json").read_text()
    spec = json.loads(text).get("spec") or {}
    return dict(spec.get("recipe", {}))


def _rows(path: Path) -> list[dict[str, str]]:
    with open(path, newline="") as handle:
        return list(csv.DictReader(handle))


# --- tables


def _tables(before: Path, after: Path, other: set[str]) -> tuple[int, int]:
    """(tables in which every figure that both commits have is the same, all tables that both have), but for the
    models that are ``other`` ones."""
    names = {path.name for path in before.glob("tables/*.csv")} & {path.name for path in after.glob("tables/*.csv")}
    return sum(_same_table(other, before / "tables" / name, after / "tables" / name) for name in names), len(names)


def _same_table(other: set[str], *paths: Path) -> bool:
    one, two = ({row["model"]: row for row in _rows(path) if row["block"] in ("measured", "control")} for path in paths)
    figures = [key for key in next(iter(one.values())) if key.endswith("_mean")]
    both: Sequence[str] = sorted((one.keys() & two.keys()) - other)
    different = [(model, key) for model in both for key in figures if one[model][key] != two[model].get(key)]
    for model, key in different:
        print(f"{paths[0].name}: {model}, {key}: {one[model][key]} and {two[model].get(key)}", file=sys.stderr)
    return not different


if __name__ == "__main__":
    sys.exit(main())
