"""A training on everyone: what it learns from, when it runs again, what its files say, and that a network made from
them predicts what the trained one did."""

from __future__ import annotations

import json
from functools import partial

import numpy as np
import pytest
import torch
import yaml
from toy import Toy

from mebench import cli
from mebench.config import recipes
from mebench.errors import UserError
from mebench.files import write_json
from mebench.plan import Plan
from mebench.runs import final, final_card, final_files
from mebench.runs.execution import Execution
from mebench.runs.paths import RunFiles
from mebench.training.batches import OnDisk
from mebench.training.data import load
from mebench.training.fold import FoldJob, run_fold
from mebench.training.limits import Limits, Stopped
from mebench.training.network import Network

CPU = Execution("cpu")


def made(toy: Toy, folder, model="ststnet", **more):
    spec = toy.spec({"model": model, "epochs": 2, **more})
    return RunFiles(folder / "runs/toy/net/seed0", spec, [toy.clips], [toy.inputs])


def trained(files: RunFiles, execution=CPU, **more):
    return final.train(files, partial(load, files.spec, files.clips, files.inputs), execution, **more)


def tensors(files: RunFiles) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return load_file(files.run / "final/weights.safetensors")


@pytest.mark.parametrize("center", ["none", "train_mean", "train_p99"])
def test_a_network_from_the_file_predicts_what_the_trained_one_does(toy, tmp_path, center):
    files = made(toy, tmp_path)
    files.spec["inputs"]["center"] = center
    trained(files)
    data = load(files.spec, files.clips, files.inputs)
    rows = list(range(len(data.samples)))
    job = FoldJob(final.spec_of(files.spec), data, "everyone", rows, rows, torch.device("cpu"))
    wanted = run_fold(job, limits=Limits(keep_state=True)).chosen.predictions.numpy()
    network = Network(files.spec, tensors(files), data.x.dim())
    got = network.predict(OnDisk(len(rows), lambda row, draw: data.x[row].numpy()))
    assert np.array_equal(got, wanted)


def test_a_model_that_is_fitted_is_kept_too(toy, tmp_path):
    files = RunFiles(tmp_path / "runs/toy/bi_woof_svm/seed0", toy.spec("bi_woof_svm"), [toy.clips], [toy.inputs])
    assert trained(files).fold.clips == {"train": 24, "test": 0}
    data = load(files.spec, files.clips, files.inputs)
    got = Network(files.spec, tensors(files), data.x.dim()).predict(OnDisk(2, lambda row, draw: data.x[row].numpy()))
    assert got.shape == (2, 3)
    assert got.std() > 0


def test_the_verb_trains_by_the_spec_of_a_line_in_a_log(toy, tmp_path, capsys):
    command = ["final", "--spec", json.dumps(toy.spec(epochs=1)), "--clips", str(toy.clips), "--inputs",
               str(toy.inputs), "--out", str(tmp_path / "run"), "--device", "cpu"]  # fmt: skip
    assert cli.main(command) == 0
    assert "toy/ststnet/seed0: trained on 6 subjects" in capsys.readouterr().out
    assert cli.main([*command, "--card"]) == 2
    assert "--card reads scores and the stage of the task from the configuration" in capsys.readouterr().err


def test_everyone_is_trained_on_and_nobody_is_scored(toy, tmp_path):
    files = made(toy, tmp_path)
    files.spec["selection"] = "test_peek"
    record = trained(files)
    assert record.learned.subjects == [f"{('casme2', 'smic')[s % 2]}/s{s:02d}" for s in (0, 2, 4, 1, 3, 5)]
    assert record.learned.datasets == {name: {"subjects": 3, "clips": 12} for name in ("casme2", "smic")}
    assert record.learned.labels == {"expressions": {"negative": 8, "positive": 8, "surprise": 8}}
    assert record.fold.spec["selection"] == "last"
    assert sorted(path.name for path in (files.run / "final").iterdir()) == [
        "history.csv", "training.json", "weights.safetensors"]  # fmt: skip
    kept = json.loads((files.run / "final/training.json").read_text())
    assert final_files.record_from(kept) == final_files.record_in(files.run / "final/weights.safetensors")


def test_what_holds_is_not_trained_again_and_a_change_is(toy, tmp_path, monkeypatch):
    files, times = made(toy, tmp_path), []
    weights = files.run / "final/weights.safetensors"
    for epochs in (2, 2, 3):
        files.spec["recipe"]["epochs"] = epochs
        (files.run / "final/training.json").unlink(missing_ok=True)  # as Snakemake does before a job
        trained(files)
        assert (files.run / "final/training.json").is_file()
        times.append(weights.stat().st_mtime_ns)
    assert times[0] == times[1] < times[2]


def test_a_training_that_was_stopped_goes_on_to_the_same_weights(toy, tmp_path, monkeypatch):
    whole, stopped, epochs = made(toy, tmp_path / "a"), made(toy, tmp_path / "b"), []
    trained(whole)
    with monkeypatch.context() as patched, pytest.raises(Stopped, match="after epoch 1 of 2"):
        patched.setattr(final.ShardProgress, "epoch", lambda self, epoch, loss: epochs.append(epoch))
        trained(stopped, stop=lambda: bool(epochs))
    assert not (stopped.run / "final/weights.safetensors").exists()
    record = trained(stopped)
    assert record.fold.resumed_at_epoch == 1
    assert all(torch.equal(value, tensors(whole)[name]) for name, value in tensors(stopped).items())
    assert not (stopped.run / "final/checkpoint").exists()


