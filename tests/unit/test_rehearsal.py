"""``rehearsal: true``: any configuration on stand-ins with small networks, marked, and what the real run will take."""

from __future__ import annotations

import json
from pathlib import Path

import fake_results
import pytest
import yaml

from mebench import cards, cli, tables
from mebench.config.started import started
from mebench.errors import UserError
from mebench.files import read_csv, read_json
from mebench.model_card import model_card
from mebench.origins import MARKS, of_all
from mebench.plan import Plan, rehearsed, rehearsed_page
from mebench.report import page

PROJECT = Path(__file__).parents[2]
PAPER = PROJECT / "paper.yaml"
COMPOSITE = {name: {"source": f"${{MEBENCH_DATA}}/{name}"} for name in ("casme2", "samm", "smic")}
MODELS = ["ststnet", "off_apexnet", "majority"]


@pytest.fixture(autouse=True)
def nowhere(monkeypatch):
    """Neither the owner's copies nor the variable that says where they are."""
    monkeypatch.delenv("MEBENCH_DATA", raising=False)


def plan(**config):
    """The plan of a rehearsal; of the composite, where nothing else is said."""
    return Plan({"datasets": COMPOSITE, "tasks": ["megc2019"], "models": MODELS, "rehearsal": True, **config})


@pytest.fixture(scope="module")
def papers():
    return Plan(started([PAPER], {"rehearsal": "true"}))  # as Snakemake hands --config rehearsal=true over


# ------------------------------------------------------------------------------------------------ what is run


def test_all_runs_of_the_papers_stay_and_the_results_are_kept_apart(papers, monkeypatch):
    monkeypatch.setenv("MEBENCH_DATA", "/nowhere")
    real = Plan.load(PAPER)
    assert [run.id for run in papers.runs] == [run.id for run in real.runs]
    assert papers.tables == real.tables
    assert (real.results, papers.results) == ("results/paper", "results/paper-rehearsal")
    assert {name: papers.inputs.crop(name) for name in papers.datasets} == {
        name: real.inputs.crop(name) for name in real.datasets
    }


def test_every_dataset_is_its_stand_in(papers):
    assert {(entry["source"], entry["size"]) for entry in papers.datasets.values()} == {("synthetic", "rehearsal")}


def test_every_network_is_as_small_as_it_comes_and_sees_each_clip_twice(papers):
    for run in papers.runs:
        card = cards.card("models", run.spec["model"])
        if "small" in card.get("options", {}).get("size", []):
            assert run.spec["options"]["size"] == "small", run.id
        assert run.spec["options"].get("pretrained", "none") == "none", run.id
        assert not run.resources["gpu"], run.id
        if run.spec["training"] == "gradient":
            assert (run.spec["recipe"]["epochs"], run.spec["recipe"]["warmup_epochs"]) == (2, 0)


def test_what_an_entry_says_itself_stays_but_for_its_size_and_weights(papers):
    entries = papers.entries
    assert entries["me_tst_plus-casme3"]["recipe"]["batch_size"] == 256
    assert entries["me_tst_plus-casme3"]["options"]["variant"] == "plus"
    assert entries["hsta-macro"]["recipe"]["extra_clips"] == "macro"
    written = {"model": "hsta", "size": "paper", "stages": 3, "pretrained": "${NOWHERE}/vit.pth", "lr": 1e-9}
    entry = plan(models=[written]).entries["hsta"]
    assert entry["options"] == {"stages": 3, "size": "small", "frames": "from_onset"}
    assert entry["recipe"]["lr"] == 1e-9


def test_what_the_owner_says_of_single_clips_goes_with_the_copy():
    smic = {"source": "SMIC.zip", "sha256": "0" * 64, "exclude": {"s1/s1_ne_01": "blurred"}, "accept": ["counts"],
            "landmarks": "mine.csv", "apex": "flow_max", "crop": "detected"}  # fmt: skip
    made = plan(datasets={"smic": smic}, tasks=["smic-3"])
    assert made.datasets["smic"] == {
        "source": "synthetic", "size": "rehearsal", "apex": "flow_max", "crop": "detected"
    }  # fmt: skip


CARD = """
CARD = {
    "title": "Mine", "kind": "model", "paper": None, "licence": "MIT", "module": "Mine", "parameters": 1,
    "inputs": {"kind": "apex_flow", "size": 28, "channels": ["u", "v", "strain"], "range": "unit", "center": "none"},
    "recipe": {"epochs": 60, "warmup_epochs": 9, "lr": 1e-5}, "notes": "",
    "resources": {"mem_mb": 1500, "runtime_min": 30, "gpu": 0},
}
"""


