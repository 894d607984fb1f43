"""`mebench plan`: what a configuration would run and cost, before anything is submitted."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from mebench import cli
from mebench.files import write_csv
from mebench.plan import Plan
from mebench.plan.expected_time import ExpectedTime
from mebench.verbs.plan import duration

PROJECT = Path(__file__).parents[2]
FLOPS = 2_000_000_000
CARD = {
    "title": "Net",
    "kind": "model",
    "paper": None,
    "licence": "",
    "module": "Net",
    "parameters": 1,
    "flops": FLOPS,
    "inputs": {"kind": "apex_flow", "size": 28, "channels": ["u", "v"], "range": "unit", "center": "none"},
    "recipe": {"epochs": 10},
    "presets": {"paper": {}, "small": {"size": "small", "epochs": 4}},
    "options": {"size": ["paper", "small"], "deep": ["yes", "no"], "pretrained": ["none", "FILE"]},
    "changes": {"size": {"small": {"resources": {"mem_mb": 500, "gpu": 0}}}},
    "resources": {"mem_mb": 8000, "runtime_min": 60, "gpu": 1},
    "notes": "",
}
# Seconds of the job of both seeds on one core, its start included, of each network of the shipped configuration; 2
# otherwise idle cores of an Intel Xeon, by Snakemake's benchmark files
TOUR = {
    "megc2019": {"ststnet": 17.3, "off_apexnet": 33.6, "htnet": 13.1, "shuffled_labels": 16.8},
    "smic-3": {"slstt": 21.0, "hsta": 38.3, "msmmt": 37.4, "ststnet": 6.0, "dual_inception": 22.7,
               "shuffled_labels": 6.1},
    "sammlv-spotting": {"me_tst": 54.5},
}  # fmt: skip
# clips, subjects of SMIC's task as published: docs/protocols.md#single-datasets
CLIPS, FOLDS = 164, 16
TRAINING = CLIPS * (FOLDS - 1) / FOLDS


@pytest.fixture
def planned(tmp_path, capsys):
    """Plan one model, made of ``CARD`` and what is given, on SMIC: (its figures, all figures)."""

    def run(entry=None, arguments=(), seeds=(0, 1), **card):
        (tmp_path / "net.py").write_text(f"CARD = {CARD | card!r}\n")
        config = {"results": str(tmp_path / "results"), "datasets": {"smic": {"source": "/data/SMIC"}},
                  "tasks": ["smic-3"], "models": [{"model": str(tmp_path / "net.py"), **(entry or {})}],
                  "seeds": list(seeds)}  # fmt: skip
        (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
        assert cli.main(["plan", "--config", str(tmp_path / "config.yaml"), "--json", *arguments]) == 0
        found = json.loads(capsys.readouterr().out)
        return found["models"][0], found

    return run


def test_an_estimate_is_three_passes_per_clip_and_epoch_at_the_assumed_throughput(planned):
    net, found = planned()
    seconds = 3 * FLOPS * TRAINING * 10 / 20e12
    assert (net["basis"], net["how"], net["device"]) == ("estimated", "20 TFLOP/s", "GPU")
    assert net["hours_per_fold"] == pytest.approx(seconds / 3600)
    assert net["hours_per_run"] == pytest.approx(FOLDS * seconds / 3600)
    assert net["hours"] == pytest.approx(2 * FOLDS * seconds / 3600)
    assert (net["runs"], net["folds"], net["clips"], net["epochs"]) == (2, FOLDS, CLIPS, 10)
    assert (net["counted"], net["mem_mb"], net["gpu_mb"]) == ("expected", 8000, None)
    assert found["total"] == {"runs": 2, "folds": 32, "gpu_hours": net["hours"], "cpu_hours": 0, "measured_share": 0,
                              "mem_mb": 8000, "gpu_mb": None}  # fmt: skip


def test_throughput_is_an_option(planned):
    slow, fast = (planned(arguments=["--tflops", n])[0]["hours"] for n in ("10", "100"))
    assert slow == pytest.approx(10 * fast)


def test_a_run_without_a_gpu_counts_in_hours_of_a_cpu_core(planned):
    net, found = planned({"preset": "small"}, ["--cpu-tflops", "0.1"])
    assert (net["device"], net["epochs"], net["mem_mb"]) == ("CPU", 4, 500)
    assert net["hours_per_fold"] == pytest.approx(3 * FLOPS * TRAINING * 4 / 0.1e12 / 3600)
    assert net["how"] == "0.1 TFLOP/s, FLOPs of the default options"  # the card says no other
    assert (found["total"]["gpu_hours"], found["total"]["cpu_hours"]) == (0, net["hours"])


def test_options_may_have_operations_of_their_own(planned):
    own = [{"options": {"size": "small"}, "forward": FLOPS // 1000}]
    net, _ = planned({"preset": "small"}, flops_by_options=own)
    assert net["hours_per_fold"] == pytest.approx(3 * FLOPS / 1000 * TRAINING * 4 / 0.05e12 / 3600)
    assert net["how"] == "0.05 TFLOP/s"
    assert planned(flops_by_options=own)[0]["how"] == "20 TFLOP/s"  # the paper's are those of the card


def test_features_that_never_change_cost_one_pass_per_clip_for_all_folds(planned):
    net, _ = planned(flops_by_options=[{"options": {}, "forward": FLOPS, "head": 1000}])
    run = FLOPS * CLIPS + FOLDS * 3 * 1000 * TRAINING * 10
    assert net["hours_per_run"] == pytest.approx(run / 20e12 / 3600)


MEASURED = {"options": {}, "device": "NVIDIA H200", "seconds": 40.0, "peak_memory_mb": 3000,
            "share_of_peak": 0.2, "clips": 100, "epochs": 5}  # fmt: skip


def test_a_measured_fold_is_scaled_by_clips_and_epochs(planned):
    net, found = planned(measured=[MEASURED])
    assert (net["basis"], net["how"]) == ("measured", "NVIDIA H200, 100 clips, 5 epochs")
    assert net["hours_per_fold"] == pytest.approx(40 * (TRAINING / 100) * (10 / 5) / 3600)
    assert (net["gpu_mb"], found["total"]["gpu_mb"], found["total"]["measured_share"]) == (3000, 3000, 1)


def test_a_measured_fold_with_batches_of_the_same_size_is_scaled_by_steps(planned):
    """100 clips are 4 steps of 32; so are those of a fold of this run, or as many as there are."""
    record = MEASURED | {"batch_size": 32, "precision": "float32"}
    net, _ = planned(measured=[record])
    steps = math.ceil(TRAINING / 32)
    assert net["hours_per_fold"] == pytest.approx(40 * (steps / 4) * (10 / 5) / 3600)
    assert net["gpu_mb"] == 3000


def test_a_fold_that_a_cpu_measured_is_scaled_by_clips_and_epochs_whatever_its_batches(planned):
    """A CPU works through its clips; half a batch takes half as long."""
    record = MEASURED | {"batch_size": 32, "precision": "float32", "device": "CPU, 1 x Mill"}
    net, _ = planned(measured=[record], resources=CARD["resources"] | {"gpu": 0})
    assert net["basis"] == "measured"
    assert net["hours_per_fold"] == pytest.approx(40 * (TRAINING / 100) * (10 / 5) / 3600)


def test_batches_of_another_size_are_said_and_their_memory_is_not_known(planned):
    net, _ = planned({"batch_size": 64}, measured=[MEASURED | {"batch_size": 32}])
    assert net["how"] == "NVIDIA H200, 100 clips, 5 epochs, batches of 32"
    assert net["hours_per_fold"] == pytest.approx(40 * (TRAINING / 100) * (10 / 5) / 3600)
    assert net["gpu_mb"] is None


def test_another_precision_is_not_what_was_measured(planned):
    records = [MEASURED | {"precision": "tf32"}, MEASURED | {"precision": "bfloat16", "seconds": 20.0}]
    assert planned(measured=records)[0]["basis"] == "estimated"
    assert planned(measured=records, stacks=True)[0]["how"].startswith("NVIDIA H200, float32 from tf32")
    net, _ = planned({"precision": "bfloat16"}, measured=records)
    assert net["hours_per_fold"] == pytest.approx(20 * (TRAINING / 100) * (10 / 5) / 3600)


def test_another_precision_changes_the_part_of_the_time_that_is_at_the_peak(planned):
    """989.5 / 67 TFLOP/s of bfloat16 and float32, by the data sheet of the H100."""
    record = MEASURED | {"precision": "float32", "share_of_peak": 0.65}
    net, _ = planned({"precision": "bfloat16"}, measured=[record])
    share = 0.65 * 67 / 989.5 + 0.35
    assert net["hours_per_fold"] == pytest.approx(40 * share * (TRAINING / 100) * (10 / 5) / 3600)
    assert (net["basis"], net["gpu_mb"]) == ("estimated", None)
    assert net["how"] == "NVIDIA H200, bfloat16 from float32, 65% of the time at 14.8 times the peak"


@pytest.mark.parametrize(("busy", "share"), [(0.01, 1 / 8), (0.4, 0.4)])
def test_a_stack_shares_its_steps_up_to_the_peak(planned, busy, share):
    record = MEASURED | {"share_of_peak": busy}
    net, _ = planned({"stack": 8}, measured=[record], stacks=True)
    assert net["hours_per_fold"] == pytest.approx(40 * share * (TRAINING / 100) * (10 / 5) / 3600)
    assert net["how"] == "NVIDIA H200, stack of 8: each step once for all, at most at the peak"
    measured, _ = planned({"stack": 8}, measured=[record, record | {"stack": 8, "seconds": 9.0}], stacks=True)
    assert (measured["basis"], measured["hours_per_fold"]) == (
        "measured", pytest.approx(9 * (TRAINING / 100) * (10 / 5) / 3600)
    )  # fmt: skip


def test_a_stack_takes_longer_on_a_cpu(planned):
    entry, record = {"preset": "small", "stack": 8}, MEASURED | {"options": {"size": "small"}, "device": "CPU, 1 core"}
    alone, _ = planned({"preset": "small"}, measured=[record], stacks=True)
    net, _ = planned(entry, measured=[record], stacks=True)
    assert net["hours_per_fold"] == pytest.approx(3 * alone["hours_per_fold"])


def test_measured_features_count_once_for_all_folds(planned):
    plain, features = (planned(measured=[MEASURED | more])[0] for more in ({}, {"features_seconds": 50.0}))
    extra = 50 / 100 * CLIPS / 3600
    assert features["hours_per_run"] == pytest.approx(plain["hours_per_run"] + extra)


@pytest.mark.parametrize("entry", [{"epochs": 3}, {"pretrained": "weights.pt"}, {"lr": 0.1}])
def test_what_leaves_the_network_as_it_is_leaves_it_measured(planned, entry, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "weights.pt").touch()
    assert planned(entry, measured=[MEASURED])[0]["basis"] == "measured"


@pytest.mark.parametrize(
    ("entry", "record"),
    [
        ({"deep": "no"}, {}),
        ({"preset": "small"}, {}),
        ({}, {"options": {"size": "small"}}),
        ({}, {"device": "CPU, 2 cores"}),
    ],
)
def test_another_network_or_device_is_not_what_was_measured(planned, entry, record):
    net, _ = planned(entry, measured=[MEASURED | record])
    assert (net["basis"], net["gpu_mb"]) == ("estimated", None)


@pytest.mark.parametrize(
    ("card", "why"),
    [
        ({"training": "fit", "recipe": {}}, "not trained by epochs of the engine"),
        ({"flops": 0}, "its card has no flops"),
    ],
)
def test_what_cannot_be_estimated_says_so_and_counts_nothing(planned, card, why):
    net, found = planned(**card)
    assert (net["basis"], net["how"], net["hours"]) == ("not estimated", why, 0)
    assert found["total"]["gpu_hours"] == 0


def test_indexed_clips_take_the_place_of_the_expected_ones(planned, tmp_path):
    labels = ("negative", "positive", "surprise")
    rows = [{"clip_id": f"smic/s{s}/c{c}", "dataset": "smic", "subject": f"smic/s{s}", "emotion": labels[c]}
            for s in range(4) for c in range(3)]  # fmt: skip
    write_csv(tmp_path / "results/datasets/smic/clips.csv", rows[0], rows)
    net, _ = planned()
    assert (net["clips"], net["folds"], net["counted"]) == (12, 4, "indexed")
    assert net["hours_per_fold"] == pytest.approx(3 * FLOPS * 9 * 10 / 20e12 / 3600)


@pytest.mark.parametrize(
    ("entry", "task", "clips", "folds", "counted"),
    [
        ({"subjects": 5, "clips": 4}, "smic-3", 20, 5, "generated"),
        ({"size": "full"}, "smic-3", CLIPS, FOLDS, "expected"),  # as many as the real one has
        ({}, "megc2019", 442, 68, "expected"),  # the other two are copies
    ],
)
def test_clips_that_are_to_be_generated_are_known_before(tmp_path, capsys, entry, task, clips, folds, counted):
    datasets = {
        "smic": {"source": "synthetic", **entry},
        "samm": {"source": "/data/a"},
        "casme2": {"source": "/data/b"},
    }
    config = {"results": str(tmp_path), "datasets": datasets, "tasks": [task], "models": ["ststnet"]}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    assert cli.main(["plan", "--config", str(tmp_path / "config.yaml"), "--json"]) == 0
    (net,) = json.loads(capsys.readouterr().out)["models"]
    assert (net["clips"], net["folds"], net["counted"]) == (clips, folds, counted)


def test_however_few_clips_are_generated_a_task_has_all_its_classes(tmp_path, capsys):
    datasets = {"casme2": {"source": "synthetic", "subjects": 2, "clips": 1}}
    config = {"results": str(tmp_path), "datasets": datasets, "tasks": ["casme2-5"], "models": ["ststnet"]}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    assert cli.main(["plan", "--config", str(tmp_path / "config.yaml")]) == 0
    assert "casme2-5: 5 clips, 2 folds (synthetic, to be generated)" in capsys.readouterr().out
    assert cli.main(["status", "--config", str(tmp_path / "config.yaml")]) == 0  # which only looks


def test_extra_training_clips_count_once_they_are_indexed(tmp_path, capsys):
    """HSTA trains on the macro-expressions of CAS(ME)^3 too; those of the held-out subject are left out."""
    (tmp_path / "net.py").write_text(f"CARD = {CARD!r}\n")
    datasets = {key: {"source": "synthetic"} for key in ("casme3", "casme3_long")}
    entry = {"model": str(tmp_path / "net.py"), "extra_clips": "macro"}
    config = {"results": str(tmp_path), "datasets": datasets, "tasks": ["casme3-3"], "models": [entry]}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))

    def net():
        assert cli.main(["plan", "--config", str(tmp_path / "config.yaml"), "--json"]) == 0
        return json.loads(capsys.readouterr().out)["models"][0]

    def index(dataset, expression, n):
        emotions = ("anger", "happiness", "surprise")
        rows = [{"clip_id": f"{dataset}/s{s}/c{c}", "dataset": dataset, "subject": f"{dataset}/s{s}",
                 "emotion": emotions[c % 3], "expression": expression} for s in range(2) for c in range(n)]  # fmt: skip
        write_csv(tmp_path / "datasets" / dataset / "clips.csv", rows[0], rows)

    index("casme3", "micro", 3)
    few = net()
    assert few["how"] == "20 TFLOP/s, 3,346 extra clips expected"
    index("casme3_long", "macro", 6)
    more = net()
    assert (few["clips"], more["clips"], more["how"]) == (6, 6, "20 TFLOP/s")
    assert more["hours"] == pytest.approx(few["hours"] * (6 + 12) / (6 + 3346))


def test_a_measured_fold_says_of_extra_clips_what_an_estimate_says(tmp_path, capsys):
    (tmp_path / "net.py").write_text(f"CARD = {CARD | {'measured': [MEASURED]}!r}\n")
    datasets = {key: {"source": "synthetic"} for key in ("casme3", "casme3_long")}
    entry = {"model": str(tmp_path / "net.py"), "extra_clips": "macro"}
    config = {"results": str(tmp_path), "datasets": datasets, "tasks": ["casme3-7"], "models": [entry]}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    assert cli.main(["plan", "--config", str(tmp_path / "config.yaml"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["models"][0]["how"].endswith("epochs, 3,346 extra clips expected")


def test_the_page_says_of_every_figure_where_it_comes_from(tmp_path, capsys):
    (tmp_path / "net.py").write_text(f"CARD = {CARD | {'measured': [MEASURED]}!r}\n")
    config = {"results": str(tmp_path), "datasets": {"smic": {"source": "/data/SMIC"}}, "tasks": ["smic-3"],
              "models": [str(tmp_path / "net.py"), {"model": "ststnet", "precision": "bfloat16"}, "majority"],
              "seeds": [0, 1, 2]}  # fmt: skip
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    assert cli.main(["plan", "--config", str(tmp_path / "config.yaml")]) == 0
    text = capsys.readouterr().out
    assert "smic-3: 164 clips, 16 folds (expected of the real data; not indexed yet)" in text
    lines = {line.split()[0]: line for line in text.splitlines() if line.startswith("  ")}
    assert lines["net"].endswith("GPU  8,000 MB + GPU 3,000 MB  measured (NVIDIA H200, 100 clips, 5 epochs)")
    assert lines["ststnet"].endswith("estimated (0.05 TFLOP/s)")
    assert lines["majority"].endswith("not estimated (not trained by epochs of the engine)")
    assert "total: 9 runs, 144 folds, 98 min on GPUs and " in text
    assert "3 x FLOPs x training clips x epochs, at 20 TFLOP/s on a GPU (--tflops) and 0.05 on a CPU core" in text


def test_ststnet_takes_about_what_it_took(tmp_path, capsys):
    """docs/megc2019-flow.md: one LOSO of the preset plain on one core took 12 and 15 minutes."""
    config = {"results": str(tmp_path), "datasets": {"flow_images": {"source": "."}}, "tasks": ["megc2019-flow"],
              "models": ["ststnet"]}  # fmt: skip
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    assert cli.main(["plan", "--config", str(tmp_path / "config.yaml"), "--json"]) == 0
    assert 6 < 60 * json.loads(capsys.readouterr().out)["models"][0]["hours_per_run"] < 24


def test_jobs_of_the_shipped_networks_take_what_is_expected_within_a_factor_of_two():
    plan = Plan.load(PROJECT / "config.yaml")
    networks = {(run.task, run.model) for run in plan.runs if run.spec["training"] == "gradient"}
    assert networks == {(task, model) for task, jobs in TOUR.items() for model in jobs}
    expected = ExpectedTime(plan)
    for task, model in networks:
        said = expected.core_seconds("train", {"task": task, "model": model, "scatteritem": "1-of-1"})
        assert 0.5 < said / TOUR[task][model] < 2, (task, model, said)


def test_it_needs_no_torch(tmp_path):
    """Plans are looked at on login nodes, in no time."""
    (tmp_path / "config.yaml").write_text("datasets: {smic: {source: synthetic}}\ntasks: [smic-3]\nmodels: [htnet]\n")
    code = "import sys; from mebench import cli; assert cli.main(['plan']) == 0; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True)


@pytest.mark.parametrize("option", ["--tflops", "--cpu-tflops"])
@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf"])
def test_a_throughput_is_above_zero(option, value, capsys):
    assert cli.main(["plan", option, value]) == 2
    assert f"{option} {value} must be a number above 0" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("hours", "words"),
    [(0, "0 s"), (1e-5, "<1 s"), (8 / 3600, "8 s"), (0.2, "12 min"), (3.42, "3.4 h"), (1200, "1,200 h")],
)
def test_a_duration_has_the_unit_that_fits(hours, words):
    assert duration(hours) == words


def test_a_training_on_everyone_counts_as_one_more_fold(planned):
    net, found = planned(entry={"final": True})
    assert net["hours_per_run"] == pytest.approx((FOLDS + 1) * net["hours_per_fold"])
    assert net["how"] == "20 TFLOP/s, and one training on everyone"
    assert found["total"]["gpu_hours"] == pytest.approx(2 * net["hours_per_run"])