def test_a_training_that_fails_is_one_sentence(toy, tmp_path):
    files = made(toy, tmp_path, lr=1e30)
    with pytest.raises(UserError, match="the training on everyone of toy/ststnet/seed0 is 'diverged': the loss is"):
        trained(files)


# --- the card --------------------------------------------------------------------------------------------------------


def scores(folder, **changed):
    one = {"model": "ststnet", "seed": 0, "part": "all", "selection": "last", "origin": "synthetic", "n": 24,
           "folds_done": 5, "folds_expected": 6, "accuracy": 0.5, "uf1": 0.4, "uar": 0.41,
           "macro_precision": None}  # fmt: skip
    write_json(folder / "toy.json", [one | changed])
    return folder / "toy.json"


def pooled(files: RunFiles) -> None:
    """What pooling says of the run, as far as the card reads it."""
    about = {"task": "toy", "model": "ststnet", "title": "STSTNet", "kind": "model", "seed": 0, "selection": "last",
             "origin": "synthetic", "spec": files.spec, "clips": 24, "folds_expected": 6, "folds_done": 5}  # fmt: skip
    write_json(files.run / "run.json", about)


def test_the_card_joins_the_score_that_left_out_subjects_gave(toy, tmp_path):
    files = made(toy, tmp_path)
    with pytest.raises(UserError, match="run `mebench final` without --card first"):
        final_card.write(files, tmp_path / "none.json", {})
    trained(files)
    assert final_card.write(files, scores(tmp_path), {})["benchmark"] is None  # the run is not pooled
    pooled(files)
    card = final_card.write(files, scores(tmp_path), {})
    assert card["benchmark"]["metrics"] == {"accuracy": 0.5, "uf1": 0.4, "uar": 0.41, "macro_precision": None}
    assert (card["benchmark"]["folds_done"], card["benchmark"]["folds_expected"]) == (5, 6)
    assert card["licences"]["casme2"] == "generated by mebench, free for any use"
    assert final_card.write(files, scores(tmp_path, seed=1), {})["benchmark"] is None
    assert final_card.write(files, scores(tmp_path, selection="test_peek"), {})["benchmark"] is None
    assert final_card.write(files, tmp_path / "none.json", {})["benchmark"] is None


def test_scores_and_weights_of_another_configuration_are_not_joined(toy, tmp_path):
    files = made(toy, tmp_path)
    trained(files)
    pooled(files)
    files.spec["selection"] = "inner"  # of the folds; nobody is left out here
    assert final_card.write(files, scores(tmp_path, selection="inner"), {})["benchmark"]
    files.spec["recipe"]["lr"] = 0.5
    with pytest.raises(UserError, match="was trained by another configuration"):
        final_card.write(files, scores(tmp_path), {})


def test_weights_are_read_with_their_card_alone(toy, tmp_path):
    files = made(toy, tmp_path)
    weights = files.run / "final/weights.safetensors"
    with pytest.raises(UserError, match="there is no file of weights"):
        final_files.read(weights)
    trained(files)
    with pytest.raises(UserError, match=r"card.json is not beside .*; copy both"):
        final_files.read(weights)
    final_card.write(files, tmp_path / "none.json", {})
    assert final_files.read(weights).card["title"] == "STSTNet (own recipe)"
    write_json(weights.with_name("card.json"), {"weights": "other"})
    with pytest.raises(UserError, match="is the card of other weights"):
        final_files.read(weights)
    weights.write_bytes(b"no weights at all")
    with pytest.raises(UserError, match="is no file of a training on everyone"):
        final_files.read(weights)


# --- the configuration -----------------------------------------------------------------------------------------------


def plan(*models, **more) -> Plan:
    return Plan({"datasets": {"smic": {"source": "synthetic"}}, "tasks": ["smic-3"], "models": [*models], **more})


def test_final_is_no_part_of_the_spec_of_folds():
    with_it, without = plan({"model": "ststnet", "final": True}, seeds=[0, 1]), plan("ststnet", seeds=[0, 1])
    assert [run.parameter for run in with_it.runs] == [run.parameter for run in without.runs]
    assert with_it.paths.final_cards(with_it.runs) == [
        f"results/runs/smic-3/ststnet/seed{seed}/final/card.json" for seed in (0, 1)]  # fmt: skip
    assert without.paths.final_cards(without.runs) == []
    assert "final" not in recipes.resolve("ststnet")


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"model": "oracle", "final": True}, "the model entry 'oracle' has final: true, but Oracle learns no weights"),
        ({"model": "majority", "final": True}, "final: true, but Majority class learns no weights that could be kept"),
        ({"model": "ststnet", "final": 2}, "the model entry 'ststnet' has final: 2; write true or false"),
        ({"model": "ststnet", "finals": True}, "unknown key 'finals' (did you mean 'final'?)"),
    ],
)
def test_a_wrong_final_is_one_sentence(entry, sentence):
    with pytest.raises(UserError) as error:
        plan(entry)
    assert sentence in str(error.value)


def test_the_verb_refuses_what_learns_nothing(tmp_path, capsys):
    config = {"datasets": {"smic": {"source": "synthetic"}}, "tasks": ["smic-3"], "models": ["oracle"]}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    assert cli.main(["final", "--run", "smic-3/oracle/seed0", "--config", str(tmp_path / "config.yaml")]) == 2
    assert "oracle learns no weights that could be kept" in capsys.readouterr().err
