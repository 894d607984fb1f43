"""The fold engine: independence, resumption, selection and failure as data."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import fold_zip
import numpy as np
import pytest
import torch
from toy import CLASSES, Toy, run_fold

from mebench.errors import UserError
from mebench.files import read_csv, read_json, write_json
from mebench.inputs.store import index_digest
from mebench.protocols import loso
from mebench.runs import attempt, model_scores
from mebench.runs.engines import load
from mebench.runs.paths import RunFiles, fold_file
from mebench.runs.pool import origin, pool
from mebench.runs.run_record import Title
from mebench.runs.scores import run_scores, write_scores
from mebench.runs.shard import Execution, run_shard
from mebench.training import fold, normalise
from mebench.training.loop import out_of_memory
from mebench.training.optim import sampler
from mebench.training.reading import prepare

ABOUT = Title("t", "model", "toy")


def train(toy: Toy, run: Path, spec: dict, shard=(1, 1), **how) -> list[dict]:
    data = partial(load, spec, [toy.clips], [toy.inputs])
    return run_shard([RunFiles(run, spec, [], [])], data, shard, Execution(device="cpu", **how))[0]


def pooled(toy: Toy, run: Path, spec: dict) -> list[dict]:
    pool(RunFiles(run, spec, [toy.clips], [toy.inputs]), ABOUT)
    return read_csv(run / "predictions.csv")


def results(run: Path) -> dict[str, bytes]:
    """The bytes of everything that a result consists of."""
    return fold_zip.tables(run)


def stamps(run: Path) -> dict[str, int]:
    return fold_zip.stamps(run)


@pytest.mark.parametrize("model", ["ststnet", "off_apexnet", "stratified_random", "shuffled_labels"])
def test_a_fold_alone_equals_the_fold_in_the_loop_bit_for_bit(toy, tmp_path, model):
    spec = toy.spec(model)
    train(toy, tmp_path / "loop", spec, save_weights=True)
    count = len({row["subject"] for row in toy.rows})
    for index in (4, 2):  # alone, and in another order
        train(toy, tmp_path / "alone", spec, shard=(index, count), save_weights=True)
    alone = fold_zip.files(tmp_path / "alone")
    assert len(alone) == 2
    for path in alone:
        own, in_loop = (fold_zip.contents(one) for one in (path, tmp_path / "loop/folds" / path.name))
        assert own.keys() == in_loop.keys() >= {"predictions.csv", "history.csv", "fold.json"}
        assert {name for name in own if own[name] != in_loop[name]} <= {"fold.json"}  # it has times


def test_shuffled_rows_change_nothing(toy, tmp_path):
    other = Toy(tmp_path / "shuffled", order=1)
    assert [r["clip_id"] for r in other.rows] != [r["clip_id"] for r in toy.rows]
    spec = toy.spec(selection="inner")
    train(toy, tmp_path / "a", spec)
    train(other, tmp_path / "b", spec)
    assert results(tmp_path / "a") == results(tmp_path / "b")


def test_a_fold_trains_on_the_other_subjects_only(toy, monkeypatch, tmp_path):
    seen = []
    plain = fold.run_fold
    monkeypatch.setattr(attempt, "run_fold", lambda job, *more: seen.append(job) or plain(job, *more))
    train(toy, tmp_path / "run", toy.spec())
    assert len(seen) == 6
    for job in seen:
        assert {job.data.subjects[i] for i in job.test} == {job.fold}
        assert job.fold not in {job.data.subjects[i] for i in job.train}
        clips = [sample["clip_id"] for sample in job.data.samples]
        assert not {clips[i] for i in job.train} & {clips[i] for i in job.test}


def test_nothing_of_the_test_subject_reaches_training_or_normalisation(toy):
    """Change the test subject's pictures beyond recognition: the trained weights stay the same, bit for bit."""
    spec = toy.spec()
    data = load(spec, [toy.clips], [toy.inputs])
    rows, test = loso.folds(data.subjects)["smic/s01"]
    states = []
    for factor in (1, -50):
        x = data.x.clone()
        x[test] *= factor
        changed = type(data)(**{**vars(data), "x": x})
        states.append(run_fold(spec, changed, "smic/s01", rows, test, torch.device("cpu")).chosen.state)
    for key in states[0]:
        assert torch.equal(states[0][key], states[1][key]), key


