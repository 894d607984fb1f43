"""What a configuration becomes where ``rehearsal: true`` stands in it: all of its jobs on stand-ins, in little time.

Each dataset becomes its stand-in of the size rehearsal, whatever its source is, and each model its small preset for two
epochs. Tasks, folds, seeds, selection and tables stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mebench import cards
from mebench.clips.card import dataset_card
from mebench.clips.entry import DatasetEntry
from mebench.config import recipes
from mebench.config.entries import ModelEntry, Settings
from mebench.model_card import ModelCard, model_card
from mebench.owner_paths import expanded

EPOCHS = 2
BRIEF: dict[str, object] = {"epochs": EPOCHS, "warmup_epochs": 0, "min_lr": 0}  # any lr is above the last


def folder(results: str) -> str:
    """The folder of a rehearsal's results, beside those of the configuration: ``results/paper-rehearsal``."""
    path = Path(results)
    return f"{path}-rehearsal" if path.name not in ("", "..") else str(path / "rehearsal")


def stand_in(name: str, entry: DatasetEntry) -> DatasetEntry:
    """The entry of a dataset's stand-in, where faces are looked for as in the owner's copy. What the owner says of
    single clips, or gives for them, is left out. A dataset of the owner's own file has no stand-in and stays."""
    card = dataset_card(name)
    if cards.locate("datasets", name).parent != cards.PACKAGE / "datasets":
        return entry
    made: DatasetEntry = {"source": "synthetic", "size": "rehearsal"}
    if card.crop:
        made["crop"] = entry.get("crop", card.crop)
    if "apex" in entry:
        made["apex"] = entry["apex"]
    return made


def small(written: str | Mapping[str, object]) -> Mapping[str, object]:
    """A model entry with the small preset of its model, for two epochs.

    An entry with a preset of its own keeps it, and takes from the small one its options. What the entry says itself
    stays, but for the size of the network and for weights, which would not fit. A model without a small preset keeps
    its size, and one that a rule of its own trains stays as it is.
    """
    entry: Mapping[str, object] = {"model": written} if isinstance(written, str) else written
    card = model_card(expanded(str(entry["model"]), "model"))
    training = card.get("training", "gradient")
    if training == "rules":
        return entry
    preset = card.get("presets", {}).get("small")
    brief = BRIEF if training == "gradient" else {}
    if preset is None:
        return {**entry, **brief}
    options = {key: value for key, value in preset.items() if key in card.get("options", {})}
    own = without_weights(entry, card) | ({"size": options["size"]} if "size" in options and "size" in entry else {})
    return ({"preset": "small", **own} if "preset" not in entry else {**options, **own}) | brief


def as_written(settings: Settings) -> dict[str, ModelEntry]:
    """The model entries of the real run by name; their files of weights need not be there."""
    entries: list[Mapping[str, object]] = [
        {"model": written} if isinstance(written, str) else written for written in settings["models"]
    ]
    cards_of = [model_card(expanded(str(entry["model"]), "model")) for entry in entries]
    plain = [without_weights(entry, card) for entry, card in zip(entries, cards_of, strict=True)]
    return {entry["name"]: entry for entry in (recipes.resolve(written, settings["flow"]) for written in plain)}


def without_weights(entry: Mapping[str, object], card: ModelCard) -> dict[str, object]:
    """A model entry without the options that say from which file its weights come."""
    options = card.get("options", {})
    return {key: value for key, value in entry.items() if "FILE" not in options.get(key, [])}
