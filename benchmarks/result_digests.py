"""Are the results still the same bytes? Runs the shipped benchmark and STSTNet on three subjects of flow pictures.

    python benchmarks/result_digests.py record --pictures /path/to/the/flow/pictures
    python benchmarks/result_digests.py compare --pictures ...

``record`` writes result_digests.json beside this file: SHA-256 of tables, predictions and histories, one seed. The last
bits of a network's arithmetic depend on the processor and on torch, so a record is of one machine; ``compare`` says
which files differ, and exits with 1 when any does. With --results it looks at folders that are there instead.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
import yaml

PROJECT = Path(__file__).parents[1]
RECORD = Path(__file__).with_suffix(".json")
KEPT = ("tables/*.csv", "runs/*/*/*/predictions*.csv", "runs/*/*/*/history.csv")
SUBJECTS = (("casme2", "sub17"), ("samm", "014"), ("smic", "s03"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=["record", "compare"])
    parser.add_argument("--pictures", type=Path, help="the published flow pictures, with their manifest.csv")
    parser.add_argument("--results", type=Path, nargs=2, help="finished results of both instead")
    args = parser.parse_args()
    if not (args.pictures or args.results):
        parser.error("give --pictures or --results")
    with tempfile.TemporaryDirectory() as folder:
        shipped, pictures = args.results or run(Path(folder), args.pictures)
        now = {"shipped": digests(shipped), "pictures": digests(pictures)}
    if args.verb == "record":
        about = {"processor": platform.processor() or platform.machine(), "torch": torch.__version__}
        RECORD.write_text(json.dumps({"machine": about} | now, indent=1) + "\n")
        print(f"{sum(map(len, now.values()))} digests in {RECORD}")
        return 0
    return compare(json.loads(RECORD.read_text()), now)


def run(folder: Path, pictures: Path) -> tuple[Path, Path]:
    """Run both configurations in ``folder``; gives their results."""
    config = yaml.safe_load((PROJECT / "config.yaml").read_text()) | {"seeds": [0], "results": str(folder / "shipped")}
    start(folder / "shipped.yaml", config)
    models = ["ststnet", {"name": "ststnet-port", "model": "ststnet", "variant": "port"}, "oracle"]
    source = {"source": str(three(pictures, folder / "three")), "accept": ["counts"]}
    start(folder / "pictures.yaml", {
        "results": str(folder / "pictures"), "datasets": {"flow_images": source}, "tasks": ["megc2019-flow"],
        "models": models, "seeds": [0],
    })  # fmt: skip
    return folder / "shipped", folder / "pictures"


def start(file: Path, config: dict) -> None:
    file.write_text(yaml.safe_dump(config))
    subprocess.run(["snakemake", "--cores", "2", "--quiet", "--configfile", file], cwd=PROJECT, check=True)


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
    print(f"{len(now['shipped']) + len(now['pictures'])} files looked at, {wrong} differ (recorded: {old['machine']})")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
