"""A model entry of config.yaml resolved against the model's card: options, inputs and recipe, every value explicit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Literal, cast

from mebench import cards
from mebench.config import augmentations, card_check, flow_choice
from mebench.config.entries import ModelEntry
from mebench.config.spec import Option, Recipe, RunSpec
from mebench.errors import UserError, check_folder_name, did_you_mean
from mebench.model_card import Change, ModelCard, Resources, is_light, model_card
from mebench.owner_paths import expanded
from mebench.protocols.tasks import TASKS

# every recipe key with its default; a card or the configuration may set any of them
RECIPE: dict[str, str | int | float] = {
    "optimizer": "adam",
    "lr": 1e-3,
    "weight_decay": 0.0,
    "weight_decay_on": "all",
    "momentum": 0.9,
    "batch_size": 32,
    "accumulate": 1,
    "epochs": 100,
    "order": "shuffled",
    "last_batch": "keep",
    "batch_norm": "running",
    "class_weights": "none",
    "label_smoothing": 0.0,
    "labels": "true",
    "extra_clips": "none",
    "augment": "none",
    "schedule": "constant",
    "warmup_epochs": 0.0,
    "min_lr": 0.0,
    "step_epochs": 30,
    "gamma": 0.1,
    "first_epoch": 1,
    "layer_decay": 1.0,
    "clip_norm": 0.0,
    "ema": 0.0,
    "precision": "float32",
}
# keys that are there only where they are set: without ``negatives`` the task decides, without ``stack`` folds are
# trained one at a time
FURTHER: dict[str, str | int | float] = {"negatives": 1.0, "stack": 1}
KEYS = {**RECIPE, **FURTHER}
CHOICES = {
    "optimizer": ("adam", "adamw", "sgd"),
    "weight_decay_on": ("all", "matrices", "no_biases"),
    "order": ("shuffled", "once", "by_class", "balanced"),
    "last_batch": ("keep", "drop"),
    "batch_norm": ("running", "training_set"),
    "class_weights": ("none", "balanced"),
    "labels": ("true", "shuffled"),
    "extra_clips": ("none", "macro"),
    "schedule": ("constant", "cosine", "step", "onecycle"),
    "precision": ("float32", "tf32", "bfloat16", "float16"),
}
SELECTIONS = ("last", "inner", "test_peek")
POSITIVE = ("lr", "batch_size", "epochs", "accumulate", "step_epochs", "gamma", "layer_decay", "stack")
# what a stack of folds does not do, beside what it does
UNSTACKED = (("ema", 0.0), ("accumulate", 1))
BELOW_ONE = ("label_smoothing", "ema")


def resolve(written: str | Mapping[str, object], flow: str = flow_choice.TVL1[0]) -> ModelEntry:
    """A model entry as it is ``written`` in the configuration, complete; a UserError says what is wrong.

    Later wins: recipe defaults, the card, what its options change, its preset, the entry's own keys. ``flow`` is
    what computes TV-L1 where the entry does not say it.
    """
    entry = {str(k): v for k, v in ({"model": written} if isinstance(written, str) else written).items()}
    model = expanded(str(entry.pop("model")), "model")
    if not cards.is_rule_file(model):
        card_check.check(cards.card("models", model), cards.locate("models", model), KEYS)
    card = model_card(model)
    name, preset = str(entry.pop("name", card["name"])), entry.pop("preset", "paper")
    tasks, final = _tasks(name, entry.pop("tasks", None)), _final(name, model, card, entry.pop("final", False))
    selection = _selection(name, card, entry.pop("selection", None))
    check_folder_name("model", name)
    training = card.get("training", "gradient")
    stage = entry.pop("stage", {})
    if not isinstance(stage, dict):
        raise UserError(f"the model entry '{name}' has stage: {stage}; write a mapping such as {{threshold: 0.4}}")
    _check_keys(name, card, entry)
    presets = _presets(card)
    if not isinstance(preset, str) or preset not in presets:
        raise UserError(f"the model {card['name']} has no preset '{preset}'{did_you_mean(str(preset), presets)}")
    chosen = {**presets[preset], **entry}
    options = {
        key: cards.checked_option(f"the model entry '{name}'", key, cast(Option, chosen[key]), choices)
        for key, choices in card.get("options", {}).items()
        if key in chosen
    }
    wanted = flow_choice.resolved(name, card, entry, {**card["inputs"], **changed(card, options, "inputs")}, flow)
    recipe: Recipe = {}
    if training == "gradient":
        recipe = checked(name, _base(card, options) | {key: chosen[key] for key in chosen if key in KEYS})
        _check_stack(name, card, recipe)
        augmentations.check(augmentations.parse(recipe["augment"]), wanted["channels"], wanted["range"], wanted["kind"])
    resources = {**card["resources"], **changed(card, options, "resources")}
    resources |= cast(Mapping[str, object], presets[preset].get("resources", {}))
    resolved: ModelEntry = {
        "name": name,
        "model": model,
        "tasks": tasks,
        "training": training,
        "options": options,
        "inputs": wanted,
        "recipe": recipe,
        "stage": {**card.get("stage", {}), **changed(card, options, "stage"), **stage},
        "resources": cast(Resources, resources),
    }
    further = ({"selection": selection} if selection else {}) | ({"final": True} if final else {})
    return cast(ModelEntry, resolved | further)


def _check_stack(name: str, card: ModelCard, recipe: Recipe) -> None:
    """A UserError where folds cannot be trained at once; ``stack: 1`` is taken out, for it is what happens anyway."""
    if recipe.get("stack", 1) == 1:
        recipe.pop("stack", None)
        return
    said = f"the model entry '{name}' has stack: {recipe['stack']}"
    if not card.get("stacks", False):
        raise UserError(f"{said}, but the card of {card['title']} does not say stacks: true: its folds are trained one "
                        "at a time, leave stack out")  # fmt: skip
    values = cast(Mapping[str, object], recipe)
    for key, without in UNSTACKED:
        if values[key] != without:
            raise UserError(f"{said} and {key}: {values[key]}, which a stack does not do; leave one of them out")
    for key, value in (("schedule", "onecycle"), ("precision", "float16")):
        if values[key] == value:
            raise UserError(f"{said} and {key}: {value}, which a stack does not do; choose another {key}, or leave "
                            "stack out")  # fmt: skip


def _presets(card: ModelCard) -> dict[str, dict[str, object]]:
    """The presets of a card by name, the paper's first; it may set nothing."""
    return {"paper": {}, **card.get("presets", {})}


