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


def test_auto_makes_jobs_of_about_half_an_hour_and_each_model_may_differ():
    found = plan()
    shards, runs = Shards(found, "auto,htnet=fold"), found.paths.with_seeds
    slstt = runs("smic-3", "slstt")
    hours = 16 * estimate.seconds_per_fold(slstt[0], estimate.Size(164, 16, "expected")) / 3600
    assert shards.count(slstt) == min(16, -(-hours // 0.5)) > 1
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


def test_the_time_that_a_job_asks_for_grows_with_its_folds():
    runs = {count: plan(seeds=list(range(count))).paths.with_seeds("smic-3", "ststnet") for count in (1, 3)}
    card = runs[1][0].resources["runtime_min"]  # for all folds of a seed
    asked = lambda count, setting: Shards(plan(seeds=list(range(count))), setting).minutes(runs[count])  # noqa: E731
    assert asked(1, "1") == card
    assert asked(3, "1") == 3 * card
    assert asked(3, "3") == card
    assert asked(1, "fold") == 10  # the least
    htnet = plan(models=[{"model": "htnet", "epochs": 10**6}])
    by_estimate = Shards(htnet, "fold")
    (run,) = htnet.paths.with_seeds("smic-3", "htnet")
    assert (
        by_estimate.minutes([run]) == -(-2 * by_estimate.seconds_per_fold(run) // 60) > 720 / 16
    )  # more than the card's


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
