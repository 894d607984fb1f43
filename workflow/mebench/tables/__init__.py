"""Tables: pure functions of the scores, each described by one small YAML file of this folder."""

from __future__ import annotations

from mebench.tables.build import Table, build
from mebench.tables.description import Description, describe, names
from mebench.tables.scores import read_scores
from mebench.tables.write import FORMATS, write

__all__ = ["FORMATS", "Description", "Table", "build", "describe", "names", "read_scores", "write"]
