"""List the models and controls with what their cards say."""

from __future__ import annotations

import argparse


def arguments(parser: argparse.ArgumentParser) -> None:
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print the cards as JSON, one object per model")
    form.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    form.add_argument("--page", action="store_true", help="print a page with a section per model (docs/models.md)")
    form.add_argument("--bibtex", action="store_true", help="print the papers that cards cite, as BibTeX")


def main(args: argparse.Namespace) -> None:
    import json

    from mebench import papers
    from mebench.catalogue import facts, listing, page

    cards = facts.every_card()
    if args.json:
        text = json.dumps(list(map(papers.with_paper, cards)), indent=1, ensure_ascii=False) + "\n"
    elif args.markdown:
        text = listing.markdown_table(listing.HEADER, listing.rows(cards), listing.NUMBERS) + "\n"
    elif args.page:
        text = page.render(cards)
    elif args.bibtex:
        text = papers.REFERENCES.read_text(encoding="utf-8")
    else:
        text = listing.plain_table(cards) + "\n"
    print(text, end="")
