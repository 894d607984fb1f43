"""What a model reads of one sample, from the stored arrays. It imports no torch."""

from __future__ import annotations

from typing import NotRequired, TypedDict, cast

import numpy as np

from mebench.config.spec import ModelInputs
from mebench.errors import UserError
from mebench.inputs import frames, store
from mebench.tasks import Kind, Row

# of the pictures that networks were pretrained on
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def one_input(kind: Kind, sample: Row, stored: store.Store, wanted: ModelInputs) -> np.ndarray:
    """What a network reads of one sample that is no part of a run, float32, as it is tested."""
    return _read(kind, [sample], {sample["clip_id"]: stored}, wanted, 0, None)


def drawn_anew(card_inputs: ModelInputs) -> bool:
    """Whether a model sees other frames of a clip in each epoch."""
    return card_inputs.get("frames", 0) > 0


def _read(
    kind: Kind, samples: list[Row], where: dict[str, store.Store], wanted: ModelInputs, row: int,
    draw: np.random.Generator | None,
) -> np.ndarray:  # fmt: skip
    clip, kept = samples[row]["clip_id"], where[samples[row]["clip_id"]]
    array = kept.get(clip)
    if wanted["kind"] == "frames":
        places = (kept.extra(clip, "onset_row"), kept.extra(clip, "apex_row"))
        array = frames.stack(array, *places, wanted["frames"], draw)
    return prepare(kind.arrays(samples[row], array, wanted["kind"]), cast(InputMeta, kept.meta), wanted)


class InputMeta(TypedDict):
    """What models need of the meta.json of an input."""

    kind: NotRequired[str]
    channels: list[str]
    scale: str


# which axis of one clip's array is that of its channels
CHANNEL_AXIS = {"long_flow": 1, "frames": 1}


def prepare(array: np.ndarray, meta: InputMeta, card_inputs: ModelInputs) -> np.ndarray:
    """The input of one clip as float32, with the card's channels in its order and range. Nothing here is fitted on
    other clips.

    Ranges: ``pixels`` (flow as computed), ``byte`` (each channel of each picture is stretched to whole numbers 0..255,
    as in the stored flow pictures of STSTNet and its successors; photographs stay as they are), ``unit`` (byte / 255),
    ``imagenet`` (unit, minus the mean of ImageNet's pictures, divided by their deviation), ``any`` (as stored).
    """
    axis = CHANNEL_AXIS.get(meta.get("kind", ""), 0)
    x, wanted, stored = np.asarray(array), card_inputs["range"], meta["scale"]
    if list(card_inputs["channels"]) != list(meta["channels"]):
        x = np.take(x, [meta["channels"].index(c) for c in card_inputs["channels"]], axis=axis)
    x = x.astype(np.float32)
    if wanted == "pixels" and stored != "pixels":
        raise UserError(
            "this model asks for flow in pixels, but these inputs are pictures stretched to 0..255, "
            "which have lost it; use video data, or a model that reads flow pictures"
        )
    if wanted in ("byte", "unit", "imagenet") and stored == "pixels":
        low, high = x.min(axis=(-2, -1), keepdims=True), x.max(axis=(-2, -1), keepdims=True)
        x = np.round(255 * (x - low) / np.maximum(high - low, np.finfo(np.float32).tiny))
    if wanted in ("unit", "imagenet"):
        x = x / np.float32(255)
    if wanted == "imagenet":
        shape = [-1 if i == axis else 1 for i in range(x.ndim)]
        mean, std = (np.array(v, dtype=np.float32).reshape(shape) for v in (IMAGENET_MEAN, IMAGENET_STD))
        x = (x - mean) / std
    return x
