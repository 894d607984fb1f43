"""What the tests of the long-video datasets share: folders of empty frames, and workbooks of a few rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import openpyxl

from mebench import cards, cli
from mebench.clips.clip import Clip


def frames(folder: Path, names: Iterable[str]) -> None:
    """Empty files: readers look at names only."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()


def workbook(path: Path, **sheets: Sequence[Sequence[object]]) -> None:
    """A workbook with these sheets; '_' in a sheet's name stands for a blank."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title.replace("_", " "))
        for row in rows:
            sheet.append(list(row))
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)


def read(dataset: str, root: Path):
    return cards.load("datasets", dataset).read(root)


def by_id(reading) -> dict[str, Clip]:
    return {clip.clip_id: clip for clip in reading.clips}


def times(clip: Clip) -> tuple[int, int, int]:
    return clip.onset, clip.apex, clip.offset


def refused(capsys, dataset: str, root: Path, out: Path, *says: str) -> None:
    """`mebench index` must fail with exit code 2, one sentence that holds ``says``, and nothing written."""
    capsys.readouterr()
    assert cli.main(["index", dataset, "--root", str(root), "--out", str(out)]) == 2
    sentences = [line for line in capsys.readouterr().err.splitlines() if line.startswith("mebench ")]
    assert len(sentences) == 1, sentences
    for part in says:
        assert part in sentences[0]
    assert not out.exists()
