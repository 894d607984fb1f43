"""The table of a task that has no table file: UF1, UAR and accuracy on all clips, UF1 and UAR of each dataset."""

from __future__ import annotations

from mebench import cards
from mebench.protocols.tasks import task as definition_of
from mebench.tables.description import Column, Description

CAPTION = "UF1 (macro F1), UAR (mean recall) and accuracy from predictions pooled over all folds."


def default(name: str) -> Description:
    """The description of the table that is called like the task ``name``; an unknown task is a UserError."""
    definition = definition_of(name)
    datasets = definition["datasets"] if len(definition["datasets"]) > 1 else []
    parts = {"all": "All clips"} | {dataset: cards.card("datasets", dataset)["title"] for dataset in datasets}
    columns = (Column("all", "uf1", "UF1"), Column("all", "uar", "UAR"), Column("all", "accuracy", "Acc."))
    columns += tuple(Column(dataset, metric, metric.upper()) for dataset in datasets for metric in ("uf1", "uar"))
    return Description(
        name=name, title=definition["title"], task=name, columns=columns, parts=parts, caption=CAPTION,
        notes=("No published row has been entered for this task.",),
    )  # fmt: skip
