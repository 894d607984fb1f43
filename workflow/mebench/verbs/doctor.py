"""Look at this machine and at the configured datasets: what is there, what is missing, repaired, or deviates.

Every dataset is read as `mebench index` reads it, which takes seconds to a minute each; nothing is written or
downloaded. The exit code is 1 when a configured dataset cannot be used as it is.
"""

from __future__ import annotations

import argparse
from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="configuration to check (default: config.yaml here)"
    )
    parser.add_argument("--frames", action="store_true", help="look at every frame of the datasets, which takes long")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes for --frames (default 1)")
    parser.add_argument("--json", action="store_true", help="print all findings as JSON")


def main(args: argparse.Namespace) -> int:
    import json

    from mebench.doctor import page

    found = examine(args.config or (Path("config.yaml") if Path("config.yaml").is_file() else None),
                    args.frames, args.jobs)  # fmt: skip
    print(json.dumps(found, indent=2, ensure_ascii=False) if args.json else page.page(found))
    return 0 if found["usable"] else 1


def examine(path: Path | None, every_frame: bool = False, jobs: int = 1) -> dict:
    """Software, machine, datasets and tasks, and whether all datasets are ``usable``; with ``every_frame`` bad clips
    too."""
    from mebench.config.loading import load_config
    from mebench.doctor import copies, frames, software, tasks

    config = load_config(path) if path else {"datasets": {}, "results": "results"}
    looked = {
        name: copies.look(name, entry, Path(config["results"])) for name, entry in sorted(config["datasets"].items())
    }
    clips = {name: reading.clips for name, (_, reading) in looked.items() if reading}
    whole = {name for name, (about, _) in looked.items() if about.get("whole")}
    for name, (record, reading) in looked.items() if every_frame else ():
        if reading:
            record["bad_clips"] = frames.look(reading.clips, Path(record["root"]), config["datasets"][name], jobs)
    about = [record for record, _ in looked.values()]
    return {
        "software": software.software(),
        "machine": software.machine(),
        "datasets": about,
        "tasks": tasks.look(clips, whole),
        "usable": all(record["state"] in ("good", "waiting") and not record.get("bad_clips") for record in about),
    }
