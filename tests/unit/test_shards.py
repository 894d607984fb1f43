"""Shards: how many jobs a run is, whatever lies on the disk."""

from __future__ import annotations

import pytest

from mebench.errors import UserError
from mebench.plan import Plan, estimate
from mebench.plan.shards import Shards, parsed
from mebench.protocols import loso

REAL = {name: {"source": f"/data/{name}"} for name in ("casme2", "samm", "smic")}
MODELS = ["ststnet", "htnet", {"model": "slstt", "backbone": "finetune"}, "majority"]


def plan(**more) -> Plan:
    return Plan({"datasets": REAL, "tasks": ["megc2019", "smic-3"], "models": MODELS, "seeds": [0], **more})


def counts(setting, **more) -> dict[str, int]:
    found = plan(**more)
    shards = Shards(found, setting)
    return {run.of_all_seeds: shards.count(found.paths.with_seeds(run.task, run.model)) for run in found.runs}


def test_a_number_of_jobs_but_never_more_than_folds():
    assert set(counts("1").values()) == {1}
    assert counts(20)["megc2019/ststnet"] == 20
    assert counts("20")["smic-3/ststnet"] == 16


def test_one_job_for_each_fold_of_the_published_protocol():
    assert counts("fold") == {f"megc2019/{m}": 68 for m in ("ststnet", "htnet", "slstt", "majority")} | {
        f"smic-3/{m}": 16 for m in ("ststnet", "htnet", "slstt", "majority")
    }


def test_generated_datasets_have_as_many_folds_as_they_say():
    few = {**{name: {"source": "synthetic"} for name in REAL}, "smic": {"source": "synthetic", "subjects": 5}}
    assert counts("fold", datasets=few)["megc2019/ststnet"] == 8 + 8 + 5
    assert counts("fold", datasets=few)["smic-3/ststnet"] == 5


def test_auto_makes_jobs_of_about_fifty_minutes_and_each_model_may_differ():
    found = plan()
    shards, runs = Shards(found, "auto,htnet=fold"), found.paths.with_seeds
    slstt = runs("smic-3", "slstt")
    minutes = 16 * estimate.seconds_per_fold(slstt[0], estimate.Size(164, 16, "expected")) / 60
    assert shards.count(slstt) == min(16, -(-minutes // 50)) > 1
    assert shards.count(runs("megc2019", "ststnet")) == 1
    assert shards.count(runs("megc2019", "majority")) == 1  # nothing to estimate from: one job
    assert shards.count(runs("megc2019", "htnet")) == 68


def test_the_folds_of_all_seeds_are_shared_out():
    found = plan(seeds=[0, 1, 2])
    shards, runs = Shards(found, "auto,htnet=fold,ststnet=2,majority=100"), found.paths.with_seeds
    assert shards.count(runs("smic-3", "htnet")) == 3 * 16
    assert shards.count(runs("smic-3", "ststnet")) == 2
    assert shards.count(runs("smic-3", "majority")) == 3 * 16
    one, three = (Shards(plan(seeds=seeds), "auto").count(p.paths.with_seeds("smic-3", "slstt"))
                  for seeds in ([0], [0, 1, 2]) for p in (plan(seeds=seeds),))  # fmt: skip
    assert 3 * one - 2 <= three <= 3 * one


def test_auto_makes_few_jobs_of_many_short_folds():
    """15 seeds of the composite's 68 subjects, of a small network."""
    data = {"flow_images": {"source": "/x", "accept": ["counts"]}}
    for epochs, most in ((1, 1), (400, 5)):
        model = {"model": "ststnet", "epochs": epochs}
        found = Plan({"datasets": data, "tasks": ["megc2019-flow"], "models": [model], "seeds": list(range(15))})
        runs, shards = found.paths.with_seeds("megc2019-flow", "ststnet"), Shards(found, "auto")
        assert len(runs) * shards.folds(runs[0]) == 1020
        assert shards.count(runs) == most


def asked(setting: str, seeds: int, model: dict[str, object]) -> tuple[int, float]:
    """(minutes that each job of a model on SMIC asks for, minutes that its folds take by the estimate)."""
    found = plan(models=[model], seeds=list(range(seeds)))
    runs, shards = found.paths.with_seeds("smic-3", str(model["model"])), Shards(found, setting)
    return shards.minutes(runs), seeds * 16 / shards.count(runs) * shards.seconds_per_fold(runs[0]) / 60


def test_a_job_of_measured_folds_asks_for_its_start_and_twice_what_they_take():
    """A fold of STSTNet is measured on a CPU: fifteen seeds do not ask for fifteen times the hour on its card."""
    for setting, seeds in (("1", 15), ("auto", 15), ("fold", 1)):
        minutes, expected = asked(setting, seeds, {"model": "ststnet", "epochs": 100})
        assert minutes == 10 + -(-2 * expected // 1)
    assert asked("1", 15, {"model": "ststnet", "epochs": 1})[0] < 15
    # nor does a partition with a limit of two hours refuse what auto makes
    assert asked("auto", 15, {"model": "ststnet"})[0] <= 120


def test_a_job_of_folds_that_nobody_measured_asks_for_its_share_of_the_minutes_on_the_card():
    net = {"model": "ststnet", "precision": "bfloat16"}
    card = plan(models=[net]).runs[0].resources["runtime_min"]  # for all folds of a seed
    assert asked("1", 1, net)[0] == card
    assert asked("1", 3, net)[0] == 3 * card
    assert asked("3", 3, net)[0] == card
    assert asked("fold", 1, net)[0] == 10  # the least
    minutes, expected = asked("fold", 1, net | {"epochs": 10**6})
    assert minutes == -(-2 * expected // 1) > card / 16  # the estimate, where it is more than the card's


@pytest.mark.parametrize("count", [1, 3, 16])
def test_the_jobs_of_a_run_train_each_fold_once(count):
    found = plan()
    run = found.paths.with_seeds("smic-3", "ststnet")
    names = [f"smic/s{i:02d}" for i in range(16)]
    dealt = []
    for item in Shards(found, count).items(run):
        index, of = map(int, item.split("-of-"))
        dealt += loso.shard(names, index, of)
    assert sorted(dealt) == names


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("0", "shards has '0'; write a number of jobs, fold or auto"),
        ("many", "shards has 'many'"),
        ("auto,hsta=", "shards has 'hsta='"),
        ("auto,stsnet=2", "'stsnet', which is no model entry.*did you mean 'ststnet'"),
    ],
)
def test_a_wrong_setting_is_one_clear_sentence(setting, sentence):
    with pytest.raises(UserError, match=sentence):
        Shards(plan(), setting)


def test_the_setting_reads_as_written():
    assert parsed("auto, hsta=fold ,ststnet=1") == {"default": "auto", "hsta": "fold", "ststnet": "1"}
    assert parsed("") == {"default": "1"}