def test_the_oracle_scores_exactly_one_and_the_majority_does_not(toy, tmp_path):
    for model, perfect in (("oracle", True), ("majority", False)):
        spec = toy.spec(model)
        train(toy, tmp_path / model, spec)
        pooled(toy, tmp_path / model, spec)
        scores = run_scores(tmp_path / model)
        assert {r.part for r in scores} == {"all", "casme2", "smic"}
        names = ("uf1", "uar", "accuracy")
        assert all((set(map(r.counted.get, names)) == {1}) == perfect for r in scores)


def test_a_second_job_trains_nothing_and_another_shard_count_trains_nothing(toy, tmp_path):
    spec, run = toy.spec(), tmp_path / "run"
    train(toy, run, spec)
    before = stamps(run)
    train(toy, run, spec)
    for index in (1, 2, 3, 4):
        train(toy, run, spec, shard=(index, 4))
    assert stamps(run) == before


def test_the_seeds_of_a_model_are_shared_out_and_each_fold_has_the_bytes_of_its_seed_alone(toy, tmp_path):
    data = partial(load, toy.spec(), [toy.clips], [toy.inputs])
    runs = [RunFiles(tmp_path / f"together/seed{k}", toy.spec(seed=k), [toy.clips], [toy.inputs]) for k in (0, 3)]
    names = sorted({row["subject"] for row in toy.rows})
    records = [run_shard(runs, data, (index, 3), Execution("cpu")) for index in (3, 1, 2)]
    assert sorted((k, one.fold) for both in records for k in (0, 1) for one in both[k]) == [
        (k, name) for k in (0, 1) for name in names
    ]
    assert {len(both[0]) + len(both[1]) for both in records} == {2 * len(names) // 3}
    for files in runs:
        alone = tmp_path / "alone" / files.run.name
        train(toy, alone, files.spec)
        assert results(alone) == results(files.run)


def test_another_seed_trains_that_seed_alone(toy, tmp_path):
    data = partial(load, toy.spec(), [toy.clips], [toy.inputs])
    first, more = (RunFiles(tmp_path / f"seed{k}", toy.spec(seed=k), [], []) for k in (0, 1))
    train(toy, first.run, first.spec)  # as a job of one seed wrote it
    before = stamps(first.run)
    run_shard([first, more], data, (1, 1), Execution("cpu"))
    assert stamps(first.run) == before
    assert set(stamps(more.run)) == set(before)


def test_the_scores_of_a_model_join_to_those_of_its_task_byte_for_byte(toy, tmp_path):
    models = []
    for model in ("oracle", "majority"):
        runs = [RunFiles(tmp_path / f"runs/{model}/seed{k}", toy.spec(model, seed=k), [toy.clips], [toy.inputs])
                for k in (10, 2)]  # fmt: skip
        for files in runs:
            train(toy, files.run, files.spec)
        models.append(tmp_path / f"{model}.json")
        model_scores.write(runs, models[-1])
    write_scores(list(tmp_path.glob("runs/*/*")), tmp_path / "at-once.csv")
    model_scores.join(models, tmp_path / "joined.csv")
    for suffix in ("csv", "json"):
        assert (tmp_path / f"joined.{suffix}").read_bytes() == (tmp_path / f"at-once.{suffix}").read_bytes()


def test_a_changed_hyper_parameter_runs_exactly_its_folds_again(toy, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    train(toy, one, toy.spec())
    train(toy, two, toy.spec("off_apexnet"))
    before = stamps(one), stamps(two)
    changed = toy.spec({"model": "ststnet", "lr": 0.01})
    train(toy, one, changed)
    train(toy, two, toy.spec("off_apexnet"))
    assert all(stamps(one)[name] != stamp for name, stamp in before[0].items())
    assert stamps(two) == before[1]


def test_changed_data_runs_the_folds_again(toy, tmp_path):
    spec, run = toy.spec(), tmp_path / "run"
    train(toy, run, spec)
    before = stamps(run)
    meta = read_json(toy.inputs / "meta.json")
    write_json(toy.inputs / "meta.json", meta | {"digest": "of other flow"})
    train(toy, run, spec)
    assert not set(stamps(run).values()) & set(before.values())


def test_editing_a_models_file_runs_that_model_again_and_no_other(toy, tmp_path):
    source = Path(fold.models.__file__).with_name("ststnet.py").read_text()
    mine = tmp_path / "my_model.py"
    mine.write_text(source)
    spec, other = toy.spec({"model": str(mine)}), toy.spec("off_apexnet")
    train(toy, tmp_path / "mine", spec)
    train(toy, tmp_path / "other", other)
    before = stamps(tmp_path / "mine"), stamps(tmp_path / "other")
    mine.write_text(source.replace("nn.Dropout(0.5)", "nn.Dropout(0.4)"))
    train(toy, tmp_path / "mine", spec)
    train(toy, tmp_path / "other", other)
    assert not set(stamps(tmp_path / "mine").values()) & set(before[0].values())
    assert stamps(tmp_path / "other") == before[1]


def test_a_killed_shard_resumes_with_only_the_missing_folds(toy, tmp_path):
    spec, run = toy.spec(epochs=150), tmp_path / "run"
    command = [sys.executable, "-m", "mebench.cli", "train", "--spec", json.dumps(spec), "--device", "cpu"]
    command += ["--clips", str(toy.clips), "--inputs", str(toy.inputs), "--out", str(run)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as job:
        end = time.monotonic() + 60
        while len(stamps(run)) < 2 and time.monotonic() < end and job.poll() is None:
            time.sleep(0.005)
        os.kill(job.pid, signal.SIGKILL)
    before = stamps(run)
    assert 2 <= len(before) < 6, "the kill came too early or too late to show anything"
    (run / "folds" / ".smic-s05.999999999.tmp").mkdir()  # what a kill in the middle of a write leaves behind
    train(toy, run, spec)
    after = stamps(run)
    assert len(after) == 6
    assert {name: after[name] for name in before} == before
    train(toy, tmp_path / "whole", spec)
    assert results(run) == results(tmp_path / "whole")
    assert not list(run.glob("folds/.*"))


def test_last_is_the_same_with_and_without_peeking_and_only_peeking_records_the_test_subject(toy, tmp_path):
    for selection in ("last", "test_peek"):
        spec = toy.spec(selection=selection, epochs=12)
        train(toy, tmp_path / selection, spec)
        pooled(toy, tmp_path / selection, spec)
    assert (tmp_path / "last/predictions.csv").read_bytes() == (tmp_path / "test_peek/predictions.csv").read_bytes()
    assert not (tmp_path / "last/predictions.test_peek.csv").exists()
    assert "test_accuracy" not in read_csv(tmp_path / "last/history.csv")[0]
    assert "test_accuracy" in read_csv(tmp_path / "test_peek/history.csv")[0]
    scores = {r.selection: r.counted for r in run_scores(tmp_path / "test_peek") if r.part == "all"}
    assert scores["test_peek"]["accuracy"] >= scores["last"]["accuracy"]


def test_inner_chooses_by_subjects_held_out_of_the_training_subjects(toy, tmp_path):
    spec, run = toy.spec(selection="inner", epochs=12), tmp_path / "run"
    records = train(toy, run, spec)
    for record in records:
        history = fold_zip.rows(fold_file(run, record.fold), "history.csv")
        best = max(float(row["inner_uf1"]) for row in history)
        assert float(history[record.selected_epoch - 1]["inner_uf1"]) == best


@pytest.mark.parametrize(
    ("selection", "preset"), [("last", "plain"), ("inner", "plain"), ("test_peek", "plain"), ("last", "paper")]
)
def test_kept_weights_are_those_that_predicted(toy, tmp_path, selection, preset):
    """The statistics of batch norm too, which the preset paper takes from the training set before it predicts."""
    from safetensors.torch import load as load_weights

    entry = {"model": "ststnet", "preset": preset}
    spec, run = toy.spec(entry, selection=selection, epochs=6), tmp_path / "run"
    train(toy, run, spec)
    assert not [path for path in fold_zip.files(run) if "weights.safetensors" in fold_zip.contents(path)]
    records = train(toy, run, spec, save_weights=True)  # finished folds have none: they are trained again
    assert selection != "inner" or {r.selected_epoch for r in records} - {6}
    data = load(spec, [toy.clips], [toy.inputs])
    for record in records:
        path = fold_file(run, record.fold)
        train_rows, test_rows = data.folds()[record.fold]
        model = fold.models.build("ststnet", num_classes=3).eval()
        model.load_state_dict(load_weights(fold_zip.contents(path)["weights.safetensors"]))
        loop = fold.loop_of(model, spec, data, data.y, fit_rows(spec, data, record.fold, train_rows), 0)
        expected = loop.predict(test_rows)
        found = [[float(row[f"p_{c}"]) for c in CLASSES] for row in fold_zip.rows(path, "predictions.csv")]
        torch.testing.assert_close(torch.tensor(found), expected, rtol=0, atol=1e-5)


def fit_rows(spec: dict, data, name: str, rows: list[int]) -> list[int]:
    """The rows whose mean picture was subtracted."""
    if spec["selection"] != "inner":
        return rows
    return loso.inner_split(data.subjects, rows, fold.fold_seed(spec["seed"], name))[0]


def test_a_diverging_fold_is_a_record_and_takes_no_sibling_along(toy, tmp_path, monkeypatch):
    plain = fold.Loop.criterion
    calls = iter(range(1000))
    monkeypatch.setattr(
        fold.Loop, "criterion", lambda self, *a: plain(self, *a) * (float("nan") if next(calls) == 5 else 1)
    )
    spec, run = toy.spec(), tmp_path / "run"
    records = train(toy, run, spec)
    assert sorted(r.status for r in records) == ["diverged"] + 5 * ["done"]
    rows = pooled(toy, run, spec)
    assert len(rows) == 20
    about = json.loads((run / "run.json").read_text())
    assert (about["folds_done"], about["folds_expected"], about["failed"][0]["status"]) == (5, 6, "diverged")
    assert "the loss is nan in epoch 2, step 1 of 1" in about["failed"][0]["message"]


@pytest.mark.parametrize("selection", ["last", "inner", "test_peek"])
def test_a_last_step_that_destroys_the_weights_is_no_result(toy, tmp_path, selection):
    """The loss of the only step is finite; what the network says after it is not."""
    records = train(toy, tmp_path / "run", toy.spec({"model": "ststnet", "lr": 1e20}, epochs=1, selection=selection))
    assert {r.status for r in records} == {"diverged"}
    assert "the predictions after epoch 1 are not numbers" in records[0].message
    assert all(list(fold_zip.contents(path)) == ["fold.json"] for path in fold_zip.files(tmp_path / "run"))


def test_a_fitted_model_whose_answer_is_no_number_is_no_result(toy, tmp_path, monkeypatch):
    from mebench.models.majority import Majority

    monkeypatch.setattr(Majority, "predict", lambda self, x, seed: np.full((len(x), 3), np.nan))
    assert {r.status for r in train(toy, tmp_path / "run", toy.spec("majority"))} == {"diverged"}


def test_memory_of_the_cpu_that_runs_out_is_told_from_other_faults():
    with pytest.raises(RuntimeError) as error:
        torch.empty(10**15)
    assert out_of_memory(error.value)
    assert not out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            RuntimeError("CUDA error: an illegal memory access was encountered\nmore"),
            "the GPU failed .CUDA error: an ille",
        ),
        (OSError(116, "Stale file handle", "parts/all.npy"), "parts/all.npy: Stale file handle"),
    ],
)
def test_a_machine_that_fails_ends_the_job_and_is_no_result_of_a_fold(toy, tmp_path, monkeypatch, error, said):
    """A GPU that has once failed fails for every later fold: the job ends with an error, so that it is tried again."""
    spec, run = toy.spec(), tmp_path / "run"
    plain, calls = fold.Loop.epoch, iter(range(1000))
    with monkeypatch.context() as patch:
        patch.setattr(
            fold.Loop, "epoch", lambda self, give_up: plain(self, give_up) if next(calls) < 6 else _raise(error)
        )
        with pytest.raises(UserError, match=f"s.. of .*run: {said}.*finished folds are kept"):
            train(toy, run, spec)
    assert [fold_zip.record(path)["status"] for path in fold_zip.files(run)] == ["done"]
    assert not list(run.glob("folds/*.running.json"))
    assert {r.status for r in train(toy, run, spec)} == {"done"}


