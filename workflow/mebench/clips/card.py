"""The card of a dataset: the literal ``CARD`` of its file, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields

from mebench import cards
from mebench.errors import UserError, did_you_mean


@dataclass(frozen=True)
class DatasetCard:
    """What is known of a dataset without its files; the fields are the keys of ``CARD``.

    ``delivers`` is clips as ``frames``, ``videos`` with frames, or ``pictures`` of flow; ``crop`` says whether frames
    are crops of faces (``provided``) or faces are looked for (``detected``), and is empty for pictures. ``emotions``
    are the labels in one spelling. ``expected`` counts clips, subjects and videos, ``expected_emotions`` the clips of
    each label. ``inputs`` are kinds that are tested on the dataset.
    ``editions`` maps the name of an edition of the labels to how its file is known: ``sha256`` where somebody has
    published it, and ``file``, a word in its name.
    """

    name: str
    title: str
    delivers: str
    paper: str | Mapping[str, object]
    licence: str
    homepage: str
    layout: str
    fps: int | None
    emotions: tuple[str, ...]
    expected: Mapping[str, int]
    inputs: tuple[str, ...]
    crop: str = ""
    expected_emotions: Mapping[str, int] = field(default_factory=dict)
    editions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def takes_crops_for_granted(card: DatasetCard, entry: Mapping[str, object]) -> bool:
    """Whether an owner's copy counts as face crops by its card alone, because its configuration does not say."""
    return card.crop == "provided" and "crop" not in entry and entry["source"] != "synthetic"


def dataset_card(dataset: str) -> DatasetCard:
    """The card of a registered dataset; a UserError where its ``CARD`` lacks a key or has one that is not known."""
    literal = cards.card("datasets", dataset)
    known = [one.name for one in fields(DatasetCard)]
    for key in literal:
        if key not in known:
            raise UserError(f"the CARD of the dataset {dataset} has the unknown key '{key}'{did_you_mean(key, known)}")
    needed = [one.name for one in fields(DatasetCard) if one.default is MISSING and one.default_factory is MISSING]
    lacking = [key for key in needed if key not in literal]
    if lacking:
        raise UserError(f"the CARD of the dataset {dataset} lacks {', '.join(lacking)}")
    lists = {key: tuple(literal[key]) for key in ("emotions", "inputs")}
    return DatasetCard(**{**literal, **lists})
