"""Layers that were written for speed give the numbers of the plain ones."""

from __future__ import annotations

import pytest
import timm.layers
import torch
import torch.nn.functional as F
from torch import nn

from mebench.models import _layers, build
from mebench.training.dropout import Dropout, quicker, the_same_stream
from mebench.training.fold import placed


@pytest.mark.parametrize(("p", "dtype"), [(0.5, torch.float32), (0.3, torch.bfloat16)])
def test_masks_are_those_of_pytorch(p, dtype):
    x = torch.randn(5, 4, 3, 3).to(dtype).contiguous(memory_format=torch.channels_last).requires_grad_()
    found = []
    for layer in (nn.Dropout(p), Dropout(p)):
        torch.manual_seed(7)
        y = layer(x)
        found.append((y, torch.autograd.grad(y.sum(), x)[0], torch.get_rng_state()))
    assert the_same_stream() or found[0][0] is not None
    for one, other in zip(*found, strict=True):
        assert torch.equal(one, other)


def test_only_the_plain_class_is_replaced():
    class Own(nn.Dropout):
        """A dropout of a model's own."""

    model = nn.Sequential(nn.Dropout(0.2), Own(0.2))
    quicker(model)
    assert [type(part) for part in model] == [Dropout, Own]
    assert torch.equal(model.eval()(torch.ones(9)), torch.ones(9))


@pytest.mark.parametrize("clips", [2, 33, 70])
@pytest.mark.parametrize("variant", ["paper", "port"])
def test_the_joined_layers_of_ststnet(clips, variant):
    torch.manual_seed(0)
    model = placed(build("ststnet", num_classes=3, variant=variant), 4, torch.device("cpu")).double()
    nn.init.uniform_(model.norm.weight, 0.5, 2)
    nn.init.normal_(model.norm.bias)
    x, y = torch.rand(clips, 3, 28, 28).double(), torch.arange(clips) % 3
    found = []
    for joined in (False, True):
        model.joined = joined
        model.norm.reset_running_stats()
        model.zero_grad()
        torch.manual_seed(1)
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        found.append([loss.detach(), *(p.grad for p in model.parameters()), *(b.clone() for b in model.buffers())])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-11, atol=1e-13)


def test_a_negative_weight_of_batch_norm_takes_the_plain_way():
    model, x = build("ststnet", num_classes=3), torch.rand(4, 3, 28, 28)
    with torch.no_grad():
        model.norm.weight[3] = -1
    found = []
    for joined in (False, True):
        model.joined = joined
        torch.manual_seed(1)
        found.append(model(x))
    assert torch.equal(*found)


def test_the_layers_of_timm():
    x = torch.randn(6, 5, 2, 3)
    assert torch.equal(_layers.LayerNorm2d(5, eps=1e-3)(x), timm.layers.LayerNorm2d(5, eps=1e-3)(x))
    drawn = []
    for layer in (_layers.DropPath(0.4), timm.layers.DropPath(0.4)):
        torch.manual_seed(2)
        drawn.append(layer(x))
    assert torch.equal(*drawn)
    assert _layers.DropPath(0.4).eval()(x) is x


def test_the_lstm_of_slstt_is_in_float32_where_a_cpu_trains_in_half_precision():
    model, seen = build("slstt", num_classes=3, size="small", pretrained="none"), []
    model.lstm.register_forward_hook(lambda part, given, found: seen.append((given[0].dtype, found[0].dtype)))
    width = model.norm.weight.numel()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert model.from_features(torch.randn(2, 11, width)).dtype == torch.bfloat16
    assert seen == [(torch.float32, torch.float32)]
