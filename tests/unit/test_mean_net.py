"""MEAN: its layers beside the list of docs/model-sources.md, and what it learns."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mebench.config import recipes
from mebench.models import build
from mebench.models.mean_net import Stream, emotion_loss, spotting_loss


@pytest.fixture
def model():
    torch.manual_seed(0)
    return build("mean_net", num_classes=3)


def test_the_layers_are_those_of_the_description(model):
    """Streams of 3, 3 and 8 filters, 14 channels, 8 filters, 392 numbers; 3,593 parameters and 28 statistics of batch
    norm for spotting (3,621 in Keras's count), 3,987 for recognition."""
    assert [tuple(stream.conv.weight.shape) for stream in model.streams] == [(3, 1, 5, 5), (3, 1, 5, 5), (8, 1, 5, 5)]
    assert [stream.drop.p for stream in model.streams] == [0.3] * 3
    assert all((stream.norm.eps, stream.norm.momentum) == (1e-3, pytest.approx(1 - 0.99)) for stream in model.streams)
    for top, outputs in ((model.spot, 1), (model.emotion, 3)):
        assert tuple(top.conv.weight.shape) == (8, 14, 5, 5)
        assert tuple(top.head.weight.shape) == (outputs, 392)
        assert top.drop.p == 0.2
    counts = [sum(p.numel() for p in part.parameters()) for part in (model.streams, model.spot, model.emotion)]
    assert counts[0] + counts[1] == 3593
    assert counts[2] == 3987
    statistics = [b for name, b in model.streams.named_buffers() if "running" in name]
    assert counts[0] + counts[1] + sum(b.numel() for b in statistics) == 3621
    shapes = []
    for part in (*model.streams, model.spot.conv):
        part.register_forward_hook(lambda _, __, out: shapes.append(tuple(out.shape[1:])))
    model(torch.zeros(2, 3, 42, 42))
    assert shapes == [(3, 14, 14), (3, 14, 14), (8, 14, 14), (8, 14, 14)]


def test_batch_norm_comes_behind_relu():
    stream = Stream(3).eval()
    stream.norm.bias.data.fill_(-1.0)
    assert float(stream(torch.zeros(1, 1, 42, 42)).detach().max()) < 0  # ReLU behind it would give 0


def test_layers_begin_as_in_keras(model):
    convolution = model.emotion.conv
    bound = (6 / (25 * (14 + 8))) ** 0.5  # Glorot
    assert 0.9 * bound < float(convolution.weight.detach().abs().max()) <= bound
    assert all(not part.bias.any() for part in model.modules() if isinstance(part, nn.Conv2d | nn.Linear))


def test_no_gradient_of_the_emotions_reaches_the_streams_and_each_part_learns(model):
    x, y = torch.rand(8, 3, 42, 42), torch.tensor([0, 1, 2, 3, 3, 3, 4, -1])[:, None]
    _, logits = model.train()(x)
    emotion_loss(logits, y[:, 0]).backward(retain_graph=True)
    assert all(p.grad is None for p in (*model.streams.parameters(), *model.spot.parameters()))
    model.zero_grad()
    model.training_loss(x, y, None)[0].backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_losses_by_hand():
    y = torch.tensor([0, 3, 4, -1])[:, None]  # an emotion, neutral, an expression without a class, after the end
    scores = torch.tensor([0.5, 0.5, 2.0, 9.0])[:, None]
    assert float(spotting_loss(scores, y, neutral=3)) == pytest.approx((0.25 + 0.25 + 1) / 3)
    logits = torch.tensor([[0.0, 0, 0], [9, 0, 0], [9, 0, 0], [9, 0, 0]])
    assert float(emotion_loss(logits, y[:, 0])) == pytest.approx(torch.log(torch.tensor(3.0)).item())
    assert float(emotion_loss(logits, torch.tensor([3, 3, 4, -1]))) == 0
    model = build("mean_net", num_classes=3)
    for part in model.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.ones_(part.weight)
    assert float(model.decay().detach()) == pytest.approx(1e-3 * 25 * 14 + 0.1 * 2 * 25 * 14 * 8, rel=1e-4)


def test_neutral_is_never_the_highest_and_scores_are_cut(model):
    scores, logits = model.eval().frames(torch.rand(6, 3, 42, 42))
    assert (logits.argmax(dim=-1) < 3).all()
    model.spot.head.bias.data.fill_(7)
    assert (model.frames(torch.rand(2, 3, 42, 42))[0] == 1).all()
    assert ((scores >= 0) & (scores <= 1)).all()


@pytest.fixture
def _one_thread():
    """Threads that wait for each other take longer than such small pictures."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("_one_thread")
def test_it_learns_where_motion_is_and_which():
    """A spot of u is the first emotion, one of v the second; noise alone is neutral."""
    torch.manual_seed(0)
    model, y = build("mean_net", num_classes=2), torch.arange(18) % 3
    x = 0.3 * torch.rand(18, 3, 42, 42)
    for row, kind in enumerate(y.tolist()):
        if kind < 2:
            x[row, [kind, 2], 10:20, 10:20] += 0.7
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for stream in model.streams:
        stream.norm.momentum = 0.1  # Keras's 0.01 is slow
    for _ in range(35):
        optimizer.zero_grad()
        model.train().training_loss(x, y[:, None], None)[0].backward()
        optimizer.step()
    scores, logits = model.eval().frames(x)
    assert float(scores[y < 2].min()) > float(scores[y == 2].max())
    assert (logits[y < 2, 0].argmax(dim=-1) == y[y < 2]).all()


def test_the_recipe_is_that_of_the_description():
    recipe = recipes.resolve("mean_net")["recipe"]
    wanted = {"optimizer": "adam", "lr": 5e-4, "batch_size": 32, "epochs": 10, "negatives": 5.0, "schedule": "constant"}
    assert {key: recipe[key] for key in wanted} == wanted
    assert recipes.resolve("mean_net")["inputs"].get("options") is None  # TV-L1 at every frame
    small = recipes.resolve({"model": "mean_net", "preset": "small"})["inputs"]["options"]
    assert small == {"flow": "dis", "pace": "fps30"}
