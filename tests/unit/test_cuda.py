"""The same fold on a GPU. Skipped, with a message, where none is visible."""

from __future__ import annotations

import pytest
import torch
from toy import run_fold

from mebench.errors import UserError
from mebench.protocols import loso
from mebench.runs.device import choose_device
from mebench.training.data import load
from mebench.training.loop import set_products

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU is visible")


def run(toy, spec, device):
    data = load(spec, [toy.clips], [toy.inputs])
    rows, test = loso.folds(data.subjects)["smic/s01"]
    return run_fold(spec, data, "smic/s01", rows, test, torch.device(device))


def test_only_tf32_lets_a_gpu_shorten_the_products_of_float32_and_on_the_cpu_it_is_float32(toy):
    found = {}
    try:
        for precision in ("tf32", "float32", "tf32", "bfloat16"):
            spec = toy.spec({"model": "ststnet", "precision": precision}, epochs=1)
            found[precision] = run(toy, spec, "cpu").chosen.predictions
            flags = (torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32)
            assert flags == (precision == "tf32", precision == "tf32")
    finally:
        set_products("float32")
    assert torch.equal(found["tf32"], found["float32"])
    assert not torch.equal(found["tf32"], found["bfloat16"])


@needs_gpu
@pytest.mark.parametrize("precision", ["float32", "tf32", "bfloat16", "float16"])
def test_a_gpu_learns_what_the_cpu_learns(toy, precision):
    """Dropout draws other numbers on a GPU, so the curves are compared, not the weights."""
    spec = toy.spec({"model": "ststnet", "lr": 1e-3, "precision": precision}, epochs=60)
    losses = [run(toy, spec, device).history[-1].train_loss for device in ("cpu", "cuda")]
    assert losses[1] == pytest.approx(losses[0], rel=0.25)


@needs_gpu
def test_a_gpu_repeats_itself(toy):
    spec = toy.spec(epochs=10)
    assert torch.equal(run(toy, spec, "cuda").chosen.predictions, run(toy, spec, "cuda").chosen.predictions)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_asking_for_a_gpu_that_is_not_there_is_an_error():
    with pytest.raises(UserError, match="no CUDA GPU is visible"):
        choose_device("cuda")
