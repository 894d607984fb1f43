"""What a network sees, kept beside a run: embeddings and attention."""

from __future__ import annotations

import fake_results as fake
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from toy import CLASSES, run_fold

from mebench.errors import UserError
from mebench.plots import inspection as plot
from mebench.plots import runs, together
from mebench.runs import inspected
from mebench.runs.inspected import Inspected
from mebench.training import inspection
from mebench.training.data import load
from mebench.training.fold import FoldJob


def of(clips, side=None):
    truth = np.array([truth for _, _, truth in clips])
    rng = np.random.default_rng(0)
    maps = None if side is None else rng.random((len(clips), side, side), dtype=np.float32)
    said = np.where(np.arange(len(clips)) % 3, truth, "negative")
    return Inspected(np.array([clip for clip, _, _ in clips]), truth, said, rng.random((len(clips), 5)), maps)


def test_the_inspected_network_is_the_one_of_the_fold(toy):
    spec = toy.spec(epochs=2)
    data = load(spec, [toy.clips], [toy.inputs])
    name = next(iter(data.folds()))
    train, test = data.folds()[name]
    found = inspection.inspect(FoldJob(spec, data, name, train, test, torch.device("cpu")))
    result = run_fold(spec, data, name, train, test)
    np.testing.assert_array_equal(found.predicted, result.chosen.predictions.numpy())
    assert found.embedding.shape == (len(test), 400)  # STSTNet's features: 16 of 5 x 5
    assert found.attention is None
    kept = inspected.of_folds(data, CLASSES, [(test, found)])
    assert kept.clip_id.tolist() == [data.samples[row]["clip_id"] for row in test]
    with pytest.raises(UserError, match="cannot be inspected: it is no network that recognises"):
        oracle = toy.spec("majority")
        inspection.inspect(FoldJob(oracle, data, name, train, test, torch.device("cpu")))


class Looks(nn.Module):
    """Attention of a class token to 2 x 2 patches, in two heads, then a linear layer."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(3, 2)

    def forward(self, tokens):  # (n, heads, 5, 3)
        return self.head(F.scaled_dot_product_attention(tokens, tokens, tokens)[:, :, 0].mean(dim=1))


def test_attention_is_that_of_the_first_token_to_the_patches():
    model, seen, tokens = Looks().eval(), inspection._Seen(), torch.randn(4, 2, 5, 3)
    attend = F.scaled_dot_product_attention
    with torch.no_grad(), inspection._watched(model, seen):
        model(tokens)
    by_hand = (tokens @ tokens.mT / 3**0.5).softmax(dim=-1)[:, :, 0, 1:].mean(dim=1).reshape(4, 2, 2)
    torch.testing.assert_close(seen.attention, by_hand)
    assert seen.embedding.shape == (4, 3)
    assert F.scaled_dot_product_attention is attend
    assert not model.head._forward_pre_hooks


def test_frames_of_a_clip_are_averaged_and_tokens_that_are_no_square_have_no_place():
    seen = inspection._Seen()
    inspection._keep(seen, torch.rand(4, 2, 6, 6))  # five patches
    assert seen.attention is None
    inspection._keep(seen, torch.rand(4, 2, 5, 5))
    assert inspection._on_patches(seen.attention, 2).shape == (2, 2, 2)
    assert inspection._on_patches(seen.attention, 3) is None


def test_the_file_comes_back_and_a_damaged_one_is_one_sentence(tmp_path):
    assert inspected.read(tmp_path) is None
    whole = of(fake.CLIPS, side=2)
    first = inspected.write(tmp_path, whole).read_bytes()
    assert inspected.write(tmp_path, whole).read_bytes() == first
    again = inspected.read(tmp_path)
    np.testing.assert_array_equal(again.attention, whole.attention)
    assert again.clip_id.tolist() == whole.clip_id.tolist()
    (tmp_path / inspected.FILE).write_bytes(b"PK no")
    with pytest.raises(UserError, match="cannot read .*inspection.npz"):
        inspected.read(tmp_path)
    np.savez(tmp_path / inspected.FILE, clip_id=whole.clip_id)
    with pytest.raises(UserError, match="lacks truth, prediction, embedding"):
        inspected.read(tmp_path)


def test_the_plot_is_drawn_where_a_fold_was_inspected(tmp_path):
    folders = [fake.run(tmp_path, model, 0, 3, "synthetic") for model in ("ststnet", "off_apexnet")]
    assert "inspection" not in together.plot_names(runs.load(folders))
    inspected.write(folders[0], of(fake.CLIPS, side=2))
    task = runs.load(folders)
    assert "inspection" in together.plot_names(task)
    figure = plot.draw(task)
    shown = [ax.get_title() for ax in figure.axes]
    assert shown == ["STSTNet", *(f"{name}: {sum(t == name for _, _, t in fake.CLIPS)} clips" for name in fake.CLASSES)]
    plt.close("all")


def test_components_are_the_axes_of_the_widest_spread():
    x = np.outer([-2.0, -1, 0, 1, 2], [0, 3, 0]) + np.outer([1, -1, 0, -1, 1.0], [0.1, 0, 0])
    found = plot.components(x)
    np.testing.assert_allclose(np.abs(found[:, 0]), [6, 3, 0, 3, 6], atol=1e-6)
    assert found[4, 0] > 0, "the largest weight is positive"
    assert plot.components(np.ones((3, 1))).shape == (3, 2)
