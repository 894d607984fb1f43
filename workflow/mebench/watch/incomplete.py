"""Files that are incomplete, because they were made after a failure: how they are recognised."""

from __future__ import annotations

from pathlib import Path

OLD = 946684800  # 1 January 2000: the time stamp of such a file, older than all files that it is made from


def missing_file(results: Path) -> Path:
    """The file with the summary of what is missing."""
    return results / "partial" / "missing.txt"


def is_incomplete(path: Path) -> bool:
    """Whether a file was made after a failure, of what was there, and has to be made again."""
    return path.is_file() and int(path.stat().st_mtime) == OLD


def in_tree(target: str, results: Path) -> bool:
    """Whether a target is among the partial results, which no rule makes."""
    path = Path(target)
    return path.exists() and path.resolve().is_relative_to((results / "partial").resolve())


def sentences(target: str, results: Path) -> list[str]:
    """Sentences about an incomplete target: what it is, and what was missing when it was made. Empty for other
    targets."""
    path, inside = Path(target), in_tree(target, results)
    if not inside and not is_incomplete(path):
        return []
    if inside:
        lines = [f"{target} is incomplete: `mebench partial` made it of what was there; no rule makes it."]
    else:
        lines = [f"{target} is incomplete: it was made of what was there, at the end of a command that failed. "
                 "Its time stamp is of the year 2000, so that the next start makes it again."]  # fmt: skip
    summary = missing_file(results)
    if summary.is_file():
        missing = summary.read_text(encoding="utf-8").splitlines()
        lines += [f"What was missing ({summary}):", *(f"  {line}" for line in missing)]
    return [*lines, ""]
