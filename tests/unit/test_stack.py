"""A stack of folds gives what its folds give one at a time."""

from __future__ import annotations

from functools import partial

import fold_zip
import pytest
import torch
from toy import Toy, data_of

from mebench.config import recipes
from mebench.config.spec import RunSpec
from mebench.errors import UserError
from mebench.model_card import model_card
from mebench.plan import Plan
from mebench.runs import code_of_fold
from mebench.runs.execution import Execution
from mebench.runs.paths import RunFiles, fold_file
from mebench.runs.shard import run_shard
from mebench.training.data import load
from mebench.training.fold import FoldJob, FoldResult, run_fold
from mebench.training.limits import Diverged, Limits, Stopped
from mebench.training.stack import run_stack

CPU = torch.device("cpu")
SUBJECTS = [f"s{clip * clip % 7}" for clip in range(25)]  # s0 has 4 clips, s1, s2 and s4 have 7


def spec(**entry) -> RunSpec:
    resolved = recipes.resolve({"model": "ststnet", "epochs": 3, "batch_size": 8, **entry})
    task = {"name": "toy", "classes": ["a", "b", "c"], "labels": {}, "drop": {}}
    return {**resolved, "label": "ststnet", "task": task, "seed": 0, "selection": "last"}


def jobs(spec: RunSpec) -> list[FoldJob]:
    """The folds of three subjects, on random pictures: 21, 18 and 18 clips, so that last batches differ."""
    x = torch.rand(25, 3, 28, 28, generator=torch.Generator().manual_seed(0), dtype=torch.get_default_dtype())
    data = data_of([], ["d"] * 25, SUBJECTS, ["a", "b", "c"], 255 * x, torch.arange(25) % 3)
    return [FoldJob(spec, data, subject, *data.folds()[subject], CPU) for subject in ("s0", "s1", "s4")]


def stacked(folds: list[FoldJob], **limits) -> list[FoldResult | Diverged]:
    return run_stack(folds, lambda *told: None, lambda: False, Limits(**limits))


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def dtype(request):
    torch.set_default_dtype(request.param)
    yield request.param
    torch.set_default_dtype(torch.float32)


PLAIN = {"preset": "plain"}
KINDS = [
    PLAIN,
    {"variant": "port", "augment": "flip shift:2", "class_weights": "balanced", "label_smoothing": 0.1},
    {**PLAIN, "optimizer": "sgd", "weight_decay": 0.01, "schedule": "cosine", "clip_norm": 0.5, "order": "balanced"},
    {"optimizer": "adamw", "weight_decay": 0.1, "weight_decay_on": "matrices", "warmup_epochs": 1},
]


@pytest.mark.parametrize("dtype", [torch.float64], indirect=True)
@pytest.mark.parametrize("entry", KINDS)
def test_three_folds_are_those_of_one_at_a_time(dtype, entry):
    """The loss of a fold is computed in float32, whatever the network's type."""
    folds = jobs(spec(**entry))
    for one, other in zip(map(run_fold, folds), stacked(folds), strict=True):
        torch.testing.assert_close(other.chosen.predictions, one.chosen.predictions, rtol=0, atol=1e-6)
        for name, value in one.chosen.state.items():
            if "tracked" not in name:
                torch.testing.assert_close(other.chosen.state[name], value, rtol=1e-7, atol=1e-7)
        rows = [(row.train_loss, row.agreement) for row in one.history]
        assert [(row.train_loss, row.agreement) for row in other.history] == [pytest.approx(row, rel=1e-6)
                                                                              for row in rows]  # fmt: skip


def test_in_float32_and_with_inner_selection():
    folds = jobs({**spec(preset="plain"), "selection": "inner"})
    for one, other in zip(map(run_fold, folds), stacked(folds), strict=True):
        torch.testing.assert_close(other.chosen.predictions, one.chosen.predictions, rtol=0, atol=1e-4)
        assert (other.chosen.epoch, other.held) == (one.chosen.epoch, one.held)


def test_a_fold_that_diverges_leaves_the_others_alone():
    folds = jobs(spec(preset="plain"))
    alone = [run_fold(job) for job in folds]
    kept = folds[1].data.x[SUBJECTS.index("s1")].clone()
    folds[1].data.x[SUBJECTS.index("s1")] = float("nan")  # of the folds of s0 and s4 it is a clip to learn from
    first, second, third = stacked(folds)
    folds[1].data.x[SUBJECTS.index("s1")] = kept
    assert isinstance(first, Diverged)
    assert "nan in epoch 1" in str(first)
    assert isinstance(third, Diverged)
    assert isinstance(second, Diverged)  # it predicts the clip
    assert "predictions" in str(second)
    folds[1].test.remove(SUBJECTS.index("s1"))
    folds[1].data.x[SUBJECTS.index("s1")] = float("nan")
    _, second, _ = stacked(folds)
    torch.testing.assert_close(second.chosen.predictions, alone[1].chosen.predictions[1:], rtol=0, atol=1e-4)


def test_time_and_stop():
    folds = jobs(spec(preset="plain"))
    with pytest.raises(TimeoutError, match="the stack took longer than 0 s; it was in epoch 1"):
        stacked(folds, seconds=0)
    with pytest.raises(Stopped, match="in epoch 1 of 3 of a stack, which begins again"):
        run_stack(folds, lambda *told: None, lambda: True, Limits())


