"""Writes a table in its four formats."""

from __future__ import annotations

import os
from pathlib import Path

from mebench.files import write_text
from mebench.statistics import table_statistics
from mebench.tables import as_csv, formats, statistics_csv
from mebench.tables.table import Table

FORMATS = {"csv": as_csv.render, "md": formats.markdown, "tex": formats.latex, "html": formats.page}
# what may follow the name of a table, which is all that a table with statistics has
ENDS = (*FORMATS, "statistics.json", "figures.csv", "differences.csv")
OF_STATISTICS = {"figures": statistics_csv.figures, "differences": statistics_csv.differences}


def write(table: Table, stem: str | os.PathLike) -> list[Path]:
    """Write ``<stem>.csv``, ``.md``, ``.tex`` and ``.html``; of a table with statistics also ``.statistics.json``,
    ``.figures.csv`` and ``.differences.csv``. Equal tables give equal bytes."""
    texts = {suffix: render(table) for suffix, render in FORMATS.items()}
    paths = [Path(f"{stem}.{suffix}") for suffix in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        write_text(path, text)
    if table.statistics is not None:
        paths.append(table_statistics.write(table.statistics, stem))
        for end, render in OF_STATISTICS.items():
            paths.append(Path(f"{stem}.{end}.csv"))
            write_text(paths[-1], render(table.statistics))
    return paths


def table_of_file(name: str) -> str:
    """The table that a file of this name is of: ``megc2019.figures.csv`` -> ``megc2019``."""
    longest = max((end for end in ENDS if name.endswith(f".{end}")), key=len, default="")
    return name.removesuffix(f".{longest}")
