"""The page of file formats, made from the code: ``python docs/files.py --write``.

The columns and keys are those of ``mebench.formats``; what a kind of task adds is on its card. Without ``--write`` the
page is printed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

PROJECT = Path(__file__).parents[1]
PAGE = PROJECT / "docs/files.md"
sys.path.insert(0, str(PROJECT / "workflow"))

from mebench import cards, formats  # noqa: E402

HEAD = """# Files

<!-- made by docs/files.py from mebench.formats and the cards of the kinds of task; do not edit -->

These files are handed from one stage to the next, below `results/`. Each is written whole under another name, then
renamed into place. CSV files are UTF-8 with a header; all values are texts, and an empty one means that there is none.
JSON files have sorted keys. A digest is SHA-256 in hexadecimal digits. [results/README.md](../results/README.md) lists
what else lies there."""


def page() -> str:
    """The page, as Markdown."""
    parts = [HEAD]
    for one in formats.ALL:
        kind = "key" if one.path.endswith(".json") else "column"
        parts.append(f"## `{one.path}`\n\n{one.holds[0].upper()}{one.holds[1:]}. Written by: {one.writer}. Read by: "
                     f"{one.readers}.")  # fmt: skip
        if one.fields:
            parts.append(table(kind, ((field.name, field.type, field.meaning) for field in one.fields)))
        if one.more:
            parts.append(one.more)
        parts += [f"{card['title']}:\n\n{table(kind, rows)}" for card in kinds() if (rows := of_kind(one, card))]
        if one is formats.STAGE:
            parts += [text for card in kinds() for text in of_stage(card)]
    return "\n\n".join(parts) + "\n"


def table(head: str, rows: Iterable[tuple[str, str, str]]) -> str:
    """Name, type and meaning of each field."""
    lines = [f"| {head} | type | meaning |", "| --- | --- | --- |"]
    return "\n".join([*lines, *(f"| `{name}` | {kind} | {meaning or '&nbsp;'} |" for name, kind, meaning in rows)])


def of_stage(card: dict) -> list[str]:
    """The files that the stage of a kind of task writes."""
    return [
        f"## `{formats.RUN}/{name}`\n\nWritten by: score. Read by: plots.\n\n"
        + table("column", ((column, "text", meaning) for column, meaning in columns.items()))
        for name, columns in card.get("files", {}).items()
    ]


def kinds() -> list[dict]:
    """The cards of the kinds of task of the package."""
    return [cards.card("tasks", name) for name in cards.names("tasks")]


def of_kind(one: formats.Format, card: dict) -> list[tuple[str, str, str]]:
    """The columns that a kind of task adds to a file."""
    if one is formats.PREDICTIONS:
        numbers = {name: "number" if "<" in name else "text" for name in card["predictions"]}
        return [(name, numbers[name], meaning) for name, meaning in card["predictions"].items()]
    if one is formats.HISTORY:
        chosen = [(column, "number", f"how good the predictions of the epoch are, with the selection `{name}`")
                  for name, column in card["selection"].items()]  # fmt: skip
        return [(card["history"], "number", "mean agreement with the targets, as seen while training"), *chosen]
    if one is formats.STAGE:
        values = card.get("stage_values", {})
        allowed = {name: " or ".join(f"`{_yaml(value)}`" for value in some) for name, some in values.items()}
        return [(name, allowed.get(name, ""), f"default: `{_yaml(default)}`")
                for name, default in card.get("stage", {}).items()]  # fmt: skip
    if one is formats.SCORES:
        return [(name, _range(metric), metric["title"]) for name, metric in card["metrics"].items()]
    return []


def _yaml(value: object) -> str:
    return {"None": "null", "True": "true", "False": "false"}.get(str(value), str(value))


def _range(metric: dict) -> str:
    return "number from {} to {}".format(*metric["range"]) if "range" in metric else "number"


if __name__ == "__main__":
    if "--write" in sys.argv[1:]:
        PAGE.write_text(page(), encoding="utf-8")
    else:
        print(page(), end="")
