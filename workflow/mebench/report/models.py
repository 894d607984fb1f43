"""A model on the page: its card, and the recipe of each entry that ran it beside the one of the card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mebench import cards
from mebench.config.deviations import Deviation, deviations
from mebench.papers import Paper, paper
from mebench.report.runs import PooledRun


@dataclass(frozen=True)
class RecipeLine:
    """One key of the recipe: its value on the card, and in each entry; empty where it has none."""

    key: str
    card: object
    entries: tuple[object, ...]


@dataclass(frozen=True)
class ModelPart:
    """A model of one's own needs no more on its card than a title; ``parameters`` is None where it has no number."""

    name: str
    title: str
    control: bool
    paper: Paper | None
    parameters: int | None
    inputs: object
    notes: object
    deviations: tuple[Deviation, ...]
    entries: tuple[str, ...]
    recipe: tuple[RecipeLine, ...]


def model_part(name: str, runs: Sequence[PooledRun]) -> ModelPart:
    """Read a model's card, and from the ``runs`` what its entries were trained with."""
    card = cards.card("models", name)
    entries: dict[str, dict[str, object]] = {}
    for run in runs:
        spec = run.record.spec
        if spec["model"] == name:
            entries[run.record.model] = {**spec["options"], **spec["recipe"]}
    recipe = card.get("recipe", {})
    keys = dict.fromkeys([*recipe, *(key for entry in entries.values() for key in entry)])
    return ModelPart(
        name=card["name"],
        title=card["title"],
        control=card.get("kind") == "control",
        paper=paper(card.get("paper")),
        parameters=card.get("parameters"),
        inputs=card.get("inputs"),
        notes=card.get("notes"),
        deviations=deviations(card),
        entries=tuple(entries),
        recipe=tuple(
            RecipeLine(key, recipe.get(key, ""), tuple(entry.get(key, "") for entry in entries.values()))
            for key in keys
        ),
    )
