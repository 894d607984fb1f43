"""Tasks that a configuration defines: a kind of task, datasets, and whatever the card of the kind asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from mebench import cards
from mebench.clips.card import dataset_card
from mebench.clips.clip_names import clip_name
from mebench.clips.dataset_names import one_each, part_name
from mebench.clips.persons import refuse_one_person_twice
from mebench.config import kinds, stages
from mebench.errors import UserError, check_folder_name, did_you_mean
from mebench.owner_paths import expanded
from mebench.protocols.tasks import SHIPPED, Expected, TaskDefinition, task

ALWAYS = ("name", "kind", "title", "datasets", "stage")


def own(written: Mapping[str, object]) -> TaskDefinition:
    """The definition of a task as it is ``written`` in the configuration, complete; a UserError says what is wrong."""
    entry = cast(TaskDefinition, dict(written))  # the schema has checked name, kind, title, datasets and stage
    name = entry["name"]
    if name in SHIPPED and set(entry) <= {"name", "stage"}:
        return _with_stage(name, entry.get("stage", {}))
    if "datasets" not in entry:
        raise UserError(f"the task {name} lacks datasets; write datasets: [...]{did_you_mean(name, SHIPPED)}")
    _spell_datasets(entry)
    if "kind" in entry:
        entry["kind"] = expanded(entry["kind"], f"kind of the task {name}")
    if name in SHIPPED:
        raise UserError(f"the task {name} is there already, and only its stage can be another; give your own another "
                        f"name, or list just the name {name}")  # fmt: skip
    check_folder_name("task", name)
    card = kinds.card(entry)
    absent = [key for key in kinds.REQUIRED if key not in card]
    absent += [f"columns: {key}" for key in ("all", "part") if key not in card.get("columns", {"all": [], "part": []})]
    if absent:
        raise UserError(f"the CARD of {cards.locate('tasks', kinds.name_of(entry))} lacks {', '.join(absent)}; "
                        "docs/add-a-kind-of-task.md shows a whole one")  # fmt: skip
    for part, columns in card["columns"].items():
        for metric, _ in columns:
            if metric not in card["metrics"]:
                raise UserError(f"the CARD of {cards.locate('tasks', kinds.name_of(entry))} has columns: {part} of the "
                                f"unknown metric '{metric}'{did_you_mean(metric, card['metrics'])}")  # fmt: skip
    allowed = [*ALWAYS, *card["definition"]]
    for key in entry:
        if key not in allowed:
            raise UserError(f"the task {name} has the unknown key '{key}'{did_you_mean(key, allowed)}")
    stages.check(card, entry.get("stage", {}), f"the task {name}", entry.get("classes", []))
    refuse_one_person_twice([f"{name}/1" for name in entry["datasets"]], f"the task {entry['name']}")
    lacking = [key for key in card.get("required", []) if key not in entry]
    if lacking:
        raise UserError(f"the task {name} lacks {', '.join(lacking)}, which the kind {card['name']} needs")
    if kinds.name_of(entry) == kinds.DEFAULT:
        _check_classes(entry)
    return {"title": name, "protocol": "loso", "drop": {}, "expected": expected(entry["datasets"]), **entry}


def _with_stage(name: str, stage: Mapping[str, object]) -> TaskDefinition:
    """A task of this benchmark with other parameters of its stage, which train nothing again."""
    definition = task(name)
    stages.check(kinds.card(definition), stage, f"the task {name}", definition.get("classes", []))
    return {**definition, "stage": {**definition.get("stage", {}), **stage}}


def _check_classes(entry: TaskDefinition) -> None:
    """A UserError where classes are no texts, or there twice, or a label is mapped to none of them."""
    name, classes = entry["name"], entry["classes"]
    if not isinstance(classes, list) or not all(isinstance(one, str) for one in classes):
        raise UserError(f"the task {name} has classes: {classes}; write a list of texts, such as [negative, 'true']")
    twice = next((one for one in classes if classes.count(one) > 1), None)
    if twice is not None:
        raise UserError(f"the task {name} has the class {twice} twice; keep one of them")
    labels = entry.get("labels", {})
    for dataset, by_emotion in labels.items() if isinstance(labels, dict) else ():
        for emotion, one in by_emotion.items() if isinstance(by_emotion, dict) else ():
            if one not in classes:
                raise UserError(f"the task {name} maps {emotion} of {dataset} to {one}, which is none of its classes"
                                f"{did_you_mean(str(one), classes)}")  # fmt: skip


def _spell_datasets(entry: TaskDefinition) -> None:
    """Give the datasets of a task their names, wherever the task names them."""
    where = f"the task {entry['name']}"
    entry["datasets"] = list(one_each(entry["datasets"], where).values())
    for key in ("labels", "macro"):
        by_dataset = entry.get(key)
        if isinstance(by_dataset, dict):
            names = one_each(by_dataset, f"{key} of {where}")
            entry[key] = {names[name]: below for name, below in by_dataset.items()}
    if isinstance(entry.get("drop"), dict):
        entry["drop"] = {clip_name(clip): reason for clip, reason in entry["drop"].items()}
    if isinstance(entry.get("macro"), dict):
        entry["macro"] = {name: part_name(str(other)) for name, other in entry["macro"].items()}


def expected(datasets: Iterable[str]) -> Expected:
    """About how many clips and subjects the datasets have, from their cards."""
    announced = [dataset_card(name).expected for name in datasets]
    clips, subjects = (sum(counts.get(key, 0) for counts in announced) for key in ("clips", "subjects"))
    return {"clips": clips, "subjects": subjects}
