"""7z, rar and archives in volumes: unpacked by a program of this machine, after its list of the contents was checked.

Each program is asked for the list first; a path that leads out of the folder, or any link, refuses the archive before
anything is written. What was unpacked is checked once more.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mebench.acquisition.members import check_room, check_tree, inside, password
from mebench.errors import UserError

WORDS_OF_PASSWORDS = re.compile(r"password|encrypted|passphrase", re.IGNORECASE)


@dataclass(frozen=True)
class Entry:
    """One line of a program's list; ``link`` is any link or device."""

    name: str
    size: int
    link: bool
    protected: bool = False


@dataclass(frozen=True)
class Program:
    """How a program lists (``%a`` is the archive) and unpacks (``%f``: the folder); ``read`` understands its list."""

    name: str
    kinds: Sequence[str]
    listing: Sequence[str]
    read: Callable[[str], list[Entry]]
    extraction: Sequence[str]


def _read_7z(text: str) -> list[Entry]:
    entries = []
    for block in re.split(r"\n\s*\n", text):
        values = dict(line.split(" = ", 1) for line in block.splitlines() if " = " in line)
        if "Path" not in values:
            continue
        # 'A lrwxrwxrwx' where the archive was made on Unix
        mode = values.get("Attributes", "").rpartition(" ")[2]
        link = bool(values.get("Symbolic Link") or values.get("Hard Link")) or mode[:1] in tuple("lcbps")
        size = int(values["Size"]) if values.get("Size", "").isdigit() else 0
        entries.append(Entry(values["Path"].replace("\\", "/"), size, link, values.get("Encrypted") == "+"))
    return entries


def _read_lsar(text: str) -> list[Entry]:
    listing = json.loads(text)
    if listing.get("lsarError"):
        raise ValueError("lsar reports an error")
    return [
        Entry(
            str(entry["XADFileName"]),
            int(entry.get("XADFileSize", 0)),
            bool(entry.get("XADIsLink") or entry.get("XADIsHardLink") or entry.get("XADIsCharacterDevice")),
            bool(entry.get("XADIsEncrypted")),
        )
        for entry in listing["lsarContents"]
    ]


def _read_unrar(text: str) -> list[Entry]:
    entries = []
    for block in re.split(r"\n\s*\n", text):
        values = dict(re.findall(r"^\s*([\w ]+?): (.*)$", block, re.MULTILINE))
        if "Name" not in values or "Type" not in values:
            continue
        link = values["Type"].strip() not in ("File", "Directory")
        size = int(values["Size"]) if values.get("Size", "").isdigit() else 0
        entries.append(Entry(values["Name"], size, link, "encrypted" in values.get("Flags", "")))
    return entries


def _read_bsdtar(text: str) -> list[Entry]:
    # -rw-r--r--  0 0      0           3 Nov 21 05:43 a b/x 1.txt
    line = re.compile(r"^(\S)\S{9}\S*\s+\S+\s+\S+\s+\S+\s+(\d+(?:,\s*\d+)?)\s+\w+\s+\d+\s+[\d:]+ (.*)$")
    entries = []
    for text_line in filter(None, text.splitlines()):
        match = line.match(text_line)
        if not match:
            raise ValueError(f"bsdtar lists '{text_line}'")
        size = int(match[2]) if match[2].isdigit() else 0
        entries.append(Entry(match[3], size, match[1] not in "-d"))
    return entries


def _seven(name: str) -> Program:
    # a password must be given, or the program waits for one
    kinds = ("7z", "rar", "zip", "volumes")
    return Program(name, kinds, (name, "l", "-slt", "-ba", "-sccUTF-8", "-pnone", "--", "%a"), _read_7z,
                   (name, "x", "-y", "-bso0", "-bsp0", "-sccUTF-8", "-pnone", "-o%f", "--", "%a"))  # fmt: skip


