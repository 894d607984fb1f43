"""Random corruptions of small generated copies of each dataset. Nothing may end in a traceback or last over 30 seconds.
A clip that was not touched must stay the same: its row of clips.csv and its input.

    nice python benchmarks/fuzz.py --count 1000 --seed 0 [--dataset casme2 samm]

A clip that was touched is refused (one sentence), dropped on record, or changed: then the new value is a legal one, the
table of clips or the input differs from the earlier one, and a look at the source says that it changed. The counts are
printed as a table. Runs in one process.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import numpy as np
from corruptions import ALL, CORRUPTIONS, Copy, Touched
from texts import TEXTS

from mebench import cards, cli
from mebench.acquisition import state
from mebench.clips.clip import Clip, read_clips
from mebench.config import input_names
from mebench.errors import UserError
from mebench.files import digest
from mebench.inputs.build import maker_class
from mebench.media.unavailable import Unavailable
from mebench.names import readable

SECONDS = 30  # for one corruption, all that is read of it included
OUTCOMES = ("refused", "dropped", "changed", "the same")


@dataclass(frozen=True)
class Fault:
    """What must not happen: the corruption that made it, and what came of it."""

    dataset: str
    number: int
    corruption: str
    what: str

    def __str__(self) -> str:
        return f"{self.dataset} {self.number} ({self.corruption}): {self.what}"


class Whole:
    """A small copy of a dataset that is whole, its clips and their inputs."""

    def __init__(self, dataset: str, place: Path) -> None:
        self.dataset, self.root = dataset, place / dataset
        _generate(dataset, self.root, place / "truth")
        self.rows, _ = index(dataset, self.root, place / "index")
        self.clips = {clip.clip_id: clip for clip in self.rows}
        pictures = cards.card("datasets", dataset)["delivers"] == "pictures"
        self.spec = input_names.parse("apex_flow-28" if pictures else "frames-28")
        self.maker = maker_class(self.spec, pictures)
        self.inputs = {key: self.input(clip, self.root) for key, clip in self.clips.items()}
        self.copy = Copy(self.root, self.clips)
        self.copy.rows = _rows_of_clips(self, place)

    def input(self, clip: Clip, root: Path) -> str:
        """The digest of the input of a clip, or why there is none."""
        try:
            made = self.maker(self.spec, root).make(clip)
        except (UserError, Unavailable) as reason:
            return f"refused: {type(reason).__name__}"
        return digest(np.ascontiguousarray(made.array).tobytes(), str(made.array.shape))


def _generate(dataset: str, root: Path, truth: Path) -> None:
    from mebench.synthetic import generate

    with contextlib.redirect_stderr(io.StringIO()):
        size = "brief" if dataset in generate.VIDEOS else "small"
        generate.write(dataset, root, truth, subjects=2, clips=1, seed=0, size=size)
    for path in root.glob("*.xlsx"):  # values for formulas, which are lost when a workbook is edited
        import openpyxl

        openpyxl.load_workbook(path, data_only=True).save(path)


def index(dataset: str, root: Path, out: Path) -> tuple[list[Clip], str]:
    """`mebench index`: the clips and the report; a UserError where it is refused."""
    from mebench.verbs import index as verb

    parser = argparse.ArgumentParser()
    verb.arguments(parser)
    words = [dataset, "--root", str(root), "--out", str(out / "clips.csv"), "--accept", "counts", "edition", "depth"]
    with contextlib.redirect_stdout(io.StringIO()):
        verb.main(parser.parse_args(words))
    return read_clips(out / "clips.csv"), (out / "report.md").read_text(encoding="utf-8")


def _rows_of_clips(whole: Whole, place: Path) -> dict[tuple[str, str, int], set[str]]:
    """(workbook, sheet, row) -> clips that are others when the row is blank."""
    import openpyxl

    rows = {}
    for path in sorted(whole.root.glob("*.xlsx")):
        kept = path.read_bytes()
        for title, number in _filled(path):
            book = openpyxl.load_workbook(path)
            for cell in book[title][number]:
                cell.value = None
            book.save(path)
            try:
                after = {clip.clip_id: clip for clip in index(whole.dataset, whole.root, place / "index")[0]}
                lost = {key for key, clip in whole.clips.items() if after.get(key) != clip}
                if 0 < len(lost) < len(whole.clips):
                    rows[path.name, title, number] = lost
            except UserError:  # a header, or a row that others need
                pass
            path.write_bytes(kept)
    return rows


def _filled(path: Path) -> list[tuple[str, int]]:
    import openpyxl

    book = openpyxl.load_workbook(path)
    return [(sheet.title, row[0].row) for sheet in book.worksheets for row in sheet.iter_rows(max_row=60)]


@contextlib.contextmanager
def limited(seconds: int = SECONDS) -> Iterator[None]:
    """Raises TimeoutError after so many seconds."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"not finished after {seconds} s")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def campaign(dataset: str, count: int, seed: int, place: Path) -> tuple[Counter[tuple[str, str]], list[Fault]]:
    """(how often each corruption had each outcome, what must not happen)."""
    whole = Whole(dataset, place)
    counts: Counter[tuple[str, str]] = Counter()
    faults = []
    without = () if whole.copy.rows else ("cells", "rows", "sheets", "files of workbooks")
    kinds = sorted({*CORRUPTIONS, *TEXTS, "archives"} - set(without))
    number = 0
    while number < count:
        chance = Random(f"{seed} {dataset} {number}")
        kind = chance.choice(kinds)
        begin = time.monotonic()
        try:
            with limited():
                outcome = one(whole, kind, chance, place)
        except Exception:  # that is what the campaign looks for
            outcome = Fault(dataset, number, kind, traceback.format_exc(limit=-4))
        if time.monotonic() - begin > SECONDS:
            outcome = Fault(dataset, number, kind, f"it took more than {SECONDS} s")
        if isinstance(outcome, tuple):
            outcome = Fault(dataset, number, f"{kind}, {outcome[0]}", outcome[1])
        if isinstance(outcome, Fault):
            faults.append(outcome)
        if outcome:
            counts[kind, "FAULT" if isinstance(outcome, Fault) else outcome] += 1
        number += 1
    return counts, faults


