"""A table as LaTeX; needs the package booktabs and nothing else."""

from __future__ import annotations

from mebench.tables import cells
from mebench.tables.build import BLOCKS, Row, Table

SPECIAL = {
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"$\sim$", "<": r"$<$", ">": r"$>$",
    "±": r"$\pm$", "†": r"$^\dagger$",
}  # fmt: skip


def escape(text: str) -> str:
    """Text as LaTeX prints it."""
    return "".join(SPECIAL.get(character, character) for character in " ".join(text.split()))


def render(table: Table) -> str:
    """LaTeX text: a ``table*`` with caption, label, grouped headings and the notes in small print below."""
    numbers = cells.notes(table)
    width = len(cells.FIXED) + len(table.columns)
    body: list[str] = []
    for block, title in BLOCKS.items():
        rows = table.block(block)
        if rows:
            body += [r"\midrule", rf"\multicolumn{{{width}}}{{l}}{{\emph{{{title}}}}} \\"]
            body += [_row(table, row, numbers) for row in rows]
    lines = [
        r"% needs \usepackage{booktabs}",
        r"\begin{table*}",
        r"\centering\footnotesize\setlength{\tabcolsep}{3pt}",
        rf"\caption{{{escape(table.title)}. {escape(' '.join(table.caption))}}}",
        rf"\label{{tab:{table.name}}}",
        rf"\begin{{tabular}}{{rllrr{'c' * len(table.columns)}l}}",
        r"\toprule",
        *_head(table),
        *body,
        r"\bottomrule",
        r"\end{tabular}",
        *_below(table, numbers),
        r"\end{table*}",
    ]
    return "\n".join(lines) + "\n"


def _head(table: Table) -> list[str]:
    groups, rules, at = [], [], 6
    for title, span in cells.heads(table):
        groups.append(rf"\multicolumn{{{span}}}{{c}}{{{escape(title)}}}")
        rules.append(rf"\cmidrule(lr){{{at}-{at + span - 1}}}")
        at += span
    names = [*map(escape, cells.FIXED[:5]), *(escape(c.header) for c in table.columns), cells.FIXED[5]]
    return [
        " & ".join(["", "", "", "", "", *groups, ""]) + r" \\",
        "".join(rules),
        " & ".join(names) + r" \\",
    ]


def _row(table: Table, row: Row, numbers: dict[str, int]) -> str:
    name = escape(cells.method(row)) + (rf"\,\textsuperscript{{{numbers[row.note]}}}" if row.note else "")
    figures = [_figure(row, (c.part, c.metric)) for c in table.columns]
    seeds = str(row.seeds) if row.seeds else ""
    fields = [
        str(row.rank or ""),
        name,
        cells.selection(row),
        cells.folds(row),
        seeds,
        *figures,
        ", ".join(row.source),
    ]
    return " & ".join(fields) + r" \\"


def _figure(row: Row, key: tuple[str, str]) -> str:
    cell = row.cells.get(key)
    if cell is None:
        return ""
    text = escape(cells.mean(cell))
    text = rf"\textbf{{{text}}}" if key in row.best else text
    spread = cells.spread(cell)
    text += rf"\,{{\scriptsize$\pm${spread}}}" if spread else ""
    partial = cells.partial(cell, row)
    return text + (rf"\,{{\scriptsize {partial}}}" if partial else "")


def _below(table: Table, numbers: dict[str, int]) -> list[str]:
    lines = [rf"\textsuperscript{{{number}}}\,{escape(note)}" for note, number in numbers.items()]
    lines += [escape(note) for note in table.notes]
    lines += [f"{letter}: {escape(text)}" for letter, text in table.sources.items()]
    return [r"\par\smallskip\raggedright\scriptsize", *(f"{line}\\par" for line in lines)] if lines else []