def _raise(error: Exception) -> None:
    raise error


def test_running_out_of_memory_or_time_is_a_record_that_the_next_job_tries_again(toy, tmp_path, monkeypatch):
    spec, run = toy.spec(), tmp_path / "run"
    with monkeypatch.context() as patch:
        error = torch.OutOfMemoryError("no memory left")
        patch.setattr(fold.Loop, "epoch", lambda self, give_up: (_ for _ in ()).throw(error))
        assert {r.status for r in train(toy, run, spec)} == {"out_of_memory"}
    with pytest.raises(UserError, match=r"no fold of .* is done.*out_of_memory"):
        pooled(toy, run, spec)
    assert {r.status for r in train(toy, run, spec, fold_seconds=0)} == {"timeout"}
    assert {r.status for r in train(toy, run, spec)} == {"done"}


def test_a_batch_that_was_split_for_lack_of_memory_is_on_record(toy, tmp_path, monkeypatch):
    """Of one fold and of the run: the same effective batch, but losses between clips and batch statistics differ."""
    spec, run, whole = toy.spec({"model": "ststnet", "batch_size": 16}), tmp_path / "run", fold.Loop._loss

    def loss(self, x, y):
        if len(x) > 6:
            raise torch.OutOfMemoryError("no memory left")
        return whole(self, x, y)

    monkeypatch.setattr(fold.Loop, "_loss", loss)
    assert {(r.status, r.batch_parts) for r in train(toy, run, spec)} == {("done", 4)}
    pooled(toy, run, spec)
    assert read_json(run / "run.json")["split_batches"] == {row["subject"]: 4 for row in toy.rows}
    monkeypatch.undo()
    train(toy, tmp_path / "whole", spec)
    pooled(toy, tmp_path / "whole", spec)
    assert read_json(tmp_path / "whole/run.json")["split_batches"] == {}


