"""List the models and controls with what their cards say."""

from __future__ import annotations

import argparse
import json


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the cards as JSON, one object per model")
    parser.add_argument("--markdown", action="store_true", help="print a Markdown table")


def main(args: argparse.Namespace) -> None:
    from mebench import cards

    all_cards = [cards.card("models", name) for name in cards.names("models")]
    if args.json:
        print(json.dumps(all_cards, indent=1, ensure_ascii=False))
        return
    header = ("name", "title", "kind", "input", "parameters", "paper")
    rows = [header, *(row(card) for card in all_cards)]
    if args.markdown:
        rows.insert(1, ("---",) * len(header))
        print("\n".join("| " + " | ".join(cells) + " |" for cells in rows))
        return
    widths = [max(len(r[i]) for r in rows) for i in range(len(header))]
    print("\n".join("  ".join(cell.ljust(w) for cell, w in zip(r, widths, strict=True)).rstrip() for r in rows))


def row(card: dict) -> tuple[str, ...]:
    """One line of the table of models."""
    paper, inputs = card["paper"], card["inputs"]
    shape = f"{inputs['kind']} {len(inputs['channels'])}x{inputs['size']}x{inputs['size']}"
    cited = f"{paper['authors'].split(',')[0]} et al., {paper['venue']} {paper['year']}" if paper else ""
    return card["name"], card["title"], card["kind"], shape, f"{card['parameters']:,}", cited
