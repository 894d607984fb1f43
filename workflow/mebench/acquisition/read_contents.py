"""Which contents results were made from: SHA-256 of every frame that an input or a face was made from.

Each part of an input, and of faces, keeps them under ``frames``, by the path of the frame below the dataset's folder.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from mebench.files import file_digest

THREADS = 8
TOGETHER = 64  # files that a thread takes at once: to hand over one takes longer than to read a small frame
LENGTH = 32  # hexadecimal digits of a SHA-256 that parts keep


@dataclass
class ReadContents:
    """``frames`` maps a frame to the digests that parts keep of it: several where parts are of different age.
    ``complete`` is False where a part does not say what it was made from, so that any frame may be among it."""

    frames: dict[str, set[str]] = field(default_factory=dict)
    complete: bool = True

    def of_folder(self, folder: str) -> list[str]:
        """The frames that lie in a folder, whose name ends with a slash, not those in folders below."""
        return [name for name in self.frames if name.startswith(folder) and "/" not in name[len(folder) :]]


def read_contents(results: Path, dataset: str) -> ReadContents:
    """What all inputs and faces of a dataset were made from, those of other configurations in these results too."""
    read = ReadContents()
    parts = [
        *(results / "inputs" / dataset).glob("*/parts/*.json"),
        *(results / "faces" / dataset).glob("parts/*.json"),
    ]
    for part in parts:
        try:
            frames = json.loads(part.read_text(encoding="utf-8")).get("frames")
        except (OSError, ValueError):
            continue  # of a part that is being written, or damaged, nothing is made
        if frames is None:
            read.complete = False
        for name, sha256 in (frames or {}).items():
            read.frames.setdefault(name, set()).add(sha256)
    return read


def digests(paths: Sequence[Path]) -> list[str]:
    """SHA-256 of each file; empty where it cannot be read."""
    groups = [paths[at : at + TOGETHER] for at in range(0, len(paths), TOGETHER)]
    with ThreadPoolExecutor(THREADS) as pool:
        return [one for group in pool.map(_digests, groups) for one in group]


def _digests(paths: Sequence[Path]) -> list[str]:
    return [_digest(path) for path in paths]


def _digest(path: Path) -> str:
    try:
        return file_digest(path)
    except OSError:
        return ""


def agree(sha256: str, known: Iterable[str]) -> bool:
    """Whether a file has the content that is known of it; several different ones are no knowledge."""
    beginnings = {one[:LENGTH] for one in known}
    return beginnings == {sha256[:LENGTH]}