def one(whole: Whole, kind: str, chance: Random, place: Path) -> str | tuple[str, str]:
    """The outcome of one corruption, or (what it was, what must not happen)."""
    if kind in TEXTS:
        return TEXTS[kind](chance, whole.dataset, whole.rows, place / "text")
    shutil.rmtree(place / "copy", ignore_errors=True)
    # a path of its own for each, because readers remember what a folder of frames holds
    root = Path(tempfile.mkdtemp(dir=_made(place / "copy"))) / whole.dataset
    shutil.copytree(whole.root, root, copy_function=os.link)
    copy = Copy(root, whole.clips, whole.copy.rows)
    if kind == "archives":
        return _archive(whole, chance, copy, place)
    looking = _inventory(whole.dataset, root)
    for _ in range(20):
        if touched := CORRUPTIONS[kind](chance, copy):
            outcome = judged(whole, touched, root, chance, place / "index")
            # a look reads what is in a picture only where an input was made of it
            at_stake = kind != "pictures" and outcome in ("dropped", "changed", "refused")
            if at_stake and state.look(looking).kind == "same":
                return touched.what, f"{outcome}, but the source counts as unchanged since the earlier index"
            return outcome
    return ""


def _inventory(dataset: str, root: Path) -> state.Looking:
    """Fetch a copy as it is, so that a later look compares it with this moment."""
    folder = root.parent / "results" / "sources" / dataset
    with contextlib.redirect_stdout(io.StringIO()):
        code = cli.main(["fetch", dataset, "--source", str(root), "--out", str(folder / "source.json")])
    if code:
        raise ValueError(f"the whole copy of {dataset} is not fetched")
    return state.Looking(dataset, str(root), {}, folder)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def judged(whole: Whole, touched: Touched, root: Path, chance: Random, out: Path) -> str | tuple[str, str]:
    """What came of a corruption."""
    try:
        clips, report = index(whole.dataset, root, out)
    except (UserError, OSError) as refusal:
        return (touched.what, f"two lines: {refusal}") if "\n" in str(refusal) else "refused"
    after = {clip.clip_id: clip for clip in clips}
    names = whole.clips.keys() if touched.clips == ALL else touched.clips
    spared = sorted(whole.clips.keys() - names)
    for key in spared:
        if after.get(key) != whole.clips[key]:
            return touched.what, f"{key} was not touched, but is {after.get(key, 'gone')}"
    for key in chance.sample(spared, min(1, len(spared))):
        if whole.input(after[key], root) != whole.inputs[key]:
            return touched.what, f"the input of {key} was not touched, but is another one"
    outcomes = {_of_touched(whole, key, after, report, root, touched) for key in names}
    vanished = [what for what in outcomes if what.startswith("vanished")]
    if vanished:
        return touched.what, vanished[0]
    return next((outcome for outcome in OUTCOMES if outcome in outcomes), "the same")


