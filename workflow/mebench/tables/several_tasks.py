"""The scores that stand in a table, under the parts that it names: a table may show several tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mebench.tables.description import Description, Place
from mebench.tables.scores import Score


def in_parts(description: Description, scores: Sequence[Score]) -> list[Score]:
    """The scores of a table's tasks. Those of a part that the table names are called by that name, and by the table's
    own task, so that a model has one row."""
    if not description.places:
        return [score for score in scores if score.task == description.task]
    names: dict[Place, list[str]] = {}
    for part in description.parts:
        names.setdefault(description.place(part), []).append(part)
    return [
        replace(score, task=description.task, part=part)
        for score in scores
        for part in names.get(Place(score.task, score.part), ())
    ]
