"""A table as one HTML page that needs no network; a click on a heading sorts within each block."""

from __future__ import annotations

from html import escape

from mebench.tables import cells
from mebench.tables.build import BLOCKS, INCOMPLETE, Row, Table

STYLE = """
.mb-table { border-collapse: collapse; font-size: .86rem; line-height: 1.3; }
.mb-table { font-variant-numeric: tabular-nums; }
.mb-scroll { overflow-x: auto; }
.mb-table th, .mb-table td { padding: .28rem .42rem; vertical-align: top; text-align: right; }
.mb-table th, .mb-table td { white-space: nowrap; }
.mb-table .mb-text { text-align: left; }
.mb-table td.mb-method { white-space: normal; min-width: 13rem; }
.mb-table sup { line-height: 0; font-size: .7em; margin-left: .1em; }
.mb-table thead th { border-bottom: 1px solid #8a94a0; font-weight: 600; vertical-align: bottom; }
.mb-table thead tr.mb-groups th { text-align: center; border-bottom: 1px solid #c9d0d8; }
.mb-table thead tr.mb-groups th:empty { border-bottom: 0; }
.mb-table button { font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; }
.mb-table button:hover { color: #0064a0; text-decoration: underline; }
.mb-table th[aria-sort] button::after { content: " \\25B4"; }
.mb-table th[aria-sort=descending] button::after { content: " \\25BE"; }
.mb-table tbody th {
  text-align: left; padding-top: .8rem; color: #4a5663; font-weight: 600; border-bottom: 1px solid #e3e7ec;
}
.mb-table tbody tr:hover td { background: #f3f7fb; }
.mb-table .mb-sd { display: block; font-size: .78em; color: #66717d; }
.mb-table .mb-dim td { color: #66717d; }
.mb-table .mb-peeked td.mb-method, .mb-table td.mb-short { color: #a3480a; }
.mb-notes { font-size: .82rem; line-height: 1.45; color: #4a5663; max-width: 60rem; margin: .6rem 0; }
.mb-notes p { margin: .2rem 0; }
.mb-notes sup { line-height: 0; }
.mb-notes dl { display: grid; grid-template-columns: 1.6rem 1fr; margin: .3rem 0; }
.mb-notes dt { font-weight: 600; }
.mb-notes dd { margin: 0; }
.mb-notes .mb-synthetic {
  background: #fff3d6; border-left: 4px solid #d98e04; padding: .4rem .7rem; color: #5c3c00; font-weight: 600;
}
@media print {
  .mb-scroll { overflow: visible; }
  .mb-table { font-size: 7.5pt; }
  .mb-table th, .mb-table td { padding: .1rem .25rem; }
}
"""