PROGRAMS = (
    _seven("7zz"),
    _seven("7z"),
    _seven("7za"),
    Program("unrar", ("rar",), ("unrar", "lt", "-p-", "-c-", "--", "%a"), _read_unrar,
            ("unrar", "x", "-p-", "-y", "-idq", "--", "%a", "%f/")),
    Program("unar", ("7z", "rar", "zip", "volumes"), ("lsar", "-json", "-password", "none", "%a"), _read_lsar,
            ("unar", "-quiet", "-force-overwrite", "-no-directory", "-password", "none", "-output-directory", "%f",
             "%a")),
    Program("bsdtar", ("7z", "rar", "zip"), ("bsdtar", "-tvf", "%a"), _read_bsdtar,
            ("bsdtar", "-xf", "%a", "-C", "%f", "--no-same-owner", "--no-same-permissions")),
)  # fmt: skip


def installed(kind: str) -> list[Program]:
    """The programs of this machine that may unpack ``kind`` (7z, rar, volumes), the preferred one first."""
    return [p for p in PROGRAMS if kind in p.kinds and all(shutil.which(c[0]) for c in (p.listing, p.extraction))]


def missing_program(kind: str) -> str:
    """What to install where no program unpacks ``kind``."""
    package = "unrar or unar" if kind == "rar" else "7zip"
    known = {"volumes": "an archive in several volumes", "zip": "a zip archive compressed with Deflate64"}
    named = known.get(kind, f"a {kind} archive")
    return (f"{named} needs one of the programs 7zz, 7z, unar, unrar or bsdtar, and none of them is installed here; "
            f"install {package} (package of that name in Debian, Ubuntu and conda-forge), or unpack it yourself and "
            f"give the folder")  # fmt: skip


def unpack(archive: Path, kind: str, folder: Path) -> None:
    """Unpack ``archive`` into ``folder`` with the first installed program that can read it."""
    programs = installed(kind)
    if not programs:
        raise UserError(f"cannot unpack {archive}: {missing_program(kind)}")
    message = ""
    for program in programs:
        code, text, message = _run(program.listing, archive, folder)
        try:
            entries = program.read(text) if code == 0 else None
        except (ValueError, KeyError, TypeError) as error:
            entries, message = None, str(error)
        if entries is None:  # not every program reads every rar
            if WORDS_OF_PASSWORDS.search(message):
                raise UserError(password(archive))
            continue
        _check(entries, archive, folder)
        code, _, message = _run(program.extraction, archive, folder)
        if code == 0:
            check_tree(folder, archive)
            return
        if WORDS_OF_PASSWORDS.search(message):
            raise UserError(password(archive))
        if "No space left" in message:
            raise UserError(
                f"the disk of {folder.parent} is full, so that {archive} cannot be unpacked there; make room"
            )
        break
    names = ", ".join(program.name for program in programs)
    reason = " ".join(message.split())[-200:] or "no reason was given"
    raise UserError(f"cannot unpack {archive}, it is damaged, cut short, or of a kind that {names} cannot read "
                    f"({reason}); get a fresh copy of it, or unpack it yourself and give the folder")  # fmt: skip


def _check(entries: Sequence[Entry], archive: Path, folder: Path) -> None:
    for entry in entries:
        inside(folder, entry.name, archive)
        if entry.protected:
            raise UserError(password(archive))
        if entry.link:
            raise UserError(f"{archive} holds the link {entry.name}; unpack it yourself and give the folder")
    check_room(sum(entry.size for entry in entries), folder, archive)


def _run(command: Sequence[str], archive: Path, folder: Path) -> tuple[int, str, str]:
    """(exit code, standard output, all that was said) of a command; a file name never looks like an option."""
    places = {"%a": str(archive.resolve()), "%f": str(folder.resolve())}
    arguments = [re.sub("%[af]", lambda match: places[match[0]], argument) for argument in command]
    done = subprocess.run(
        arguments,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        env=os.environ | {"LC_ALL": "C.UTF-8"},
        check=False,
    )
    return done.returncode, done.stdout, f"{done.stderr} {done.stdout if done.returncode else ''}"
