"""The statistics of a table for machines: all figures of its rows, and all differences between them, one a line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from mebench import formats
from mebench.statistics.table_statistics import DIGITS, TableStatistics


def figures(statistics: TableStatistics) -> str:
    """CSV text: each metric of each row and part with its interval."""
    return _text(formats.TABLE_FIGURES.names, (
        [getattr(one, name) for name in formats.TABLE_FIGURES.names] for one in statistics.figures))  # fmt: skip


def differences(statistics: TableStatistics) -> str:
    """CSV text: each pair of results that are compared, with interval and tests."""
    own = formats.TABLE_DIFFERENCES.names
    return _text(own, ([family.task, family.part, family.metric, *(getattr(pair, name) for name in own[3:])]
                       for family in statistics.families for pair in family.pairs))  # fmt: skip


def _text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    if value is None:
        return ""
    return f"{round(value, DIGITS) + 0.0:.{DIGITS}f}" if isinstance(value, float) else value