def test_pooling_refuses_missing_folds_and_results_of_an_older_configuration(toy, tmp_path):
    spec, run = toy.spec(), tmp_path / "run"
    train(toy, run, spec, shard=(1, 2))
    with pytest.raises(UserError, match="has not been trained"):
        pooled(toy, run, spec)
    train(toy, run, spec)
    with pytest.raises(UserError, match="another configuration, other data or other source"):
        pooled(toy, run, toy.spec(epochs=5))


def test_pooling_refuses_a_fold_that_misses_a_clip_or_has_it_twice(toy, tmp_path):
    spec, run = toy.spec(), tmp_path / "run"
    train(toy, run, spec)
    path = run / "folds/smic-s01.zip"
    lines = fold_zip.contents(path)["predictions.csv"].splitlines(keepends=True)
    for damaged, problem in ((lines[:-1], "not at all"), ([*lines, lines[-1]], "twice")):
        text, record = b"".join(damaged), fold_zip.record(path)
        record["files"]["predictions.csv"] = hashlib.sha256(text).hexdigest()  # whole, but wrong
        fold_zip.change(path, {"predictions.csv": text, "fold.json": json.dumps(record)})
        with pytest.raises(UserError, match=problem):
            pooled(toy, run, spec)


def test_a_finished_fold_is_one_file_and_folders_of_earlier_versions_hold(toy, tmp_path):
    spec, run = toy.spec(), tmp_path / "run"
    train(toy, run, spec, save_weights=True)
    names = sorted({row["subject"].replace("/", "-") for row in toy.rows})
    assert {path.name for path in (run / "folds").iterdir()} == {f"{name}.zip" for name in names}
    pooled(toy, run, spec)
    before = {name: (run / name).read_bytes() for name in ("predictions.csv", "history.csv", "run.json")}
    older = [fold_zip.unpacked(path) for path in fold_zip.files(run)]
    train(toy, run, spec, save_weights=True)
    assert fold_zip.files(run) == []  # no fold was trained again
    pooled(toy, run, spec)
    assert {name: (run / name).read_bytes() for name in before} == before
    (older[0] / "history.csv").unlink()
    train(toy, run, spec, save_weights=True)
    assert sorted(path.name for path in (run / "folds").iterdir()) == [f"{names[0]}.zip", *names[1:]]


