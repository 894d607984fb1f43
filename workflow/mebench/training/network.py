"""A trained network, made from its spec and its tensors, that predicts samples which are no part of a run."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from mebench import cards, models, tasks
from mebench.config.spec import Option, RunSpec
from mebench.errors import UserError
from mebench.training import normalise
from mebench.training.batches import OnDisk, take
from mebench.training.fold import placed
from mebench.training.loop import evaluation_batches, predictions, set_products

NORMALISATION = "normalisation/"  # begins the names of the tensors that are none of the model's


class Network:
    """A network on the CPU, as it predicts the test samples of a fold: normalised and in evaluation mode.

    ``tensors`` are the weights of the model under its own names, and what its normalisation was fitted to
    (:func:`tensors_of`). ``dimensions``: axes of a batch.
    """

    def __init__(self, spec: RunSpec, tensors: Mapping[str, torch.Tensor], dimensions: int):
        self.spec, self.kind = spec, tasks.kind_of(spec["task"])
        numbers = {name.removeprefix(NORMALISATION): value for name, value in tensors.items() if _is_number(name)}
        self.normalise = normalise.kept(numbers)
        model = models.build(spec["model"], num_classes=self.kind.outputs, **_options(spec))
        _fill(model, {name: value for name, value in tensors.items() if not _is_number(name)}, spec["model"])
        self.model = placed(model, dimensions, torch.device("cpu")).eval()
        # no target decides how outputs are read
        self.objective = self.kind.objective(spec["recipe"], torch.zeros(0, dtype=torch.int64))

    @torch.no_grad()
    def predict(self, x: OnDisk) -> np.ndarray:
        """Predictions (n, ...) of the samples ``x``, as the kind of task reads outputs."""
        precision = self.spec["recipe"].get("precision", "float32")
        set_products(precision)
        half, forward, outputs = precision in ("bfloat16", "float16"), self.kind.forward(self.model), []
        groups = [""] * len(x) if getattr(self.model, "whole", False) else None  # they are of one recording
        for rows in evaluation_batches(list(range(len(x))), x.shape, groups):
            batch = take(x, rows)
            if self.normalise is not None:
                batch = self.normalise(batch)
            if batch.dim() == 4:
                batch = batch.contiguous(memory_format=torch.channels_last)
            with torch.autocast("cpu", dtype=getattr(torch, precision) if half else torch.float32, enabled=half):
                outputs.append(forward(batch))
        return predictions(self.objective, torch.cat(outputs), "of the network").numpy()


def tensors_of(state: Mapping[str, torch.Tensor], numbers: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The weights ``state`` of a model and the ``numbers`` of its normalisation under the names of one file."""
    tensors = {**state, **{f"{NORMALISATION}{name}": value for name, value in numbers.items()}}
    # a copy of each, because a file of safetensors holds no tensor twice
    return {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}


def _is_number(name: str) -> bool:
    return name.startswith(NORMALISATION)


def _options(spec: RunSpec) -> dict[str, Option]:
    """The options of a spec, but without pretrained weights where a model may begin without: all weights are given."""
    begins = cards.card("models", spec["model"]).get("options", {}).get("pretrained", [])
    return {**spec["options"], **({"pretrained": "none"} if "none" in begins else {})}


def _fill(model: nn.Module, state: Mapping[str, torch.Tensor], name: str) -> None:
    try:
        model.load_state_dict(dict(state))
    except RuntimeError as error:
        first = str(error).splitlines()[-1].strip()
        raise UserError(f"the weights do not fit the model {name} as its code is now ({first}); use the version of "
                        "mebench that trained them, or train again") from error  # fmt: skip