def test_a_model_task_and_table_of_ones_own_are_rehearsed_too(tmp_path):
    (tmp_path / "mine.py").write_text(CARD)
    table = {"name": "my-table", "title": "Mine", "task": "mine", "columns": [{"metric": "uf1", "header": "UF1"}]}
    (tmp_path / "my-table.yaml").write_text(yaml.safe_dump(table))
    task = {"name": "mine", "datasets": ["smic"], "classes": ["negative", "positive"],
            "labels": {"smic": {"negative": "negative", "positive": "positive"}}}  # fmt: skip
    made = plan(tasks=[task], models=[{"model": str(tmp_path / "mine.py"), "lr": 1e-9}, "majority"], tables=["mine"])
    recipe = made.entries["mine"]["recipe"]
    assert (recipe["epochs"], recipe["warmup_epochs"], recipe["lr"]) == (2, 0, 1e-9)
    assert {run.task for run in made.runs} == {"mine"}


def test_a_dataset_of_ones_own_has_no_stand_in_and_stays(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "datasets").mkdir()
    smic = (cards.PACKAGE / "datasets" / "smic.py").read_text()
    (tmp_path / "datasets" / "mine.py").write_text(smic)
    own = {"source": str(tmp_path), "accept": ["counts"]}
    assert plan(datasets=COMPOSITE | {"mine": own}).datasets["mine"] == own


@pytest.mark.parametrize(
    ("results", "kept"),
    [("results", "results-rehearsal"), ("a/b/", "a/b-rehearsal"), ("/x/y", "/x/y-rehearsal"), (".", "rehearsal")],
)
def test_its_folder_lies_beside_that_of_the_results(results, kept):
    assert plan(results=results).results == kept


def test_a_configuration_without_it_is_what_it_was():
    made = plan(rehearsal=False, datasets={name: {"source": "synthetic"} for name in COMPOSITE})
    assert "rehearsal" not in made.config
    assert made.results == "results"


def test_the_resolved_configuration_is_not_rehearsed_again(papers, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(papers.configuration.document()))
    again = Plan.load(tmp_path / "config.json")
    assert again.results == papers.results
    assert [run.parameter for run in again.runs] == [run.parameter for run in papers.runs]


def test_errors_of_the_real_configuration_are_said_now():
    with pytest.raises(UserError, match="unknown key 'epoch'"):
        plan(models=[{"model": "ststnet", "epoch": 3}])


# ------------------------------------------------------------------------------------------------ marks


def test_a_rehearsed_part_marks_the_whole():
    assert of_all(["licensed", "synthetic", "rehearsal"]) == "rehearsal"
    assert of_all(["licensed", "synthetic"]) == "synthetic"
    assert of_all(["pictures", "licensed"]) == "licensed"
    assert of_all([]) == "nothing"