def test_scoring_refuses_pooled_predictions_that_lost_a_clip(toy, tmp_path):
    spec, run = toy.spec("majority"), tmp_path / "run"
    train(toy, run, spec)
    pooled(toy, run, spec)
    lines = (run / "predictions.csv").read_text().splitlines(keepends=True)
    (run / "predictions.csv").write_text("".join(lines[:-1]))
    with pytest.raises(UserError, match="has 23 rows, but its run predicted 24"):
        run_scores(run)


def test_inputs_that_miss_a_clip_are_an_error(toy):
    index = toy.inputs / "index.csv"
    index.write_text(index.read_text().replace("smic/s01/c0", "smic/s01/renamed"))
    rows = read_csv(index)
    write_json(toy.inputs / "meta.json", read_json(toy.inputs / "meta.json") | {"index": index_digest(rows)})
    with pytest.raises(UserError, match=r"1 of 24 clips have no input.*smic/s01/c0"):
        load(toy.spec(), [toy.clips], [toy.inputs])


def test_a_subject_with_one_clip_is_a_fold_like_any_other(tmp_path):
    toy = Toy(tmp_path / "single", subjects=4, clips=3)
    lines = toy.clips.read_text().splitlines()
    toy.clips.write_text("\n".join(line for line in lines if "s02/c1" not in line and "s02/c2" not in line) + "\n")
    spec = toy.spec()
    assert {r.status for r in train(toy, tmp_path / "run", spec)} == {"done"}
    assert len(pooled(toy, tmp_path / "run", spec)) == 10