def _tasks(name: str, tasks: object) -> list[str] | None:
    if tasks is not None and (not isinstance(tasks, list) or not tasks):
        raise UserError(f"the model entry '{name}' has tasks: {tasks}; write a list such as [casme3-7]")
    return tasks


def _selection(name: str, card: ModelCard, selection: object) -> str | None:
    """How an entry selects epochs, where it says so itself."""
    if selection is not None and selection not in SELECTIONS:
        hint = did_you_mean(str(selection), SELECTIONS)
        raise UserError(f"the model entry '{name}' has selection: {selection}{hint}")
    if selection is not None and card.get("training", "gradient") != "gradient":
        raise UserError(f"the model entry '{name}' has selection: {selection}, which is for models that are trained by "
                        f"gradient; {card['title']} is not, leave it out")  # fmt: skip
    return selection


def _final(name: str, model: str, card: ModelCard, final: object) -> bool:
    """Whether a training on everyone is asked for; a UserError where it would leave no weights."""
    if isinstance(final, str):
        final = cards.TRUTH.get(final.lower(), final)
    if not isinstance(final, bool):
        raise UserError(f"the model entry '{name}' has final: {final}; write true or false")
    if final and (is_light(model) or card.get("training", "gradient") not in ("gradient", "fit")):
        raise UserError(f"the model entry '{name}' has final: true, but {card['title']} learns no weights that could "
                        "be kept; leave final out")  # fmt: skip
    return final


def _check_keys(name: str, card: ModelCard, keys: Iterable[str]) -> None:
    """A UserError where a key is neither an option of the card nor of a recipe that the model has."""
    known = ["flow", *card.get("options", {}), *(KEYS if card.get("training", "gradient") == "gradient" else ())]
    for key in keys:
        if key in KEYS and key not in known:
            raise UserError(f"the model entry '{name}' has {key}, which is for models that are trained by gradient; "
                            f"{card['title']} is not, leave it out")  # fmt: skip
        if key not in known:
            hint = did_you_mean(key, [*known, "preset", "name", "model", "tasks", "selection", "final"])
            raise UserError(f"the model entry '{name}' has the unknown key '{key}'{hint}")


def changed(
    card: ModelCard, options: Mapping[str, Option], part: Literal["inputs", "recipe", "resources", "stage"]
) -> dict[str, object]:
    """What the chosen ``options`` change of a ``part`` of the card: its inputs, recipe or resources. Options of an
    input that are changed by several add up."""
    changes = card.get("changes", {})
    result: dict[str, object] = {}
    for key in card.get("options", {}):  # in the card's order, so that the result depends on nothing else
        by_value = changes.get(key, {})
        change: Mapping[str, object] = by_value.get(options.get(key), Change()).get(part, {})
        earlier, more = result.get("options"), change.get("options")
        result |= change
        if isinstance(earlier, dict) and isinstance(more, dict):
            result["options"] = earlier | more
    return result


