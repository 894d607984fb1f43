"""A model entry of config.yaml resolved against the model's card: options, inputs and recipe, every value explicit."""

from __future__ import annotations

import math
from typing import Any

from mebench import cards
from mebench.errors import UserError, did_you_mean

# every recipe key with its default; a card or the configuration may set any of them
RECIPE: dict[str, Any] = {
    "optimizer": "adam",
    "lr": 1e-3,
    "weight_decay": 0.0,
    "momentum": 0.9,
    "batch_size": 32,
    "epochs": 100,
    "order": "shuffled",
    "class_weights": "none",
    "labels": "true",
    "precision": "float32",
}
CHOICES = {
    "optimizer": ("adam", "adamw", "sgd"),
    "order": ("shuffled", "by_class"),
    "class_weights": ("none", "balanced"),
    "labels": ("true", "shuffled"),
    "precision": ("float32", "bfloat16", "float16"),
}
POSITIVE = ("lr", "batch_size", "epochs")


def resolve(entry: str | dict[str, Any]) -> dict[str, Any]:
    """``{name, model, training, options, inputs, recipe, resources}`` of a model entry.

    Later wins: recipe defaults, the card, its variant, its preset, the entry's own keys.
    """
    entry = {"model": entry} if isinstance(entry, str) else dict(entry)
    model = entry.pop("model")
    card = cards.card("models", model)
    name, preset = str(entry.pop("name", card["name"])), entry.pop("preset", "paper")
    if not all(c.isalnum() or c in "-_." for c in name):
        raise UserError(f"the model name '{name}' becomes a folder name; use letters, digits, '-', '_' and '.' only")
    known = {**card.get("options", {}), **RECIPE}
    for key in entry:
        if key not in known:
            hint = did_you_mean(key, [*known, "preset", "name", "model"])
            raise UserError(f"the model entry '{name}' has the unknown key '{key}'{hint}")
    options = {key: entry.pop(key) for key in list(entry) if key in card.get("options", {})}
    for key, value in options.items():
        if value not in card["options"][key]:
            choices = ", ".join(map(str, card["options"][key]))
            raise UserError(f"the model entry '{name}' has {key}: {value}; choose one of {choices}")
    presets = {"paper": {}, **card.get("presets", {})}
    if preset not in presets:
        raise UserError(f"the model {card['name']} has no preset '{preset}'{did_you_mean(preset, presets)}")
    variant = card.get("variants", {}).get(options.get("variant"), {})
    recipe = RECIPE | card["recipe"] | variant.get("recipe", {}) | presets[preset] | entry
    training = card.get("training", "gradient")
    return {
        "name": name,
        "model": model,
        "training": training,
        "options": options,
        "inputs": card["inputs"] | variant.get("inputs", {}),
        "recipe": checked(name, recipe) if training == "gradient" else {},
        "resources": card["resources"],
    }


def checked(name: str, recipe: dict[str, Any]) -> dict[str, Any]:
    """The recipe with numbers as numbers; a UserError names a value that makes no sense."""
    for key, value in recipe.items():
        default = RECIPE[key]
        if key in CHOICES:
            if value not in CHOICES[key]:
                raise UserError(f"the model {name} has {key}: {value}{did_you_mean(str(value), CHOICES[key])}")
        elif isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise UserError(f"the model {name} has {key}: {value}, which is not a number; write for example {default}")
        elif value < 0 or (key in POSITIVE and value == 0) or (isinstance(default, int) and value != int(value)):
            whole = "whole " if isinstance(default, int) else ""
            raise UserError(f"the model {name} has {key}: {value}; it must be a {whole}number above 0")
    return {key: type(RECIPE[key])(value) for key, value in recipe.items()}


def describe(spec: dict[str, Any]) -> tuple[str, str]:
    """(title, kind) of a run's model for tables and plots; the title names whatever is not the paper's recipe
    or the card's default options."""
    card = cards.card("models", spec["model"])
    chosen = [f"{k}: {v}" for k, v in sorted(spec["options"].items()) if v != card["options"][k][0]]
    marks = chosen if spec["label"] == card["name"] else [spec["label"]]  # a name of its own says what it is
    preset = _preset(card, spec)
    marks += [preset] if preset != "paper" else []
    title = f"{card['title']} ({', '.join(marks)})" if marks else card["title"]
    return title, "control" if spec["recipe"].get("labels") == "shuffled" else card["kind"]


def _preset(card: dict[str, Any], spec: dict[str, Any]) -> str:
    """The preset that gives the run's recipe, or ``own recipe``; labels dealt out anew are named by the run itself."""
    if not spec["recipe"]:
        return "paper"
    base = RECIPE | card["recipe"] | card.get("variants", {}).get(spec["options"].get("variant"), {}).get("recipe", {})
    for name, changes in {"paper": {}, **card.get("presets", {})}.items():
        if {**base, **changes, "labels": ""} == {**spec["recipe"], "labels": ""}:
            return name
    return "own recipe"
