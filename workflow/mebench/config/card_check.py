"""Whether the card of a network is whole and says only what can be done: a misspelt word must not train something
else."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from mebench.cards import Card
from mebench.config import deviations, input_names
from mebench.config.spec import RequiredInputs
from mebench.errors import UserError, did_you_mean
from mebench.model_card import Change, JobCard, RequiredCard, RequiredMeasurement, Resources

# in the order of the types, so that a message names what is missing in the order of the documentation
KEYS, INPUTS = tuple(RequiredCard.__annotations__), tuple(RequiredInputs.__annotations__)
MEASURED, RESOURCES = tuple(RequiredMeasurement.__annotations__), tuple(Resources.__annotations__)
PARTS = tuple(Change.__annotations__)
TRAINING = ("gradient", "fit", "oracle", "direct")
RANGES = ("pixels", "byte", "unit", "imagenet", "any")
CENTERS = ("none", "train_mean", "train_p99")


def check(card: Card, path: Path, recipe: Collection[str]) -> None:
    """A UserError names the first thing that is missing in the card of the file ``path``, or that means nothing;
    ``recipe`` are the keys of a recipe."""
    problem = next(_problems(card, recipe), None)
    if problem:
        raise UserError(f"the CARD of {path} {problem}; docs/add-a-model.md shows a whole one")


def _problems(card: Card, recipe: Collection[str]) -> Iterator[str]:
    for part in (*PARTS, "options", "presets", "changes"):
        if not isinstance(card.get(part, {}), dict):
            yield f"has {part}: {card[part]}, which is no mapping"
    missing = [key for key in KEYS if key not in card]
    for part, keys in (("inputs", INPUTS), ("resources", RESOURCES)):
        missing += [f"{part}: {key}" for key in keys if key not in card.get(part, dict.fromkeys(keys))]
    if missing:
        yield f"lacks {', '.join(missing)}"
    if card.get("training", "gradient") not in TRAINING:
        yield f"has training: {card['training']}{did_you_mean(str(card['training']), TRAINING)}"
    for key in JobCard.__annotations__:
        if not isinstance(card.get(key, True), bool):
            yield f"has {key}: {card[key]}; write True or False"
    if card.get("torch") is False and card.get("training", "gradient") == "gradient":
        yield "has torch: False, which no model can have that is trained by gradient"
    if not isinstance(card.get("stacks", False), bool):
        yield f"has stacks: {card['stacks']}; write True where torch.func can train it, see training/stack.py"
    serves = card.get("serves", ["recognition"])
    if not isinstance(serves, list) or not serves or not all(isinstance(name, str) for name in serves):
        yield f"has serves: {serves}, which is no list of kinds of task, such as [recognition]"
    yield from _input_problems(card["inputs"])
    yield from deviations.problems(card.get("deviations", []))
    yield from _unknown("recipe", card["recipe"], recipe)
    options = card.get("options", {})
    for option, choices in options.items():
        if not isinstance(choices, list) or not choices:
            yield f"has options: {option}: {choices}, which is no list of choices, the default first"
    for name, preset in card.get("presets", {}).items():
        yield from _unknown(f"presets: {name}", preset, [*recipe, *options, "resources"])
        yield from _unknown(f"presets: {name}: resources", preset.get("resources", {}), RESOURCES)
    for record in card.get("measured", []):
        if lacking := [key for key in MEASURED if key not in record]:
            yield f"has a measured record without {', '.join(lacking)}; benchmarks/folds.py prints whole ones"
    for option, values in card.get("changes", {}).items():
        if option not in options:
            yield f"has changes of the unknown option '{option}'{did_you_mean(option, options)}"
        for value, changed in values.items():
            yield from _change_problems(f"changes: {option}: {value}", changed, recipe)


def _input_problems(wanted: Mapping[str, object], at: str = "inputs") -> Iterator[str]:
    for key, known in (("kind", input_names.KINDS), ("range", RANGES), ("center", CENTERS)):
        if key in wanted and wanted[key] not in known:
            yield f"has {at}: {key}: {wanted[key]}{did_you_mean(str(wanted[key]), known)}"
    channels = wanted.get("channels", ["u"])
    if not isinstance(channels, list) or not channels or not all(isinstance(name, str) for name in channels):
        yield f"has {at}: channels: {channels}, which is no list of names"


def _change_problems(at: str, changed: Card, recipe: Collection[str]) -> Iterator[str]:
    yield from _unknown(at, changed, PARTS)
    yield from _input_problems(changed.get("inputs", {}), f"{at}: inputs")
    yield from _unknown(f"{at}: recipe", changed.get("recipe", {}), recipe)


def _unknown(at: str, mapping: Mapping[str, object], known: Collection[str]) -> Iterator[str]:
    for key in mapping:
        if key not in known:
            yield f"has the unknown key '{key}' in {at}{did_you_mean(str(key), known)}"
