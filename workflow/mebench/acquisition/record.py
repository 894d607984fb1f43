"""The record of a dataset's source, source.json: what it was, and where it is to be read."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from mebench.errors import UserError
from mebench.files import read_json


@dataclass(frozen=True)
class ArchiveFile:
    """One file of an archive: its place below the owner's folder, its size and its SHA-256."""

    file: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class SourceRecord:
    """The fields are the keys of source.json (``formats.SOURCE``).

    ``kind`` is synthetic, folder, archive, archives (a folder of them) or url; ``origin`` is synthetic, folder or
    archive. ``source`` is what the configuration names, without a password; ``root`` is the folder to read.
    """

    dataset: str
    kind: str
    origin: str
    source: str
    root: str
    digest: str = ""
    archives: tuple[ArchiveFile, ...] = ()

    def record(self) -> dict[str, object]:
        """The JSON form."""
        return asdict(self)


def read_record(path: Path) -> SourceRecord:
    """The record of a source.json; a damaged one is a UserError."""
    about = read_json(path)
    try:
        archives = tuple(ArchiveFile(**one) for one in about.pop("archives", ()))
        return SourceRecord(**about, archives=archives)
    except TypeError as error:
        raise UserError(f"{path} is not what `mebench fetch` writes ({error}); delete it and run again") from error
