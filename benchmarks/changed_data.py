"""What the look at a source costs when snakemake starts: trees of empty files, made and deleted below a folder.

    python benchmarks/changed_data.py --files 500000
    python benchmarks/changed_data.py --files 3800000

Names are in the cache, because the tree was just made. Prints wall time and CPU time (user and system) of taking the
inventory, of a start where nothing changed, and of one where all times did.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from mebench.acquisition import inventory, state
from mebench.acquisition.record import SourceRecord
from mebench.files import write_json

IN_A_FOLDER = 100


def make_tree(root: Path, files: int) -> None:
    """Empty files in folders of ``IN_A_FOLDER``, thirty folders in one, as frames of clips of subjects."""
    for folder in range(-(-files // IN_A_FOLDER)):
        path = root / f"sub{folder // 30:05d}" / f"clip{folder:06d}"
        path.mkdir(parents=True)
        for number in range(min(IN_A_FOLDER, files - folder * IN_A_FOLDER)):
            os.close(os.open(path / f"img{number + 1:05d}.jpg", os.O_CREAT | os.O_WRONLY))
    (root / "labels.csv").write_text("clip,emotion\n")


def timed(name: str, function: Callable[[], object]) -> object:
    """Call ``function`` and print what it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = function()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{name:<42} {wall:7.2f} s wall  {cpu:7.2f} s of CPU", flush=True)
    return result


def main() -> None:
    """Make the tree, measure, delete it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=500_000)
    parser.add_argument("--below", type=Path, default=Path(tempfile.gettempdir()), help="folder for the tree")
    args = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="mebench-tree-", dir=args.below))
    try:
        root, results = work / "source", work / "results/sources/casme2"
        timed(f"making {args.files:,} empty files", lambda: make_tree(root, args.files - 1))
        record = SourceRecord("casme2", "folder", "folder", str(root), str(root))
        results.mkdir(parents=True)
        time.sleep(2.1)  # files that changed just now are read
        timed("mebench fetch: the inventory", lambda: state.keep(results / "source.json", record, {}, ""))
        write_json(results / "source.json", record.record())
        size = (results / inventory.NAME).stat().st_size
        looking = state.Looking("casme2", str(root), {}, results)
        print(f"the inventory has {size / 2**20:.1f} MiB, {inventory.read(results / inventory.NAME).count:,} files")
        for _ in range(3):
            same = timed("a start, nothing changed", lambda: state.look(looking))
            assert same.kind == "same", same
        for folder, _, _ in os.walk(root):
            os.utime(folder)
        if args.files <= inventory.LIMIT:
            for folder, _, names in os.walk(root):
                for name in names:
                    os.utime(os.path.join(folder, name))
        assert timed("a start, all times changed", lambda: state.look(looking)).kind == "same"
        assert timed("the start after that", lambda: state.look(looking)).kind == "same"
    finally:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