@pytest.mark.parametrize("precision", ["bfloat16", "float32"])
@pytest.mark.parametrize(
    "recipe", [{"optimizer": "sgd", "lr": 0.01}, {"optimizer": "adamw", "class_weights": "balanced"}]
)
def test_recipes_train(toy, tmp_path, recipe, precision):
    spec = toy.spec({"model": "ststnet", "precision": precision, **recipe}, epochs=30)
    train(toy, tmp_path / "run", spec, shard=(1, 6))
    (path,) = fold_zip.files(tmp_path / "run")
    history = fold_zip.rows(path, "history.csv")
    assert float(history[-1]["train_loss"]) < float(history[0]["train_loss"])


def test_by_class_feeds_fixed_batches_grouped_by_class(toy):
    spec = toy.spec({"model": "ststnet", "variant": "port"})
    data = load(spec, [toy.clips], [toy.inputs])
    rows, _ = loso.folds(data.subjects)["smic/s01"]
    order = sampler(data.y[rows], spec["recipe"]["order"], torch.Generator())
    labels = data.y[rows][order].tolist()
    assert labels == sorted(labels)
    assert torch.equal(order, sampler(data.y[rows], spec["recipe"]["order"], torch.Generator()))


def test_the_port_reads_strain_v_u_in_whole_numbers_0_to_255(toy):
    spec = toy.spec({"model": "ststnet", "variant": "port"})
    port = load(spec, [toy.clips], [toy.inputs]).x
    paper, plain = (load(toy.spec({"model": "ststnet", "preset": preset}), [toy.clips], [toy.inputs]).x
                    for preset in ("paper", "plain"))  # fmt: skip
    assert torch.equal(port, port.round())
    assert port.amin(dim=(2, 3)).eq(0).all()
    assert port.amax(dim=(2, 3)).eq(255).all()
    assert torch.equal(port.flip(1), paper)
    torch.testing.assert_close(port.flip(1) / 255, plain)


