"""How a row's texts are spelled, the same in every format that people read."""

from __future__ import annotations

from mebench.tables.build import Cell, Row, Table, shown

DAGGER = "†"
FIXED = ("#", "Method", "Selection", "Folds", "Seeds", "Source")


def mean(cell: Cell) -> str:
    """The figure with 4 decimals, or with the digits it was printed with."""
    return shown(cell.printed) if cell.printed else f"{cell.mean:.4f}"


def spread(cell: Cell) -> str:
    """The standard deviation with 4 decimals, empty for a single seed and for published figures."""
    return f"{cell.sd:.4f}" if cell.sd is not None else ""


def partial(cell: Cell, row: Row) -> str:
    """Says so if only some of the row's seeds have this figure."""
    return f"(n={cell.seeds})" if row.block != "published" and cell.seeds < row.seeds else ""


def method(row: Row) -> str:
    """The method's name with the dagger of peeked rows."""
    return f"{row.method} {DAGGER}" if row.peeked else row.method


def selection(row: Row) -> str:
    """last, inner, or ``peeked`` for a test epoch; empty where nobody knows."""
    return "peeked" if row.peeked else row.selection


def folds(row: Row) -> str:
    """n/N of the weakest seed; empty for published rows."""
    return f"{row.folds_done}/{row.folds_expected}" if row.block not in ("published", "missing") else ""


def notes(table: Table) -> dict[str, int]:
    """Footnotes of rows, numbered in the order of their first appearance; equal notes share a number."""
    numbers: dict[str, int] = {}
    for row in table.rows:
        if row.note:
            numbers.setdefault(row.note, len(numbers) + 1)
    return numbers


def heads(table: Table) -> list[tuple[str, int]]:
    """Headings over neighbouring columns of one part: (heading, columns below it)."""
    groups: list[tuple[str, str, int]] = []
    for column in table.columns:
        if groups and groups[-1][0] == column.part:
            groups[-1] = (*groups[-1][:2], groups[-1][2] + 1)
        else:
            groups.append((column.part, table.parts[column.part], 1))
    return [(title, span) for _, title, span in groups]
