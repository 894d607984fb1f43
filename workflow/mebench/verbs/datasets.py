"""List the registered datasets: what each holds, how its folder looks, and where to ask for its licence."""

from __future__ import annotations

import argparse


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object per dataset, as a list")


def main(args: argparse.Namespace) -> None:
    import json

    from mebench import cards
    from mebench.clips.card import dataset_card
    from mebench.papers import paper, with_paper

    names = cards.names("datasets")
    if args.json:
        entries = [with_paper(cards.card("datasets", name)) for name in names]
        print(json.dumps(entries, indent=2, ensure_ascii=False))
        return
    for card in map(dataset_card, names):
        print(f"{card.name}: {card.title}")
        print(f"  expected  {', '.join(f'{count:,} {name}' for name, count in card.expected.items())}")
        print(f"  classes   {', '.join(card.emotions)}")
        print(f"  files     {card.layout}")
        print(f"  licence   {card.licence}; {card.homepage}")
        if cited := paper(card.paper):
            print(f"  paper     {cited.byline}: {cited.title}. {cited.venue}, {cited.year}")