def test_runs_of_a_rehearsal_are_pooled_as_such(papers):
    assert all(papers.files(run).rehearsal for run in papers.runs)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The results of a rehearsal of three models on the composite, two seeds of five folds each."""
    folder = tmp_path_factory.mktemp("finished")
    fake_results.fill(folder / "results-rehearsal", origin="rehearsal")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MEBENCH_DATA", raising=False)
        made = plan(results=str(folder / "results"), seeds=[0, 1])
    (folder / "results-rehearsal/config.json").write_text(json.dumps(made.configuration.document()))
    for name, seconds in (("faces/samm", 12), ("inputs/smic/tvl1", 30)):
        path = folder / f"results-rehearsal/benchmarks/{name}.tsv"
        path.parent.mkdir(parents=True)
        path.write_text(f"s\th:m:s\tcpu_time\n99\t0:01:39\t{seconds}\n")
    return folder / "results-rehearsal"


def test_tables_say_it_in_title_caption_and_every_row(finished, tmp_path):
    made = tables.build(tables.describe("megc2019"), tables.read_scores(finished / "scores/megc2019.csv"))
    assert made.title.endswith("(REHEARSAL)")
    assert made.caption[0].startswith(f"{MARKS['rehearsal']}. The published figures are of the real data")
    for name, render in tables.FORMATS.items():
        assert "REHEARSAL" in render(made) or name == "csv"
    assert {row["origin"] for row in read_csv(finished / "scores/megc2019.csv")} == {"rehearsal"}


def test_the_report_says_it_at_its_top_and_what_the_real_run_takes(finished):
    fake_results.drawings(finished)
    made = Plan.load(finished / "config.json")
    contents = page.Contents(["megc2019"], ["megc2019"], rehearsed=rehearsed_page.page(made))
    html = page.write(finished / "report.html", finished, contents, made.config_json)[0].read_text(encoding="utf-8")
    assert "(REHEARSAL)</title>" in html
    assert f'<p class="banner">{MARKS["rehearsal"]}' in html
    assert "measured on the stand-ins of a rehearsal" in html
    assert '<h2 id="rehearsed">What the real run will take</h2>' in html
    assert "SYNTHETIC" not in html.split('id="bibliography"')[0]
    record = read_json(finished / "provenance.json")
    assert record["config"]["rehearsal"] is True
    assert {run["origin"] for run in record["runs"]} == {"rehearsal"}


# ------------------------------------------------------------------------------------------------ what it will take


def test_the_real_seconds_are_those_of_a_rehearsed_fold_times_operations(finished):
    """STSTNet has no smaller network: 500 epochs instead of 2. Ten folds of two runs took a second each run."""
    costs = {cost.model: cost for cost in rehearsed.real_costs(Plan.load(finished / "config.json"))}
    ststnet = costs["ststnet"]
    assert (ststnet.runs, ststnet.folds, ststnet.seconds) == (2, 68, 0.2)
    assert ststnet.times == model_card("ststnet")["recipe"]["epochs"] / 2 == 250
    assert ststnet.hours == pytest.approx(2 * 68 * 0.2 * 250 / 3600)
    assert costs["majority"].times == 1
    assert "as measured" in costs["majority"].note
    assert ststnet.computing_hours == ststnet.hours


def test_a_smaller_network_counts_by_its_flops():
    """MSMMT, by its card: 1,077,266,340 operations instead of 12,823,020, and 100 epochs instead of 2."""
    (run,) = plan(models=["msmmt"]).runs
    (cost,) = rehearsed.real_costs(plan(models=["msmmt"]))
    assert cost.seconds is None
    assert cost.times == pytest.approx(1_077_266_340 / 12_823_020 * 50)
    assert cost.gpu
    assert cost.gpu_hours > 0
    assert cost.computing == pytest.approx(3 * 442 * 67 / 68 * 100 * 1_077_266_340 / 0.05e12)
    assert not run.resources["gpu"]


def test_features_that_are_computed_once_count_once():
    """SLSTT learns a head on features: three passes of the head for each clip and epoch, one of the whole for each
    clip."""
    (cost,) = rehearsed.real_costs(plan(models=["slstt"]))
    training, every, folds = 442 * 67 / 68, 442, 68
    real = 3 * training * 40 * 150_210_048 + 1_220_789_024_256 * every / folds
    small = 3 * training * 2 * 2_527_424 + 80_665_792 * every / folds
    assert cost.times == pytest.approx(real / small)


def test_a_model_of_unknown_operations_counts_by_epochs(tmp_path):
    (tmp_path / "mine.py").write_text(CARD)
    (cost,) = rehearsed.real_costs(plan(models=[str(tmp_path / "mine.py")]))
    assert (cost.times, cost.note) == (30, "by epochs alone")


def test_inputs_count_by_pixels(finished):
    costs = {(cost.dataset, cost.name): cost for cost in rehearsed.input_costs(Plan.load(finished / "config.json"))}
    faces = costs["samm", "faces"]
    assert (faces.seconds, faces.times) == (12, 2040 * 1088 / (112 * 128))
    assert costs["smic", "tvl1"].seconds == 30


def test_the_last_lines_are_sums_and_say_what_they_rest_on(finished, capsys):
    assert cli.main(["rehearsal", "--config", str(finished / "config.json")]) == 0
    shown = capsys.readouterr().out
    assert "models that ask for no GPU: " in shown
    assert "An estimate, from folds that were rehearsed on" in shown
    assert cli.main(["rehearsal", "--sums", "--config", str(finished / "config.json")]) == 0
    assert capsys.readouterr().out.splitlines() == [line for line in shown.splitlines() if line.startswith(
        ("models that ask", "faces and inputs: "))]  # fmt: skip
    assert cli.main(["rehearsal", "--json", "--config", str(finished / "config.json")]) == 0
    assert {row["model"] for row in json.loads(capsys.readouterr().out)["models"]} == set(MODELS)


def test_of_another_run_nothing_is_said(tmp_path, capsys):
    (tmp_path / "config.yaml").write_text("datasets: {smic: {source: synthetic}}\ntasks: [smic-3]\n")
    assert cli.main(["rehearsal", "--config", str(tmp_path / "config.yaml")]) == 2
    assert "the configuration is no rehearsal" in capsys.readouterr().err
