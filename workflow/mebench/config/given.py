"""Entries whose predictions somebody else made: ``{name, predictions: FILE, task, selection}``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from mebench import cards, given_table
from mebench.config.entries import ModelEntry
from mebench.errors import UserError, check_folder_name, did_you_mean
from mebench.given_values import key
from mebench.model_card import model_card
from mebench.owner_paths import expanded

KEY = "predictions"
KEYS = ("name", KEY, "task", "selection")
SELECTIONS = ("last", "inner", "test_peek", "unknown")


def is_given(written: object) -> bool:
    """Whether a model entry, as it is written, names predictions instead of a model."""
    return isinstance(written, Mapping) and KEY in written


def resolve(written: Mapping[str, object]) -> ModelEntry:
    """The entry, complete. Its seeds are those of the file; a UserError says what is wrong."""
    file = expanded(str(written[KEY]), KEY)
    name = str(written.get("name", Path(cards.given_file(file)).stem))
    check_folder_name("model", name)
    for one in written:
        if one not in KEYS:
            raise UserError(f"the entry '{name}' has the key '{one}', which an entry with predictions does not have"
                            f"{did_you_mean(str(one), KEYS)}")  # fmt: skip
    if "task" not in written:
        raise UserError(f"the entry '{name}' lacks 'task': which task its predictions are of")
    selection = str(written.get("selection", "unknown"))
    if selection not in SELECTIONS:
        raise UserError(f"the entry '{name}' has selection: {selection}{did_you_mean(selection, SELECTIONS)}")
    card, task = model_card(file), str(written["task"])
    return cast(ModelEntry, {
        "name": name, "model": file, "tasks": [task], "training": "rules", "options": {}, "inputs": card["inputs"],
        "recipe": {}, "stage": {}, "resources": card["resources"], "selection": selection,
        "seeds": {task: seeds(file)},
    })  # fmt: skip


def seeds(source: str) -> list[int]:
    """The seeds of a file of predictions or counts, or of some rows of it (``FILE::run=a``), sorted; 0 where it has no
    column of that name."""
    file, _, chosen = source.partition("::")
    pairs = (pair.partition("=") for pair in chosen.split(",") if pair)
    if not given_table.has_column(file, "prediction", "truth"):
        raise UserError(
            f"{file} has neither a column prediction nor, for counts, a column truth; docs/audit.md shows both"
        )
    found = set(map(key, given_table.values(file, "seed", "0", {name.strip(): own for name, _, own in pairs})))
    wrong = sorted(one for one in found if not one.isdecimal())
    if wrong:
        raise UserError(f"{file} has the seed '{wrong[0]}'; write whole numbers, or leave the column out")
    if not found:
        raise UserError(f"{file} has no row with {chosen}")
    return sorted(map(int, found))
