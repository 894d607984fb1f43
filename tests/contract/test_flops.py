"""What a card says about the cost of a model with other options, which `mebench plan` estimates by."""

from __future__ import annotations

import pytest
import torch
from test_models import CARDS, inputs_of, offline, shape
from torch.utils.flop_counter import FlopCounterMode

from mebench.config import recipes
from mebench.models import build, names
from mebench.plan.estimate import forward

STATED = [(name, known) for name in names() for known in CARDS[name].get("flops_by_options", [])]


@pytest.mark.parametrize(("name", "known"), STATED)
def test_the_card_states_the_cost_with_other_options(name, known):
    """Counted without memory, for one clip; ``head`` is the part that is trained on cached features."""
    with torch.device("meta"), torch.no_grad():
        model = build(name, num_classes=3, **{**known["options"], **offline(name)}).eval()
        x = torch.empty(1, *shape(inputs_of(name, known["options"])))
        with FlopCounterMode(display=False) as whole:
            model(x)
        assert whole.get_total_flops() == known["forward"]
        assert getattr(model, "caches", False) == ("head" in known)
        if "head" in known:
            features = model.features(x)
            with FlopCounterMode(display=False) as head:
                model.from_features(features)
            assert head.get_total_flops() == known["head"]


@pytest.mark.parametrize("name", [name for name in names() if CARDS[name]["flops"] and CARDS[name]["kind"] == "model"])
def test_the_cost_of_every_preset_is_known(name):
    """Else `mebench plan` takes the operations of the default options for those of a small network."""
    for preset in CARDS[name].get("presets", {"paper": {}}):
        options = recipes.resolve({"model": name, "preset": preset})["options"]
        flops, own = forward(CARDS[name], options)
        assert own, f"preset {preset}: give its operations in flops_by_options of the card"
        with torch.device("meta"):
            model = build(name, num_classes=3, **{**options, **offline(name)})
        assert getattr(model, "caches", False) == ("head" in flops), preset
