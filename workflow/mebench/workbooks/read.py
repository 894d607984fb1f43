"""The sheets of a workbook, of either format, whatever its name says."""

from __future__ import annotations

from pathlib import Path

from mebench.workbooks import xls, xlsx
from mebench.workbooks.kind import FRESH, kind, unreadable
from mebench.workbooks.sheet import Sheet


def read_sheets(path: Path) -> list[Sheet]:
    """All sheets in their order; a UserError says what is wrong with the file, or what it is instead."""
    read = {"xlsx": xlsx.sheets, "xls": xls.sheets}[kind(path)]
    try:
        found = read(path)
    except Exception as error:  # the packages raise zip, XML, key and struct errors alike
        what = " ".join(str(error).split()) or type(error).__name__
        password = "encrypt" in what.lower() or "password" in what.lower()
        remedy = "open it in a spreadsheet program and save it without a password" if password else FRESH
        raise unreadable(path, what[:200], remedy) from error
    if not found:
        raise unreadable(path, "it has no sheets", FRESH)
    return found