@pytest.mark.parametrize(
    ("kind", "frames", "channels"), [("long_flow", 11, ["red", "green", "blue"]), ("frames", 8, [*"rgb"])]
)
def test_the_range_imagenet_is_that_of_the_released_codes(kind, frames, channels):
    """docs/model-sources.md, SLSTT and HSTA: over 255, less the mean, over the deviation; channel by channel."""
    array = np.random.default_rng(0).integers(0, 256, (frames, 3, 2, 2)).astype(np.uint8)
    meta = {"kind": kind, "channels": channels, "scale": "picture"}
    found = prepare(array, meta, {"channels": channels, "range": "imagenet"})
    for c, (mean, deviation) in enumerate([(0.485, 0.229), (0.456, 0.224), (0.406, 0.225)]):
        np.testing.assert_allclose(found[:, c], (array[:, c] / 255 - mean) / deviation, rtol=1e-5, atol=1e-6)


def test_normalisation_is_the_mean_of_the_training_rows_alone():
    x = torch.arange(12.0).reshape(3, 1, 2, 2)
    assert torch.equal(normalise.fitted(x, [0, 2], "train_mean", ["u"])(x), x - x[[0, 2]].mean(0))
    assert normalise.fitted(x, [0, 2], "none", ["u"]) is None


def test_predictions_have_one_probability_per_class(toy, tmp_path):
    spec = toy.spec()
    train(toy, tmp_path / "run", spec)
    for row in pooled(toy, tmp_path / "run", spec):
        p = {c: float(row[f"p_{c}"]) for c in CLASSES}
        assert sum(p.values()) == pytest.approx(1, abs=1e-5)
        assert row["prediction"] == max(p, key=p.get)
        assert row["fold"] == row["subject"]


def test_what_a_log_shows_while_a_shard_runs(toy, tmp_path, capsys):
    train(toy, tmp_path / "run", toy.spec(), shard=(1, 2))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "toy/ststnet/seed0: 3 folds, 0 of them finished before"
    assert lines[-1].startswith("toy/ststnet/seed0: fold 3/3 smic/s03: ")
    assert lines[-1].endswith(" s, 0 s left")


def test_a_bar_on_a_terminal(toy, tmp_path):
    """``script`` gives the job a terminal; the bar shows fold, epoch, loss and time left."""
    if shutil.which("script") is None:
        pytest.skip("the command 'script' is not installed")
    spec = json.dumps(toy.spec(epochs=40))
    command = [
        sys.executable,
        "-m",
        "mebench.cli",
        "train",
        "--spec",
        spec,
        "--device",
        "cpu",
        "--clips",
        str(toy.clips),
    ]
    command += ["--inputs", str(toy.inputs), "--out", str(tmp_path / "run")]
    env = os.environ | {"COLUMNS": "160", "TERM": "xterm"}
    done = subprocess.run(["script", "-qec", shlex.join(command), "/dev/null"], capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stdout
    for word in ("fold 1/6", "epoch ", "loss ", " left", "6 of 6 folds"):
        assert word in done.stdout


def test_one_synthetic_input_makes_the_whole_result_synthetic(tmp_path):
    for name in ("licensed", "pictures", "synthetic"):
        write_json(tmp_path / name / "meta.json", {"origin": name})
    assert origin([tmp_path / "licensed", tmp_path / "pictures", tmp_path / "synthetic"]) == "synthetic"
    assert origin([tmp_path / "pictures"]) == "pictures"
    assert origin([tmp_path / "licensed", tmp_path / "licensed"]) == "licensed"