def test_constants_that_differ_between_folds_are_refused(monkeypatch):
    from mebench.models import ststnet

    class Odd(ststnet.STSTNet):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.register_buffer("noise", torch.rand(3))

    monkeypatch.setattr(ststnet, "STSTNet", Odd)
    with pytest.raises(UserError, match="Odd has noise, which no fold trains and which differs between folds"):
        stacked(jobs(spec()))


# --- runs ----------------------------------------------------------------------------------------------------


def shard(toy: Toy, runs: list[RunFiles], part=(1, 1), **how):
    first = runs[0].spec
    return run_shard(runs, partial(load, first, [toy.clips], [toy.inputs]), part, Execution("cpu", **how))


def test_a_shard_of_stacks_and_what_it_skips(toy, tmp_path):
    entry = {"model": "ststnet", "preset": "plain", "stack": 4}
    runs = [RunFiles(tmp_path / f"seed{seed}", toy.spec(entry, seed=seed, epochs=2), [], []) for seed in (0, 1)]
    (some,) = shard(toy, runs[:1], folds=("casme2/s00", "smic/s03"))
    assert [record.status for record in some] == ["done", "done"]
    before = fold_file(tmp_path / "seed0", "casme2/s00").stat().st_mtime_ns
    records = shard(toy, runs)  # ten folds that are left, in stacks of four, of both seeds
    assert [[record.status for record in own] for own in records] == [["done"] * 6] * 2
    assert fold_file(tmp_path / "seed0", "casme2/s00").stat().st_mtime_ns == before
    assert not list(tmp_path.glob("*/folds/*.running.json"))
    single = RunFiles(tmp_path / "single", toy.spec(entry | {"stack": 1}, seed=1, epochs=2), [], [])
    shard(toy, [single])
    for record in records[1]:
        alone, together = (fold_zip.rows(fold_file(tmp_path / run, record.fold), "predictions.csv")
                           for run in ("single", "seed1"))  # fmt: skip
        for one, other in zip(alone, together, strict=True):
            assert one["clip_id"] == other["clip_id"]
            assert [float(other[f"p_{name}"]) for name in ("negative", "positive")] == pytest.approx(
                [float(one[f"p_{name}"]) for name in ("negative", "positive")], abs=1e-4
            )


def test_a_stack_that_fails_as_a_whole_says_so_in_each_record(toy, tmp_path, monkeypatch):
    from mebench.training import stack

    def full(*args):
        raise torch.OutOfMemoryError("out of memory: 3 GiB")

    monkeypatch.setattr(stack.Stack, "epoch", full)
    wanted = toy.spec({"model": "ststnet", "stack": 6}, epochs=1)
    (records,) = shard(toy, [RunFiles(tmp_path, wanted, [], [])])
    assert {record.status for record in records} == {"out_of_memory"}
    assert {record.message for record in records} == {"out of memory: 3 GiB (in a stack of 6 folds)"}


# --- the configuration ------------------------------------------------------------------------------------------


def test_a_recipe_without_stack_is_the_one_of_before():
    assert recipes.resolve({"model": "ststnet", "stack": 1}) == recipes.resolve("ststnet")
    assert "stack" not in recipes.resolve("ststnet")["recipe"]
    assert code_of_fold.engine_digest(spec(stack=2)) != code_of_fold.engine_digest(spec())


def test_titles_say_the_stack():
    plain = spec(preset="plain", stack=2, epochs=500, batch_size=256)
    assert recipes.describe(plain)[0] == "STSTNet (plain, stack: 2)"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"model": "majority"}, "which is for models that are trained by gradient"),
        ({"model": "capsulenet", "pretrained": "none"}, "the card of CapsuleNet does not say stacks: true"),
        ({"model": "ststnet", "ema": 0.9}, "stack: 4 and ema: 0.9, which a stack does not do"),
        ({"model": "ststnet", "accumulate": 2}, "stack: 4 and accumulate: 2, which a stack does not do"),
        ({"model": "ststnet", "schedule": "onecycle"}, "schedule: onecycle, which a stack does not do"),
        ({"model": "ststnet", "precision": "float16"}, "precision: float16, which a stack does not do"),
    ],
)
def test_what_a_stack_cannot_train_is_refused_when_it_is_read(entry, message):
    with pytest.raises(UserError, match=message):
        recipes.resolve(entry | {"stack": 4})


def test_a_task_whose_kind_does_not_stack_refuses_it_when_the_configuration_is_read(tmp_path):
    """A network that a stack can train: its folds of recognition are stacked, those of spotting are not."""
    card = {**model_card("me_tst"), "stacks": True}
    (tmp_path / "net.py").write_text(f"CARD = { {k: v for k, v in card.items() if k not in ('name', 'measured')}!r}\n")
    entry = {"model": str(tmp_path / "net.py"), "name": "net", "preset": "small", "schedule": "constant", "stack": 4}
    data = {name: {"source": "synthetic"} for name in ("smic", "samm_long")}
    assert Plan({"datasets": data, "tasks": ["smic-3"], "models": [entry]}).runs[0].spec["recipe"]["stack"] == 4
    with pytest.raises(UserError, match="the task sammlv-spotting is of the kind spotting, whose folds are trained"):
        Plan({"datasets": data, "tasks": ["sammlv-spotting"], "models": [entry]})