def _base(card: ModelCard, options: Mapping[str, Option]) -> dict[str, object]:
    return {**RECIPE, **card["recipe"], **changed(card, options, "recipe")}


def checked(name: str, values: Mapping[str, object]) -> Recipe:
    """The recipe with numbers as numbers; a UserError names a value that makes no sense."""
    for key, value in values.items():
        default = KEYS[key]
        if key in CHOICES:
            if value not in CHOICES[key]:
                raise UserError(f"the model {name} has {key}: {value}{did_you_mean(str(value), CHOICES[key])}")
        elif key == "augment":
            if not isinstance(value, str) or not value.strip():
                raise UserError(f"the model {name} has {key}: {value}; write words such as 'flip shift:4', or none")
        elif isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise UserError(f"the model {name} has {key}: {value}, which is not a number; write for example {default}")
        elif value < 0 or (key in POSITIVE and value == 0) or (isinstance(default, int) and value != int(value)):
            whole = "whole " if isinstance(default, int) else ""
            raise UserError(f"the model {name} has {key}: {value}; it must be a {whole}number above 0")
        elif key in BELOW_ONE and value >= 1:
            raise UserError(f"the model {name} has {key}: {value}; it must be below 1")
    recipe = cast(Recipe, {key: type(KEYS[key])(cast(str, value)) for key, value in values.items()})
    if recipe["warmup_epochs"] >= recipe["epochs"]:
        raise UserError(
            f"the model {name} has warmup_epochs: {recipe['warmup_epochs']:g}, which leaves nothing of "
            f"epochs: {recipe['epochs']}; set a shorter warm-up too"
        )
    if recipe["schedule"] == "onecycle" and recipe["warmup_epochs"]:
        raise UserError(f"the model {name} has schedule: onecycle, which has a warm-up of its own; set "
                        f"warmup_epochs: 0 instead of {recipe['warmup_epochs']:g}")  # fmt: skip
    if recipe["schedule"] == "cosine" and recipe["min_lr"] > recipe["lr"]:
        raise UserError(f"the model {name} has schedule: cosine, which falls from lr to min_lr, but min_lr: "
                        f"{recipe['min_lr']:g} is above lr: {recipe['lr']:g}; choose a smaller min_lr")  # fmt: skip
    return recipe


def describe(spec: RunSpec) -> tuple[str, str]:
    """(title, kind) of a run's model for tables and plots; the title names whatever is not the paper's recipe
    or the card's default options."""
    if cards.is_given_file(spec["model"]):
        return spec["label"], "model"
    card = model_card(spec["model"])
    preset = _preset(card, spec)
    by_preset = _presets(card).get(preset, {})
    chosen = [f"{key}: {_short(value)}" for key, value in sorted(spec["options"].items())
              if value != card["options"][key][0] and by_preset.get(key) != value]  # fmt: skip
    if spec["label"] != card["name"]:  # a name of its own says what it is, but not that its backbone is untrained
        chosen = [spec["label"], *(text for text in chosen if text.startswith("pretrained: "))]
    stack = spec["recipe"].get("stack", 1)
    differences = chosen + ([preset] if preset != "paper" else []) + ([f"stack: {stack}"] if stack > 1 else [])
    title = f"{card['title']} ({', '.join(differences)})" if differences else card["title"]
    return title, "control" if spec["recipe"].get("labels") == "shuffled" else card["kind"]


def about(spec: RunSpec) -> dict[str, str]:
    """What a run's record says of it for people: ``title`` and ``kind`` of the model, ``task_title``."""
    title, kind = describe(spec)
    name = spec["task"]["name"]
    return {"title": title, "kind": kind, "task_title": TASKS[name].get("title", name) if name in TASKS else name}


def _short(value: Option) -> Option:
    return value.rsplit("/", 1)[-1] if isinstance(value, str) and value.endswith(cards.WEIGHTS) else value


def _preset(card: ModelCard, spec: RunSpec) -> str:
    """The preset that gives the run's options and recipe, or ``own recipe``; labels dealt out anew are named by the
    run itself."""
    if not spec["recipe"]:
        return "paper"
    base = _base(card, spec["options"])
    for name, preset in _presets(card).items():
        recipe = {key: value for key, value in preset.items() if key in KEYS}
        options = {key: value for key, value in preset.items() if key in card.get("options", {})}
        known = {key: value for key, value in spec["recipe"].items() if key != "stack"}
        same = {**base, **recipe, "labels": ""} == {**known, "labels": ""}
        if same and all(spec["options"].get(key) == value for key, value in options.items()):
            return name
    return "own recipe"
