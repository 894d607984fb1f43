"""Backbones from timm: with random weights, with timm's ImageNet weights, or with the weights of a file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, cast

import timm
import torch
from huggingface_hub import constants, try_to_load_from_cache
from timm.models import load_state_dict
from torch import nn

from mebench.cards import WEIGHTS
from mebench.errors import UserError
from mebench.files import digest

Argument = Any  # any: what timm.create_model takes depends on the network


class WeightsRecord(TypedDict):
    """Where the first weights of a network come from, see :func:`timm_backbone`."""

    source: str
    digest: str


if TYPE_CHECKING:

    class TimmConfig(TypedDict):
        """What is read of the ``pretrained_cfg`` of timm's networks."""

        architecture: str
        tag: str
        classifier: str | tuple[str, ...]
        num_classes: int
        hf_hub_id: str | None

    class TimmBlock(nn.Module):
        """A block of timm's vision transformer."""

        mlp: nn.Module

    class TimmNet(nn.Module):
        """What is used of timm's networks; only some have the last seven."""

        pretrained_cfg: TimmConfig
        num_classes: int
        weights_record: WeightsRecord
        feature_info: list[dict[str, int]]
        blocks: Iterable[TimmBlock]
        embed_dim: int
        norm: nn.Module
        patch_embed: TimmPatches
        pos_embed: nn.Parameter
        cls_token: nn.Parameter

        def forward_features(self, x: torch.Tensor) -> torch.Tensor: ...

    class TimmPatches(nn.Module):
        """How timm's vision transformer makes tokens of a picture."""

        proj: nn.Conv2d


def timm_backbone(name: str, pretrained: str, **kwargs: Argument) -> TimmNet:
    """``timm.create_model(name, **kwargs)`` with the weights that ``pretrained`` names.

    ``none``: random weights. ``imagenet``: timm's weights of ``name`` (with its tag, if it has one), from the local
    cache or downloaded. Anything else is a file of weights with timm's names (.safetensors, .pth, .pt); a classifier
    of another size in it is ignored. On the meta device, where tensors have no values, nothing is read.

    The network gets the attribute ``weights_record``: ``source`` is ``none``, ``imagenet:<name>.<tag>`` or
    ``file:<name>``; ``digest`` is a SHA-256 of the loaded tensors, the same for the same weights from any source, and
    "" for none.

    Raises a :class:`UserError` where weights cannot be downloaded or read, or do not fit the network.
    """
    if pretrained == "none" or torch.get_default_device().type == "meta":
        model = _create(name, kwargs)
        model.weights_record = {"source": "none", "digest": ""}
        return model
    if pretrained == "imagenet":
        model = _from_hub(name, kwargs)
        source = f"imagenet:{_with_tag(model)}"
        resized = model.num_classes != model.pretrained_cfg["num_classes"]
        loaded = _without_classifier(model) if resized else model.state_dict()
    else:
        model, weights = _create(name, kwargs), _read(pretrained)
        source = f"file:{Path(pretrained).name}"
        fitting = _fitting(model, weights, pretrained)
        model.load_state_dict(fitting, strict=False)
        loaded = {key: value for key, value in model.state_dict().items() if key in fitting}
    model.weights_record = {"source": source, "digest": weights_digest(loaded)}
    return model


def _create(name: str, kwargs: dict[str, Argument]) -> TimmNet:
    return cast("TimmNet", timm.create_model(name, **kwargs))


def weights_digest(tensors: dict[str, torch.Tensor]) -> str:
    """SHA-256 over names, shapes, types and values, in the order of the names."""
    parts: list[str | memoryview] = []
    for name, tensor in sorted(tensors.items()):
        values = tensor.detach().cpu().contiguous()
        parts += [f"{name} {tuple(values.shape)} {values.dtype}", values.flatten().view(torch.uint8).numpy().data]
    return digest(*parts)


