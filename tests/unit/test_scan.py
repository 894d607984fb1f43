"""A recording in one pass: windows that are cut from one series, and a network that sees them as it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mebench import tasks
from mebench.config import recipes
from mebench.errors import UserError
from mebench.inputs.roi_flow import windows
from mebench.models import build
from mebench.protocols.tasks import task
from mebench.spotting.scan import in_one_pass
from mebench.spotting.stitch import stitched
from mebench.training.batches import OnDisk
from mebench.training.data import TaskData
from mebench.training.fold import FoldJob, run_fold
from mebench.training.limits import Limits
from mebench.training.loop import evaluation_batches
from mebench.training.network import Network

LENGTH = 8


def cut(series: torch.Tensor) -> torch.Tensor:
    """Windows (W, channels, 8) of a series (channels, P)."""
    return torch.stack([series[:, start : start + LENGTH] for start in windows(series.shape[1], LENGTH)])


@pytest.mark.parametrize("positions", [8, 12, 28])
def test_windows_become_the_series_and_the_outputs_windows_again(positions):
    series = torch.rand(3, positions)
    seen = []

    def over(x):
        seen.append(x)
        return x.cumsum(dim=-1).transpose(1, 2)  # carries what it saw through the whole recording

    outputs = in_one_pass(cut(series), over)
    assert torch.equal(seen[0], series[None])
    assert outputs.shape == (len(windows(positions, LENGTH)), LENGTH, 3)
    torch.testing.assert_close(torch.from_numpy(stitched(outputs.numpy())), series.cumsum(dim=-1).T)


def test_neighbours_of_one_recording_are_predicted_together():
    assert evaluation_batches([0, 1, 2, 4, 5], (6, 9), ["a", "a", "b", "b", "b", "c"]) == [[0, 1], [2, 4], [5]]
    assert evaluation_batches([0, 1, 2, 4, 5], (6, 9)) == [[0, 1, 2, 4, 5]]


@pytest.fixture(scope="module")
def data():
    """Three subjects with a recording each, of 28, 12 and 20 positions, with an expression."""
    kind, draw = tasks.kind_of(task("sammlv-spotting")), torch.Generator().manual_seed(0)
    videos = [
        {"video_id": f"samm_long/{name}/{name}_1", "dataset": "samm_long", "subject": f"samm_long/{name}",
         "video": f"{name}_1", "frames": f"{name}_1", "first": "1", "last": str(7 * positions), "step": "7",
         "fps": "200", "windows": str(len(windows(positions, LENGTH))), "shape": f"1x10x{LENGTH}"}
        for name, positions in (("006", 28), ("007", 12), ("009", 20))
    ]  # fmt: skip
    clips = [
        {"clip_id": f"{video['video_id']}_me", "dataset": "samm_long", "subject": video["subject"], "onset": "8",
         "frames": video["frames"], "offset": "50", "emotion": "anger", "expression": "micro"}
        for video in videos
    ]  # fmt: skip
    samples = kind.samples(clips, videos)
    parts = [cut(torch.randn(10, int(video["last"]) // 7, generator=draw)) for video in videos]
    x, y = torch.cat(parts), torch.from_numpy(kind.targets(samples))
    return TaskData(kind, samples, x, y, "digest")


def spec(**keys):
    entry = recipes.resolve({"model": "me_tst", "preset": "small", "scan": "recording", "epochs": 1} | keys)
    own = {key: entry[key] for key in ("model", "training", "options", "inputs", "recipe")}
    return {"task": task("sammlv-spotting"), "label": "me_tst", "seed": 0, "selection": "last", **own}


def test_a_fold_predicts_each_recording_in_one_pass(data):
    train, test = data.folds()["samm_long/006"]
    assert len(test) == 6
    job = FoldJob(spec(), data, "samm_long/006", train, test, torch.device("cpu"))
    chosen = run_fold(job, limits=Limits(keep_state=True)).chosen
    model = build("me_tst", num_classes=data.kind.outputs, **job.spec["options"]).eval()
    model.load_state_dict(chosen.state)
    series = torch.cat([data.x[test[0]], *(data.x[row][:, LENGTH // 2 :] for row in test[1:])], dim=-1)
    with torch.no_grad():
        scores, logits = model.frames(series[None])
        apart, _ = model.frames(data.x[test])
    predicted = stitched(chosen.predictions.numpy())
    np.testing.assert_allclose(predicted[:, 0], scores[0].numpy(), atol=1e-6)
    np.testing.assert_allclose(predicted[:, 1:], logits[0].numpy(), atol=1e-5)
    assert np.abs(stitched(apart[..., None].numpy())[:, 0] - predicted[:, 0]).max() > 1e-6  # windows know less
    network = Network(job.spec, chosen.state, 3)
    own = OnDisk(len(test), lambda row, draw: data.x[test[row]].numpy())
    np.testing.assert_allclose(network.predict(own), chosen.predictions.numpy(), atol=1e-6)


def test_batch_norm_over_the_training_set_is_refused(data):
    train, test = data.folds()["samm_long/006"]
    job = FoldJob(spec(batch_norm="training_set"), data, "samm_long/006", train, test, torch.device("cpu"))
    with pytest.raises(UserError, match="predicts whole recordings, but learns from windows"):
        run_fold(job)
