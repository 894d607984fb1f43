"""A table for machines: one line per row, figures in 0..1 with mean, sd and number of seeds apart."""

from __future__ import annotations

import csv
import io

from mebench.tables.description import Key
from mebench.tables.printed import DERIVED, as_fraction
from mebench.tables.table import Row, Table

PLAIN = ("block", "rank", "method", "model", "selection", "peeked", "origin", "folds_done", "folds_expected",
         "clips", "left_out", "n_seeds", "source", "derived", "note", "audit", "audit_failed")  # fmt: skip

SURE = ("low", "high", "spread_subjects")


def render(table: Table) -> str:
    """CSV text. Empty fields are figures that nobody measured or read.

    ``origin`` says what a row was measured on: synthetic, licensed, pictures, or that it is published. Only a table of
    merged archives has the column ``origin_archive``, before the figures. The last columns have ``letters`` (rows that
    share one are ties) and the interval of each figure over subjects.
    """
    keys = [column.key for column in table.columns]
    merged = any(row.origin_archive for row in table.rows)
    figures = [f"{key.part}_{key.metric}_{name}" for key in keys for name in ("mean", "sd", "n_seeds")]
    sure = ["letters", *(f"{key.part}_{key.metric}_{name}" for key in keys for name in SURE)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((*PLAIN, *(["origin_archive"] if merged else []), *figures, *sure))
    for row in table.rows:
        origin = [row.origin_archive] if merged else []
        figures = [field for key in keys for field in _figure(row, key)]
        between = [field for key in keys for field in _sure(row, key)]
        writer.writerow((*_plain(row), *origin, *figures, row.letters, *between))
    return text.getvalue()


def _plain(row: Row) -> tuple[object, ...]:
    yes = {True: "yes", False: "no"}
    measured = (row.folds_done, row.folds_expected, row.clips, row.left_out, row.seeds)
    counts = measured if row.block not in ("published", "missing") else ("",) * len(measured)
    return (row.block, row.rank or "", row.method, row.model, row.selection, yes[row.peeked], row.origin,
            *counts, " ".join(row.source), yes[row.derived], row.note, row.audit, row.audit_failed)  # fmt: skip


def _figure(row: Row, key: Key) -> tuple[str, str, str]:
    cell = row.cells.get(key)
    if cell is None:
        return "", "", ""
    if cell.printed:
        return as_fraction(cell.printed).lstrip(DERIVED), "", ""
    return f"{cell.mean:.6f}", f"{cell.sd:.6f}" if cell.sd is not None else "", str(cell.seeds)


def _sure(row: Row, key: Key) -> tuple[str, ...]:
    cell = row.cells.get(key)
    values = (getattr(cell, name) if cell else None for name in SURE)
    return tuple("" if value is None else f"{value:.6f}" for value in values)
