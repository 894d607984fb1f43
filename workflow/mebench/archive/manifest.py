"""What an archive says of itself, ``mebench-archive.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from mebench import __version__
from mebench.errors import UserError
from mebench.files import readable_json
from mebench.tables.absent import AbsentRun

FILE = "mebench-archive.json"
KIND, VERSION = "mebench archive", 1
FORMAT = f"{KIND} {VERSION}"


@dataclass(frozen=True)
class Manifest:
    """The keys of the file; ``formats.ARCHIVE`` explains each. ``absent`` are runs of the configuration that are not
    in the archive, ``unfinished`` those that lack folds."""

    name: str
    labels: bool
    absent: tuple[AbsentRun, ...] = ()
    unfinished: tuple[str, ...] = ()
    mebench: str = __version__
    format: str = FORMAT

    @property
    def complete(self) -> bool:
        """Whether every run of the configuration is there with all its folds."""
        return not (self.absent or self.unfinished)

    def as_json(self) -> str:
        """The text of the file."""
        return readable_json({**asdict(self), "complete": self.complete})


def read(text: bytes, where: str) -> Manifest:
    """The manifest of the archive ``where``; a UserError where this version cannot read it."""
    try:
        kept = json.loads(text)
        written = str(kept["format"])
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{FILE} of {where} is damaged ({error}); get the archive again") from error
    if written != FORMAT:
        raise UserError(f"{where} has the format '{written}', but this mebench reads '{FORMAT}'; {_remedy(written)}")
    known = {one.name for one in fields(Manifest)}
    try:
        values = {key: value for key, value in kept.items() if key in known}
        return Manifest(**{**values, "absent": _absent(kept["absent"]), "unfinished": tuple(kept["unfinished"])})
    except (KeyError, TypeError) as error:
        raise UserError(f"{FILE} of {where} is damaged ({error}); get the archive again") from error


def _absent(listed: list[Mapping[str, str | int]]) -> tuple[AbsentRun, ...]:
    return tuple(AbsentRun(**run) for run in listed)  # type: ignore[arg-type]


def _remedy(written: str) -> str:
    number = written.removeprefix(f"{KIND} ")
    if written.startswith(KIND) and number.isdigit() and int(number) > VERSION:
        return "update mebench"
    return "it was not made by mebench archive"