def _from_hub(name: str, kwargs: dict[str, Argument]) -> TimmNet:
    with torch.device("meta"):  # a wrong argument fails here, and is not taken for a failed download
        outline = _create(name, kwargs)
    full, hub = _with_tag(outline), outline.pretrained_cfg.get("hf_hub_id")
    # weights in the cache are read without asking the hub: without internet that takes a minute to fail
    cached = try_to_load_from_cache(hub, "model.safetensors") if hub else None
    overlay = {"file": cached, "custom_load": False} if isinstance(cached, str) else None
    try:
        return _create(name, {"pretrained": True, "pretrained_cfg_overlay": overlay, **kwargs})
    except Exception as error:  # the hub, its transports and its file formats each have errors of their own
        reason = f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else 'no reason'}"
        if overlay:
            raise UserError(
                f"the cached ImageNet weights of {full} cannot be used ({reason}); delete {cached} and run again "
                "where there is internet"
            ) from error
        raise UserError(
            f"this machine could not download the ImageNet weights of {full} ({reason}); run once where there is "
            f"internet and copy the cache, there under ~/.cache/huggingface/hub, to {constants.HF_HUB_CACHE}, or give "
            "a file (pretrained: /path/file.safetensors), or train from random weights (pretrained: none)"
        ) from error


def _read(path: str) -> dict[str, torch.Tensor]:
    """The tensors of a file of weights. A training checkpoint gives those of its model."""
    if not path.endswith(WEIGHTS):
        raise UserError(f"pretrained is '{path}'; write imagenet, none, or a weights file ({', '.join(WEIGHTS)})")
    if not Path(path).is_file():
        raise UserError(f"there is no weights file {path}; give the path of an existing one under pretrained")
    try:
        weights = load_state_dict(path, weights_only=True)
    except Exception as error:  # torch, pickle, zip and safetensors each have errors of their own
        raise UserError(
            f"{path} cannot be read as a file of weights ({type(error).__name__}); give one that was saved by "
            "safetensors, or by torch.save of a state_dict"
        ) from error
    if not isinstance(weights, dict) or not all(isinstance(value, torch.Tensor) for value in weights.values()):
        raise UserError(f"{path} holds other things than named tensors; save the state_dict() of the network alone")
    return weights


def _fitting(model: TimmNet, weights: dict[str, torch.Tensor], path: str) -> dict[str, torch.Tensor]:
    """``weights`` without a classifier of another size. All else that does not fit the network is an error."""
    wanted, backbone, name = model.state_dict(), _without_classifier(model), _with_tag(model)
    classifier = wanted.keys() - backbone.keys()
    if not classifier or any(key not in weights or weights[key].shape != wanted[key].shape for key in classifier):
        wanted, weights = backbone, {k: v for k, v in weights.items() if not k.startswith(_classifier(model))}
    for key, value in wanted.items():
        if key not in weights:
            raise UserError(f"{path} lacks {key}, which {name} has; give weights of that network under timm's names")
        if weights[key].shape != value.shape:
            shapes = f"{tuple(weights[key].shape)}, where this {name} has {tuple(value.shape)}"
            raise UserError(f"{path} has {key} of shape {shapes}; give weights of a network of that size")
    for key in weights:
        if key not in wanted:
            raise UserError(f"{path} has {key}, which {name} has not; give weights of that network under timm's names")
    return weights


def _with_tag(model: TimmNet) -> str:
    """timm's full name of a network: its architecture and the tag of its weights."""
    architecture, tag = model.pretrained_cfg["architecture"], model.pretrained_cfg["tag"]
    return f"{architecture}.{tag}" if tag else architecture


def _without_classifier(model: TimmNet) -> dict[str, torch.Tensor]:
    return {key: value for key, value in model.state_dict().items() if not key.startswith(_classifier(model))}


def _classifier(model: TimmNet) -> tuple[str, ...]:
    """Prefixes of the classifier's tensors."""
    names = model.pretrained_cfg["classifier"]
    return tuple(f"{name}." for name in ((names,) if isinstance(names, str) else names))
