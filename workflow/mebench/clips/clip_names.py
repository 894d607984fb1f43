"""How people spell clip_ids: DATASET/SUBJECT/CLIP with the dataset and the subject in any known spelling."""

from __future__ import annotations

from collections.abc import Collection

from mebench.clips.dataset_names import known_dataset
from mebench.clips.spelling import subject_name
from mebench.errors import UserError
from mebench.given_values import clean


def clip_name(text: str) -> str:
    """The clip_id with the names of this benchmark for its dataset and its subject; what is not known stays."""
    parts = clean(text).replace("\\", "/").split("/", 2)
    dataset = known_dataset(parts[0]) if len(parts) == 3 else None
    if dataset is None:
        return clean(text)
    try:
        return f"{dataset}/{subject_name(dataset, parts[1])}/{clean(parts[2])}"
    except UserError:
        return clean(text)


def known_clip(text: str, known: Collection[str]) -> str:
    """The clip_id of ``known`` that a text spells; the text itself where it spells none."""
    if text in known:
        return text
    name = clip_name(text)
    return name if name in known else clean(text)
