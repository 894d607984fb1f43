"""Are the results still the same bytes? Runs the shipped benchmark and STSTNet on three subjects of flow pictures.

    python benchmarks/result_digests.py record --pictures /path/to/the/flow/pictures
    python benchmarks/result_digests.py compare --pictures ...

``record`` writes result_digests.json beside this file: SHA-256 of tables, predictions and histories, one seed. The last
bits of a network's arithmetic depend on torch and on the instruction sets that it uses, so both are recorded, and
``compare`` says those of both sides with the files that differ; it exits with 1 when any does. With --results it looks
at folders that are there instead.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from mebench import instruction_set
from mebench.runs import fold_file
from mebench.runs.records import record_of
from mebench.runs.where import cpu

PROJECT = Path(__file__).parents[1]
RECORD = Path(__file__).with_suffix(".json")
KEPT = ("tables/*.csv", "runs/*/*/*/predictions*.csv", "runs/*/*/*/history.csv")
SUBJECTS = (("casme2", "sub17"), ("samm", "014"), ("smic", "s03"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=["record", "compare"])
    parser.add_argument("--pictures", type=Path, help="the published flow pictures, with their manifest.csv")
    parser.add_argument("--results", type=Path, nargs=2, help="finished results of both instead")
    instruction_set.add_option(parser)
    args = parser.parse_args()
    if not (args.pictures or args.results):
        parser.error("give --pictures or --results")
    with tempfile.TemporaryDirectory() as folder:
        shipped, pictures = args.results or run(Path(folder), args.pictures, args.isa)
        now = {"made_with": made_with(shipped, pictures), "shipped": digests(shipped), "pictures": digests(pictures)}
    if args.verb == "record":
        RECORD.write_text(json.dumps(now, indent=1) + "\n")
        print(f"{len(now['shipped']) + len(now['pictures'])} digests in {RECORD}, made with {now['made_with']}")
        return 0
    return compare(json.loads(RECORD.read_text()), now)


def made_with(*results: Path) -> dict[str, list[str]]:
    """What the folds of these results say that they were made with: torch, and instruction sets."""
    runs = [run for folder in results for run in sorted(folder.glob("runs/*/*/seed*"))]
    records = [record_of(place) for run in runs for place in fold_file.places(run)]
    folds = [record.as_json() for record in records if record]
    isa = [fold.get("isa", {}) for fold in folds]
    return {
        "cpu": [cpu()],
        "torch": sorted({fold["versions"]["torch"] for fold in folds if "torch" in fold["versions"]}),
        "isa": sorted({one.get("choice", "unrecorded") for one in isa}),
        "torch_uses": sorted({one["torch"] for one in isa if one.get("torch")}),
        "processor": sorted({" ".join(one["processor"]) for one in isa if "processor" in one}),
        "limits": sorted({" ".join(f"{k}={v}" for k, v in one["limits"].items()) for one in isa if "limits" in one}),
    }


def run(folder: Path, pictures: Path, isa: str) -> tuple[Path, Path]:
    """Run both configurations in ``folder``; gives their results."""
    config = yaml.safe_load((PROJECT / "config.long-tour.yaml").read_text()) | {
        "seeds": [0],
        "results": str(folder / "shipped"),
    }
    start(folder / "shipped.yaml", config, isa)
    plain = {"name": "ststnet", "model": "ststnet", "preset": "plain"}  # the recipe of the recorded runs
    models = [plain, {"name": "ststnet-port", "model": "ststnet", "variant": "port"}, "oracle"]
    source = {"source": str(three(pictures, folder / "three")), "accept": ["counts"]}
    start(folder / "pictures.yaml", {
        "results": str(folder / "pictures"), "datasets": {"flow_images": source}, "tasks": ["megc2019-flow"],
        "models": models, "seeds": [0],
    }, isa)  # fmt: skip
    return folder / "shipped", folder / "pictures"


def start(file: Path, config: dict, isa: str) -> None:
    file.write_text(yaml.safe_dump(config))
    command = ["snakemake", "--cores", "2", "--quiet", "--configfile", file, "--config", f"isa={isa}"]
    subprocess.run(command, cwd=PROJECT, check=True)


def three(pictures: Path, out: Path) -> Path:
    """The pictures of three subjects, one of each dataset."""
    with open(pictures / "manifest.csv") as handle:
        rows = [row for row in csv.DictReader(handle) if (row["dataset"], row["subject"]) in SUBJECTS]
    for row in rows:
        (out / row["image"]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(pictures / row["image"], out / row["image"])
    with open(out / "manifest.csv", "w", newline="") as handle:
        writer = csv.DictWriter(handle, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return out


def digests(results: Path) -> dict[str, str]:
    """File -> SHA-256, for the files that hold results."""
    paths = sorted(path for pattern in KEPT for path in results.glob(pattern))
    return {path.relative_to(results).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def compare(old: dict[str, dict[str, str]], now: dict[str, dict[str, str]]) -> int:
    """Say which files differ; 1 where any does."""
    wrong = 0
    for part in ("shipped", "pictures"):
        for name in sorted(old[part].keys() | now[part].keys()):
            if old[part].get(name) != now[part].get(name):
                wrong += 1
                word = "new" if name not in old[part] else "absent" if name not in now[part] else "differs"
                print(f"{word}: {part}/{name}")
    print(f"{len(now['shipped']) + len(now['pictures'])} files looked at, {wrong} differ")
    print(f"recorded with {old.get('made_with', old.get('machine'))}\nmade now with {now['made_with']}")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
