"""What a file is by its bytes, whatever its name says: a workbook that is read, or a sentence on what it is instead."""

from __future__ import annotations

import zipfile
from pathlib import Path

from mebench.errors import UserError

OLE, BIFF = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", (b"\x09\x08", b"\x09\x04\x06", b"\x09\x02\x06", b"\x09\x00\x04")
CONTROL = frozenset(map(chr, (*range(32), *range(127, 160)))) - set("\t\n\f\r")
SAVE = "open it in a spreadsheet program and save it as .xlsx"
FRESH = "get a fresh copy"

# beginnings of files, in small letters, that are often given the name of a workbook -> what they are, what to do
BEGINNINGS = (
    (b"%pdf", "a PDF", FRESH),
    (b"version https://git-lfs", "a pointer of Git LFS, not the file itself", "fetch the file with `git lfs pull`"),
    (b"\x1f\x8b", "a gzip archive", "unpack it"),
    (b"7z\xbc\xaf", "a 7z archive", "unpack it"),
    (b"rar!", "a rar archive", "unpack it"),
    (b"{\\rtf", "a text document (RTF)", FRESH),
)
# names in a zip archive -> what it is, what to do
MEMBERS = (
    ("xl/workbook.bin", "a binary workbook (.xlsb)", SAVE),
    ("content.xml", "a spreadsheet of LibreOffice (.ods)", SAVE),
    ("word/document.xml", "a text document (.docx)", FRESH),
    ("ppt/presentation.xml", "a presentation (.pptx)", FRESH),
    ("Index/Document.iwa", "a spreadsheet of Numbers", "export it as .xlsx"),
)


def kind(path: Path) -> str:
    """'xlsx' or 'xls'; a UserError says what a file is that is neither."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read the workbook {path} ({error.strerror}); check its permissions") from error
    if data.startswith(b"PK"):
        return _zip(path)
    if data.startswith(OLE):
        if _utf16("EncryptedPackage") in data or _utf16("EncryptionInfo") in data:
            raise unreadable(path, "it is protected by a password",
                             "open it in a spreadsheet program and save it without one")  # fmt: skip
        if _utf16("Workbook") in data or _utf16("Book") in data:
            return "xls"
        raise unreadable(path, "it is a file of another Office program", FRESH)
    if data.startswith(BIFF):
        return "xls"
    raise unreadable(path, *_other(data))


def unreadable(path: Path, reason: str, remedy: str) -> UserError:
    """The one sentence on a workbook that cannot be read."""
    return UserError(f"cannot read the workbook {path} ({reason}); {remedy}")


def _zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as file:
            names = set(file.namelist())
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as error:
        raise unreadable(path, f"it is damaged or cut short: {error}", FRESH) from error
    for name, what, remedy in MEMBERS:
        if name in names:
            raise unreadable(path, f"it is {what}", remedy)
    if "[Content_Types].xml" not in names or not any(name.lower().startswith("xl/") for name in names):
        raise unreadable(path, "it is a zip archive that holds no workbook", "unpack it, or get a fresh copy")
    return "xlsx"


def _other(data: bytes) -> tuple[str, str]:
    """(what the file is, what to do)."""
    if not data.strip(b"\0 \r\n\t"):
        return "it is empty", FRESH
    start = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for beginning, what, remedy in BEGINNINGS:
        if start.startswith(beginning):
            return f"it is {what}", remedy
    text = _text(data)
    if text is None:
        return "it is no workbook by its bytes", FRESH
    begin = text[:4096].lstrip("\ufeff \r\n\t").lower()
    if begin.startswith("<?xml") and "urn:schemas-microsoft-com:office:spreadsheet" in begin:
        return "it is an XML spreadsheet of 2003", SAVE
    if begin.startswith("<") and any(tag in begin for tag in ("<html", "<!doctype html", "<table", "<body", "<head")):
        return "it is a web page (HTML)", f"download the workbook itself, or, if the page shows its table, {SAVE}"
    line = begin.splitlines()[0]
    for separator, name in (("\t", "TSV, separated by tabs"), (";", "CSV, separated by semicolons"),
                            (",", "CSV, separated by commas")):  # fmt: skip
        if separator in line:
            return f"it is a table as text ({name})", SAVE
    return "it is text, not a workbook", FRESH


def _text(data: bytes) -> str | None:
    for encoding in ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8", "gb18030", "latin-1"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if any(letter in CONTROL for letter in text[:4096]) else text
    return None


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-le")
