"""Tables: pure functions of the scores, each described by one small YAML file of this folder."""

from __future__ import annotations

from mebench.tables.build import build
from mebench.tables.description import Description
from mebench.tables.find import describe
from mebench.tables.scores import read_scores, scores_of
from mebench.tables.sure import with_statistics
from mebench.tables.table import Table
from mebench.tables.table_file import names
from mebench.tables.write import ENDS, FORMATS, table_of_file, write

__all__ = [
    "ENDS",
    "FORMATS",
    "Description",
    "Table",
    "build",
    "describe",
    "names",
    "read_scores",
    "scores_of",
    "table_of_file",
    "with_statistics",
    "write",
]
