"""Facts of a card for readers: the shape of its input, presets side by side, effects of options, published figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from mebench import cards, tables
from mebench.config import input_names, recipes
from mebench.model_card import Change, ModelCard, model_card
from mebench.report.plain import plain
from mebench.tables.description import Description, Key, Place, Published
from mebench.tables.printed import as_fraction

if TYPE_CHECKING:
    from mebench.config.spec import ModelInputs, Option

PARTS = ("inputs", "recipe", "resources")  # of a card, that an option may change


def every_card() -> list[ModelCard]:
    """The cards of all models of the package, then those of the controls."""
    return sorted(map(model_card, cards.names("models")), key=lambda card: card["kind"] != "model")


def shape(inputs: ModelInputs) -> str:
    """The input of one clip: its kind and the shape that the network gets, as in ``apex_flow 3x28x28``."""
    kind, size, channels = inputs["kind"], inputs.get("size"), len(inputs.get("channels") or ())
    if kind == "lbp_top":
        return f"{kind} (vector)"
    if kind == "mdmd_feature":
        return f"{kind} (number)"
    if kind == "roi_flow":
        return f"{kind} {size}xk"  # k: the frames of a window
    picture = [str(number) for number in (channels, size, size) if number]
    if kind == "long_flow":
        length = inputs.get("options", {}).get("length", input_names.KINDS[kind]["options"]["length"][0])
        picture.insert(0, length.lstrip("t"))
    elif kind == "frames":
        picture.insert(0, f"({inputs['frames']}+2)" if inputs.get("frames") else "2")  # onset and apex follow
    return f"{kind} {'x'.join(picture)}"


def gflop(card: ModelCard) -> str:
    """The 10^9 operations of a forward pass of one clip, with three digits; empty where the card does not say."""
    if not card.get("flops"):
        return "0" if "flops" in card else ""
    number = float(f"{card['flops'] / 1e9:.3g}")
    return f"{number:,.0f}" if number >= 100 else f"{number:#.3g}"


def preset_names(card: ModelCard) -> list[str]:
    """Names of a model's presets, the paper's first."""
    return list({"paper": {}, **card.get("presets", {})})


def recipe_table(card: ModelCard) -> tuple[list[str], list[list[str]], list[str]]:
    """(presets, rows, defaults). A row is a key and its value in each preset, as training gets it. ``defaults`` are
    the other keys of the recipe, which no preset sets, with their values."""
    presets = preset_names(card)
    resolved = [recipes.resolve({"model": card["name"], "preset": preset}) for preset in presets]
    first = {key: values[0] for key, values in card.get("options", {}).items()}
    chosen = [first | entry["options"] for entry in resolved]
    changed = {key for key in first if any(options[key] != first[key] for options in chosen)}
    rows = [[key, *(written(options[key]) for options in chosen)] for key in first if key in changed]
    stated = {*card["recipe"], *(key for preset in card.get("presets", {}).values() for key in preset)}
    whole: list[Mapping[str, object]] = [entry["recipe"] for entry in resolved]
    keys = [key for key in recipes.KEYS if any(key in one for one in whole)]
    for key in keys:
        values = [recipe.get(key, recipes.KEYS[key]) for recipe in whole]
        if key in stated or any(value != recipes.KEYS[key] for value in values):
            rows.append([key, *map(plain, values)])
    shown = {row[0] for row in rows}
    return presets, rows, [f"{key} {plain(recipes.KEYS[key])}" for key in keys if key not in shown]


def effects(card: ModelCard) -> list[tuple[str, str, str]]:
    """(option, its values with the default first, what values change besides the network) for each option."""
    lines = []
    for option, values in card.get("options", {}).items():
        changes = card.get("changes", {}).get(option, {})
        texts = {written(value): _change(changes[value]) for value in values if value in changes}
        listed = [f"{value}: {text}" for value, text in texts.items() if text]
        lines.append((option, ", ".join(map(written, values)), "; ".join(listed)))
    return lines


def _change(change: Change) -> str:
    changed = cast(Mapping[str, Mapping[str, object]], change)
    parts = {part: "; ".join(f"{key} {plain(value)}" for key, value in changed.get(part, {}).items()) for part in PARTS}
    return ", ".join(f"{part} ({text})" for part, text in parts.items() if text)


def written(value: Option) -> str:
    """The value of an option as config.yaml takes it."""
    if value == "FILE":
        return "a file of weights"
    return str(value).lower() if isinstance(value, bool) else str(value)


@dataclass(frozen=True)
class PublishedFigure:
    """Published figures of a part of a task, by metric as they are printed, and where."""

    task: str
    method: str
    part: str
    values: dict[str, str]
    peeked: str
    sources: tuple[str, ...]
    note: str


PEEKED = {"last": "no", "inner": "no", "test_peek": "yes", "": "unknown"}


def published(model: str) -> list[PublishedFigure]:
    """The published figures of a model, in the order of the tables: those of single tasks first. What stands in two
    tables is given once."""
    seen: list[Published] = []
    figures: list[tuple[Place, PublishedFigure]] = []
    described = map(tables.describe, tables.names())
    for description in sorted(described, key=lambda one: (bool(one.models or one.places), one.name)):
        new = [row for row in description.published if row.model == model and row not in seen]
        seen += new
        for place, figure in (pair for row in new for pair in _figures(description, row)):
            if not any(where == place and figure.values.items() <= one.values.items() for where, one in figures):
                figures.append((place, figure))
    return [figure for _, figure in figures]


def _figures(description: Description, row: Published) -> list[tuple[Place, PublishedFigure]]:
    metrics = list(dict.fromkeys(metric for _, metric in row.values))
    parts = [part for part in description.parts if any((part, metric) in row.values for metric in metrics)]
    sources = tuple(description.sources[letter] for letter in row.source)
    return [
        (
            description.place(part),
            PublishedFigure(
                task=description.place(part).task,
                method=row.method,
                part=description.parts[part],
                values={m: as_fraction(row.values[Key(part, m)]) for m in metrics if Key(part, m) in row.values},
                peeked=PEEKED[row.selection],
                sources=sources,
                note=row.note,
            ),
        )
        for part in parts
    ]