def _of_touched(whole: Whole, key: str, after: dict[str, Clip], report: str, root: Path, touched: Touched) -> str:
    if key in after:
        made = whole.input(after[key], root)
        if made.startswith("refused") and not whole.inputs[key].startswith("refused"):
            return "refused"
        same = made == whole.inputs[key] and after[key] == whole.clips[key]
        return "the same" if same else "changed"
    if any(name in line for line in _dropped(report) for name in _names(whole, key, touched)):
        return "dropped"
    renamed = after.keys() - whole.clips.keys()
    return "changed" if renamed or touched.gone else f"vanished: {key} is gone and no row is dropped"


def _dropped(report: str) -> list[str]:
    """The lines of report.md on dropped rows."""
    part = report.partition("## Dropped rows")[2].partition("\n## ")[0]
    return [line for line in part.splitlines() if line.startswith("- ")]


def _names(whole: Whole, key: str, touched: Touched) -> list[str]:
    """How a record may call a clip: by its name, its folders, its rows, or the name that a folder was given."""
    clip = whole.clips[key]
    folders = clip.frames.split("/")[1:]
    rows = [f"row {row}" for (_, _, row), clips in whole.copy.rows.items() if key in clips]
    return [key, *folders, *rows, *(readable(name) for name in touched.names)]


def _archive(whole: Whole, chance: Random, copy: Copy, place: Path) -> str | tuple[str, str]:
    """The copy as a zip or tar archive with other bytes, fetched and read."""
    form = chance.choice(("zip", "tar", "gztar"))
    archive = Path(shutil.make_archive(str(place / "packed"), form, copy.root.parent, whole.dataset))
    data = bytearray(archive.read_bytes())
    way = chance.choice(("bytes changed", "cut short", "bytes appended", "whole"))
    if way == "bytes changed":
        for _ in range(chance.randint(1, 10)):
            data[chance.randrange(len(data))] ^= chance.randrange(1, 256)
    elif way == "cut short":
        del data[chance.randrange(1, len(data)) :]
    elif way == "bytes appended":
        data += bytes(chance.randrange(1, 2000))
    archive.write_bytes(data)
    record = copy.root.with_name("fetched") / "source.json"
    words = ["fetch", whole.dataset, "--source", str(archive), "--out", str(record)]
    said = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
        code = cli.main(words)
    archive.unlink()
    if code:
        return "refused"
    from mebench.acquisition.origin import data_root

    root = data_root(record)
    try:
        clips = {clip.clip_id: clip for clip in index(whole.dataset, root, place / "index")[0]}
    except UserError:
        return "refused"
    inputs = {key: whole.input(clip, root) for key, clip in clips.items()}
    same = {key: replace(clip, frames="") for key, clip in clips.items()}
    if same == {key: replace(clip, frames="") for key, clip in whole.clips.items()} and inputs == whole.inputs:
        return "the same"
    if form == "tar":  # has no checksums of what is in it
        return "changed"
    return f"{form}, {way}", "an archive with other bytes was read as another dataset"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000, help="corruptions of each dataset (default 1000)")
    parser.add_argument("--seed", type=int, default=0, help="of the random choices (default 0)")
    parser.add_argument("--dataset", nargs="*", default=cards.names("datasets"), help="default: all")
    args = parser.parse_args()
    total: Counter[tuple[str, str]] = Counter()
    bad: list[Fault] = []
    for dataset in args.dataset:
        begin = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            counts, faults = campaign(dataset, args.count, args.seed, Path(folder))
        total += counts
        bad += faults
        print(
            f"{dataset}: {args.count} corruptions in {time.monotonic() - begin:.0f} s, {len(faults)} faults", flush=True
        )
        for fault in faults:
            print(f"  {fault}", flush=True)
    print(table(total))
    return 1 if bad else 0


def table(counts: Counter[tuple[str, str]]) -> str:
    """Markdown: corruptions and their outcomes."""
    columns = (*OUTCOMES, "FAULT")
    lines = [f"| corruption | {' | '.join(columns)} |", f"| --- |{' ---: |' * len(columns)}"]
    for kind in sorted({kind for kind, _ in counts}):
        lines.append(f"| {kind} | {' | '.join(str(counts[kind, outcome]) for outcome in columns)} |")
    sums = [sum(n for (_, outcome), n in counts.items() if outcome == column) for column in columns]
    return "\n".join([*lines, f"| all | {' | '.join(map(str, sums))} |"])


if __name__ == "__main__":
    sys.exit(main())
