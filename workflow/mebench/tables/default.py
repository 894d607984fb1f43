"""The table of a task that has no table file: the columns that the card of its kind names, on all clips and on each
dataset."""

from __future__ import annotations

from mebench import cards, tasks
from mebench.protocols.tasks import task as definition_of
from mebench.tables.description import Column, Description, column


def default(name: str) -> Description:
    """The description of the table that is called like the task ``name``; an unknown task is a UserError."""
    definition = definition_of(name)
    datasets = definition["datasets"] if len(definition["datasets"]) > 1 else []
    parts = {"all": "All clips"} | {dataset: cards.card("datasets", dataset)["title"] for dataset in datasets}
    card = tasks.card(definition)
    per_part = card["columns"]["part"]
    of_parts = [column(d, metric, header, card["metrics"]) for d in datasets for metric, header in per_part]
    return Description(
        name=name, title=definition["title"], task=name, columns=(*overview(card), *of_parts), parts=parts,
        caption=card["caption"], notes=("No published row has been entered for this task.",),
    )  # fmt: skip


def overview(card: dict) -> tuple[Column, ...]:
    """The columns of all clips, from the ``card`` of a kind of task."""
    return tuple(column("all", metric, header, card["metrics"]) for metric, header in card["columns"]["all"])