# sorted within each tbody: published and control rows never mix with measured ones; empty cells stay last
SCRIPT = """
document.querySelectorAll(".mb-table").forEach(table => {
  const heads = [...table.querySelectorAll("thead tr:last-child th")];
  heads.forEach((head, at) => head.querySelector("button").addEventListener("click", () => {
    const text = head.classList.contains("mb-text");
    const first = text ? "ascending" : "descending";  // names from A, figures from the best
    const rising = (head.getAttribute("aria-sort") === first) !== text;
    const sign = rising ? 1 : -1;
    heads.forEach(other => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", rising ? "ascending" : "descending");
    const key = row => row.cells[at].dataset.sort ?? row.cells[at].textContent.trim();
    for (const body of table.tBodies) {
      const rows = [...body.rows].filter(row => row.cells.length > 1);
      rows.sort((a, b) => {
        const [x, y] = [key(a), key(b)];
        if (x === "" || y === "") return (x === "") - (y === "");
        return sign * (text ? x.localeCompare(y, "en") : x - y);
      });
      body.append(...rows);
    }
  }));
});
"""

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{
  font-family: system-ui, "Segoe UI", Roboto, "Liberation Sans", sans-serif; color: #1d2733;
  margin: 2rem auto; padding: 0 1rem; max-width: 84rem;
}}
h1 {{ font-size: 1.35rem; line-height: 1.3; }}
{style}</style>
</head>
<body>
<h1>{title}</h1>
{fragment}
<script>{script}</script>
</body>
</html>
"""


def page(table: Table) -> str:
    """A whole HTML page."""
    return PAGE.format(title=escape(table.title), style=STYLE, script=SCRIPT, fragment=fragment(table))


def fragment(table: Table) -> str:
    """Caption, table and notes; the page around them needs :data:`STYLE` and :data:`SCRIPT` once."""
    numbers = cells.notes(table)
    width = len(cells.FIXED) + len(table.columns)
    lines = [
        '<div class="mb-notes">',
        *_caption(table),
        "</div>",
        '<div class="mb-scroll">',
        '<table class="mb-table">',
        *_head(table),
    ]
    for block, title in BLOCKS.items():
        rows = table.block(block)
        if rows:
            lines += ["<tbody>", f'<tr><th colspan="{width}">{title}</th></tr>']
            lines += [_row(table, row, numbers) for row in rows]
            lines.append("</tbody>")
    return "\n".join([*lines, "</table>", "</div>", '<div class="mb-notes">', *_below(table, numbers), "</div>"])


def _caption(table: Table) -> list[str]:
    marked = [(table.synthetic and at == 0) or line.startswith(INCOMPLETE) for at, line in enumerate(table.caption)]
    kinds = [' class="mb-synthetic"' if mark else "" for mark in marked]
    return [f"<p{kind}>{escape(line)}</p>" for kind, line in zip(kinds, table.caption, strict=True)]


def _head(table: Table) -> list[str]:
    groups = "".join(f'<th colspan="{span}">{escape(title)}</th>' for title, span in cells.heads(table))
    names = [*cells.FIXED[:5], *(c.header for c in table.columns), cells.FIXED[5]]
    heads = "".join(_sorter(name) for name in names)
    return [
        "<thead>",
        f'<tr class="mb-groups">{"<th></th>" * 5}{groups}<th></th></tr>',
        f"<tr>{heads}</tr>",
        "</thead>",
    ]


def _sorter(name: str) -> str:
    kind = " class=mb-text" if name in ("Method", "Selection", "Source") else ""
    return f'<th scope="col"{kind}><button type="button">{escape(name)}</button></th>'


def _row(table: Table, row: Row, numbers: dict[str, int]) -> str:
    kinds = [kind for kind, yes in (("mb-peeked", row.peeked), ("mb-dim", row.peeked or not row.complete)) if yes]
    name = escape(cells.method(row)) + (f"<sup>{numbers[row.note]}</sup>" if row.note else "")
    short = "" if row.all_folds else ' class="mb-short"'
    fixed = [
        f"<td>{row.rank or ''}</td>",
        f'<td class="mb-text mb-method">{name}</td>',
        f'<td class="mb-text">{escape(cells.selection(row))}</td>',
        f'<td data-sort="{row.folds_done or ""}"{short}>{cells.folds(row)}</td>',
        f"<td>{row.seeds or ''}</td>",
    ]
    figures = [_figure(row, (c.part, c.metric)) for c in table.columns]
    source = f'<td class="mb-text">{", ".join(row.source)}</td>'
    start = f'<tr class="{" ".join(kinds)}">' if kinds else "<tr>"
    return "".join([start, *fixed, *figures, source, "</tr>"])


def _figure(row: Row, key: tuple[str, str]) -> str:
    cell = row.cells.get(key)
    if cell is None:
        return "<td></td>"
    text = escape(cells.mean(cell))
    text = f"<b>{text}</b>" if key in row.best else text
    spread, partial = cells.spread(cell), cells.partial(cell, row)
    below = " ".join(filter(None, [f"± {spread}" if spread else "", partial]))
    return f'<td data-sort="{cell.mean:.6f}">{text}{f"<span class=mb-sd>{below}</span>" if below else ""}</td>'


def _below(table: Table, numbers: dict[str, int]) -> list[str]:
    lines = [f"<p><sup>{number}</sup> {escape(note)}</p>" for note, number in numbers.items()]
    lines += [f"<p>{escape(note)}</p>" for note in table.notes]
    if table.sources:
        legend = "".join(f"<dt>{letter}</dt><dd>{escape(text)}</dd>" for letter, text in table.sources.items())
        lines += ["<p><b>Sources of the published rows</b></p>", f"<dl>{legend}</dl>"]
    return lines
