"""What a card says, worked out: the shape of an input, presets side by side, what options change, published figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mebench import cards, tables
from mebench.config import input_names, recipes
from mebench.report.plain import plain
from mebench.tables.description import Description, Key, Published
from mebench.tables.printed import as_fraction

PARTS = ("inputs", "recipe", "resources")  # of a card, that an option may change


def every_card() -> list[dict[str, Any]]:
    """All cards, models before controls."""
    found = [cards.card("models", name) for name in cards.names("models")]
    return sorted(found, key=lambda card: card["kind"] != "model")


def shape(wanted: dict[str, Any]) -> str:
    """The input of one clip: its kind and the shape that the network gets, as in ``apex_flow 3x28x28``."""
    kind, size, channels = wanted["kind"], wanted.get("size"), len(wanted.get("channels") or ())
    if kind == "lbp_top":
        return f"{kind} (vector)"
    if kind == "roi_flow":
        return f"{kind} {size}xk"  # k: the frames of a window
    picture = [str(number) for number in (channels, size, size) if number]
    if kind == "long_flow":
        length = wanted.get("options", {}).get("length", input_names.KINDS[kind]["options"]["length"][0])
        picture.insert(0, length.lstrip("t"))
    elif kind == "frames":
        picture.insert(0, f"({wanted['frames']}+2)" if wanted.get("frames") else "2")  # onset and apex follow
    return f"{kind} {'x'.join(picture)}"


def gflop(card: dict[str, Any]) -> str:
    """A forward pass of one clip in units of 10^9 operations, with three digits; empty where the card does not say."""
    if not card.get("flops"):
        return "0" if "flops" in card else ""
    number = float(f"{card['flops'] / 1e9:.3g}")
    return f"{number:,.0f}" if number >= 100 else f"{number:#.3g}"


def preset_names(card: dict[str, Any]) -> list[str]:
    """Names of a model's presets, the paper's first."""
    return list({"paper": {}, **card.get("presets", {})})


def recipe_table(card: dict[str, Any]) -> tuple[list[str], list[list[str]], list[str]]:
    """(presets, rows, defaults): a row holds a key and its value in each preset, as training gets it; the rest of the
    recipe is at the engine's default in every preset."""
    presets = preset_names(card)
    resolved = [recipes.resolve({"model": card["name"], "preset": preset}) for preset in presets]
    first = {key: values[0] for key, values in card.get("options", {}).items()}
    chosen = [first | entry["options"] for entry in resolved]
    changed = {key for key in first if any(options[key] != first[key] for options in chosen)}
    rows = [[key, *(written(options[key]) for options in chosen)] for key in first if key in changed]
    stated = {*card["recipe"], *(key for preset in card.get("presets", {}).values() for key in preset)}
    keys = [key for key in recipes.RECIPE if resolved[0]["recipe"]]
    for key in keys:
        values = [entry["recipe"][key] for entry in resolved]
        if key in stated or any(value != recipes.RECIPE[key] for value in values):
            rows.append([key, *map(plain, values)])
    shown = {row[0] for row in rows}
    return presets, rows, [f"{key} {plain(recipes.RECIPE[key])}" for key in keys if key not in shown]


def effects(card: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(option, its values with the default first, what values change on the card besides the model) per option."""
    found = []
    for option, values in card.get("options", {}).items():
        changes = card.get("changes", {}).get(option, {})
        texts = {written(value): _change(changes[value]) for value in values if value in changes}
        listed = [f"{value}: {text}" for value, text in texts.items() if text]
        found.append((option, ", ".join(map(written, values)), "; ".join(listed)))
    return found


def _change(change: dict[str, Any]) -> str:
    parts = {part: "; ".join(f"{key} {plain(value)}" for key, value in change.get(part, {}).items()) for part in PARTS}
    return ", ".join(f"{part} ({text})" for part, text in parts.items() if text)


def written(value: Any) -> str:
    """The value of an option as config.yaml takes it."""
    if value == "FILE":
        return "a file of weights"
    return str(value).lower() if isinstance(value, bool) else str(value)


@dataclass(frozen=True)
class Figure:
    """What somebody printed for a part of a task: texts of UF1, UAR and accuracy, and where they come from."""

    task: str
    method: str
    part: str
    values: dict[str, str]
    peeked: str
    sources: tuple[str, ...]
    note: str


PEEKED = {"last": "no", "inner": "no", "test_peek": "yes", "": "unknown"}


def published(model: str) -> list[Figure]:
    """The published figures of a model in the order of the tables; a table that quotes another repeats nothing."""
    seen: list[Published] = []
    found: list[Figure] = []
    for name in tables.names():
        description = tables.describe(name)
        new = [row for row in description.published if row.model == model and row not in seen]
        seen += new
        for row in new:
            found += _figures(description, row)
    return found


def _figures(description: Description, row: Published) -> list[Figure]:
    metrics = list(dict.fromkeys(metric for _, metric in row.values))
    parts = [part for part in description.parts if any((part, metric) in row.values for metric in metrics)]
    sources = tuple(description.sources[letter] for letter in row.source)
    return [
        Figure(
            task=description.task,
            method=row.method,
            part=description.parts[part],
            values={m: as_fraction(row.values[Key(part, m)]) for m in metrics if Key(part, m) in row.values},
            peeked=PEEKED[row.selection],
            sources=sources,
            note=row.note,
        )
        for part in parts
    ]
