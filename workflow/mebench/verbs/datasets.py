"""List the registered datasets: what each holds, what is expected where, and where its licence is asked for."""

from __future__ import annotations

import argparse


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object per dataset, as a list")


def main(args: argparse.Namespace) -> None:
    import json

    from mebench import cards
    from mebench.papers import paper, with_paper

    entries = [cards.card("datasets", name) for name in cards.names("datasets")]
    if args.json:
        print(json.dumps(list(map(with_paper, entries)), indent=2, ensure_ascii=False))
        return
    for card in entries:
        cited = paper(card["paper"])
        print(f"{card['name']}: {card['title']}")
        print(f"  expected  {', '.join(f'{count:,} {name}' for name, count in card['expected'].items())}")
        print(f"  classes   {', '.join(card['emotions'])}")
        print(f"  files     {card['layout']}")
        print(f"  licence   {card['licence']}; {card['homepage']}")
        print(f"  paper     {cited.byline}: {cited.title}. {cited.venue}, {cited.year}")
