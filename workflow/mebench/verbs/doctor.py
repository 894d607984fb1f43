"""Look at this machine and at the configured datasets: what is there, what is missing, repaired, or deviates.

Reads every dataset as `mebench index` does, which takes seconds to a minute each. Nothing is downloaded, and no result
is written; with --full, what changed is noted for the next start of snakemake.
The exit code is 1 when a configured dataset cannot be used as it is.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from mebench.doctor.findings import Examination
    from mebench.protocols.tasks import Expected, TaskDefinition


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="configuration to check (default: config.yaml here)"
    )
    parser.add_argument("--frames", action="store_true", help="look at every frame of the datasets, which takes long")
    parser.add_argument("--full", action="store_true",
                        help="read every file that results were made from, as `mebench verify` does")  # fmt: skip
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes for --frames (default 1)")
    parser.add_argument("--json", action="store_true", help="print all findings as JSON")


def main(args: argparse.Namespace) -> int:
    import json

    from mebench.doctor.page import page

    config = args.config or (Path("config.yaml") if Path("config.yaml").is_file() else None)
    examination = examine(config, args.frames, args.jobs, args.full)
    text = json.dumps(examination.record(), indent=2, ensure_ascii=False) if args.json else page(examination)
    print(text)
    return 0 if examination.usable else 1


def examine(path: Path | None, every_frame: bool = False, jobs: int = 1, full: bool = False) -> Examination:
    """Software, machine, and the datasets and tasks of a configuration. With ``every_frame`` all frames are read, and
    bad clips are listed; with ``full`` all contents are compared with those that results were made from."""
    from mebench.clips.card import dataset_card
    from mebench.config.loading import load_config
    from mebench.config.own_tasks import own
    from mebench.doctor import copies, frames, software, tasks
    from mebench.doctor.findings import Examination

    settings = load_config(path) if path else None
    datasets, results = (settings["datasets"], Path(settings["results"])) if settings else ({}, Path("results"))
    clips, looked = {}, []
    for name, entry in sorted(datasets.items()):
        copy, reading = copies.look(name, entry, results)
        copy = replace(copy, changed=copies.changed(name, entry, results, full))
        if reading:
            clips[name] = reading.clips
            if every_frame:
                bad = frames.look(dataset_card(name), reading.clips, Path(copy.root), entry, jobs)
                copy = replace(copy, bad_clips=bad)
        looked.append(copy)
    written = [task for task in (settings["tasks"] if settings else ()) if not isinstance(task, str)]
    # an own task expects only what it says: the clips of its datasets are more than those of its classes
    expected = [cast("Expected", task.get("expected", {})) for task in written]
    defined: list[TaskDefinition] = [{**own(task), "expected": e} for task, e in zip(written, expected, strict=True)]
    whole = {copy.dataset for copy in looked if copy.contents and copy.contents.whole}
    return Examination(software.software(), software.machine(), looked, tasks.look(clips, whole, defined))
