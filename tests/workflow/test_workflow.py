"""The whole workflow, really run: complete, repeatable, and re-run exactly where something changed."""

from __future__ import annotations

import csv
import json
import re

from project import PROJECT

from mebench import formats

MODELS = ("ststnet", "off_apexnet", "majority", "oracle")


def rules(jobs: list[str]) -> dict[str, int]:
    names = [job.split()[0] for job in jobs]
    return {name: names.count(name) for name in dict.fromkeys(names)}


def test_the_files_have_the_columns_and_keys_of_their_formats(finished):
    """Those that no kind of task, of input or of model adds to."""
    one_of_each = [
        formats.CONFIGURATION,
        formats.SOURCE,
        formats.CLIPS,
        formats.VIDEOS,
        formats.DECISIONS,
        formats.INPUT_META,
        formats.SHARD,
        formats.PROVENANCE,
    ]
    for one in one_of_each:
        paths = list((finished.folder / "results").glob(re.sub(r"<\w+>", "*", one.path)))
        assert paths, one.path
        for path in paths:
            names = (
                json.loads(path.read_text()) if path.suffix == ".json" else path.read_text().split("\n")[0].split(",")
            )
            assert tuple(names) == one.names if path.suffix == ".csv" else set(names) <= set(one.names), path


def test_one_command_makes_tables_plots_and_report(finished):
    results = finished.folder / "results"
    for suffix in ("csv", "md", "tex", "html"):
        assert (results / f"tables/megc2019-flow.{suffix}").stat().st_size > 500
    for plot in ("confusion", "subjects", "curves", "seeds", "input-apex_flow-28"):
        assert (results / f"plots/megc2019-flow/{plot}.png").stat().st_size > 5000
    page = (results / "report.html").read_text()
    assert "STSTNet" in page
    assert "OFF-ApexNet" in page
    provenance = (results / "provenance.json").read_text()
    assert str(finished.folder) not in page + provenance, "a path of this machine got into the page"


def test_the_run_says_little_and_where_the_report_is_and_the_log_keeps_everything(finished):
    said = finished.said.splitlines()
    assert re.fullmatch(r"results/report\.html is there to read: (\d+) of \1 jobs are done, in .*\.", said[-2])
    assert said[-1].startswith("Complete log(s): ")
    assert len(said) < 20
    log = next((finished.folder / ".snakemake/log").glob("*.log")).read_text()
    assert "rule train:\n    input: " in log
    assert re.search(r"^About \d+ minutes of one core are expected, in \d+ jobs\.$", log, re.MULTILINE)


def test_the_oracle_scores_one_through_the_whole_workflow(finished):
    with open(finished.folder / "results/scores/megc2019-flow.csv") as handle:
        rows = list(csv.DictReader(handle))
    assert {row["model"] for row in rows} == set(MODELS)
    oracle = [row for row in rows if row["model"] == "oracle"]
    assert len(oracle) == 2 * 3  # seeds x (all, casme2, smic)
    assert all(float(row["uf1"]) == float(row["uar"]) == float(row["accuracy"]) == 1 for row in oracle)


def test_a_second_run_does_nothing(finished):
    assert finished.planned() == []
    assert "Nothing to be done" in finished.snakemake("-n")


def test_the_dry_run_of_a_fresh_project_is_complete(copy):
    copy.run("rm", "-r", "results", ".snakemake")
    jobs = rules(copy.planned())
    once = dict.fromkeys(("resolve", "fetch", "index", "inputs", "scores", "tables", "dataset_plots", "report"), 1)
    assert jobs == once | {"train": 2, "score": 2, "together_megc2019-flow": 1, "plots_megc2019-flow": 1}


def test_the_same_project_somewhere_else_makes_the_same_bytes(finished, copy):
    copy.run("rm", "-r", "results", ".snakemake")
    copy.snakemake("--cores", "1")
    assert copy.results() == finished.results()


def test_another_number_of_shards_trains_nothing(copy):
    before = copy.folds()
    assert len(before) == 8 * 5
    copy.snakemake("--cores", "2", "--config", "shards=3")
    assert {path.stem for path in copy.folder.rglob("shards/*.json")} >= {"1-of-3", "2-of-3", "3-of-3"}
    assert copy.folds() == before


def test_a_changed_hyper_parameter_runs_exactly_its_folds_again(copy):
    before, bytes_before = copy.folds(), copy.results()
    copy.edit("config.yaml", "{model: ststnet, epochs: 3}", "{model: ststnet, epochs: 4}")
    jobs = copy.planned()
    assert [job for job in jobs if job.startswith("train")] == [
        "train results/runs/megc2019-flow/ststnet/shards/1-of-1.json"
    ]
    copy.snakemake("--cores", "2")
    again = {name for name, stamp in copy.folds().items() if stamp != before[name]}
    assert again == {name for name in before if "/ststnet/" in name}
    copy.edit("config.yaml", "epochs: 4", "epochs: 3")
    copy.snakemake("--cores", "2")
    assert copy.results() == bytes_before


def test_editing_a_models_file_runs_that_model_again(copy):
    copy.edit("workflow/mebench/models/off_apexnet.py", "nn.Dropout(0.5)", "nn.Dropout(0.4)")
    trained = [job for job in copy.planned() if job.startswith("train")]
    assert len(trained) == 1
    assert all("/off_apexnet/" in job for job in trained)


def test_editing_the_text_of_a_table_makes_that_table_again_and_trains_nothing(copy):
    copy.edit("workflow/mebench/tables/megc2019-flow.yaml", "title: ", "title: My ")
    assert not {"train", "score", "scores", "inputs"} & set(rules(copy.planned()))
    assert "tables results/tables/megc2019-flow.csv" in copy.planned()


def test_a_table_is_made_by_its_name(copy):
    copy.run("rm", "-r", "results/tables")
    copy.snakemake("results/tables/megc2019-flow.csv")
    assert (copy.folder / "results/tables/megc2019-flow.tex").exists()


def test_a_job_that_dies_loses_no_fold(copy):
    """A shard whose summary is gone, as after a crash, runs again and finds all its folds."""
    before = copy.folds()
    copy.run("rm", "results/runs/megc2019-flow/ststnet/shards/1-of-1.json")
    copy.snakemake("--cores", "2")
    assert copy.folds() == before


def test_a_job_that_is_tried_again_asks_for_more_memory_and_time(copy):
    copy.edit("workflow/rules/train.smk", "exec mebench train --run",
              "echo {resources.mem_mb} {resources.runtime} >> asked; exec false")  # fmt: skip
    (done,) = (copy.folder / "results/runs/megc2019-flow/ststnet/shards").glob("1-of-1.json")
    done.unlink()
    copy.snakemake("--retries", "2", "results/runs/megc2019-flow/ststnet/shards/1-of-1.json", ok=False)
    first, *more = (
        [int(number) for number in line.split()] for line in (copy.folder / "asked").read_text().splitlines()
    )
    assert first[0] == 1500  # of STSTNet's card
    assert more == [[2 * number for number in first], [3 * number for number in first]]


def test_a_run_with_peeking_shows_both_and_marks_the_peeked(copy):
    (copy.folder / "config.yaml").write_text((copy.folder / "config.yaml").read_text() + "selection: test_peek\n")
    copy.snakemake("--cores", "2")
    with open(copy.folder / "results/scores/megc2019-flow.csv") as handle:
        selections = {row["selection"] for row in csv.DictReader(handle) if row["model"] == "ststnet"}
    assert selections == {"last", "test_peek"}
    assert "peek" in (copy.folder / "results/tables/megc2019-flow.md").read_text()


def test_wrong_input_is_one_sentence_without_a_traceback(copy):
    copy.edit("config.yaml", "models:", "modles:")
    output = copy.snakemake("-n", ok=False)
    assert "unknown key 'modles' (did you mean 'models'?)" in output
    assert "Traceback" not in output


def test_a_missing_source_is_one_sentence_and_leaves_nothing(copy):
    copy.run("rm", "-r", "results", ".snakemake")
    copy.edit("config.yaml", str(copy.pictures), str(copy.folder / "nowhere"))
    copy.snakemake("--cores", "1", ok=False)
    log = (copy.folder / "results/logs/fetch/flow_images.log").read_text()
    assert "nowhere" in log
    assert "Traceback" not in log
    results = copy.folder / "results"
    assert not [path for part in ("sources", "datasets", "inputs", "runs") for path in (results / part).rglob("*.csv")]
    assert "nowhere" in (results / "tables/megc2019-flow.csv").read_text()  # which says what is missing


def test_every_rule_logs_measures_and_names_its_environment():
    text = "".join(path.read_text() for path in (PROJECT / "workflow/rules").glob("*.smk"))
    rules = re.split(r"^ *rule\b", text, flags=re.MULTILINE)[1:]  # two are a rule for each task, made in a loop
    assert len(rules) == 19
    rules.remove(
        next(rule for rule in rules if rule.startswith(" resolve:"))
    )  # no command: it writes the configuration
    for directive in ("log:", "benchmark:", "conda:", "resources:", "shell:"):
        assert all(len(re.findall(rf"^ +{directive}", rule, re.MULTILINE)) == 1 for rule in rules), directive
    long = [rule.partition(":")[0].strip() for rule in rules if "localrule: True" not in rule]
    together = ""  # its name is that of each task
    assert sorted(long) == [together, "faces", "final", "input_parts", "inputs", "train"], "only these go to a cluster"
    assert "\n    script:" not in text
    assert text.count("\n    run:") == 1
    assert "\ncheckpoint " not in text


NET = '''
"""A linear layer, to show that a model is one file."""

from torch import nn

CARD = {
    "title": "TinyNet",
    "kind": "model",
    "paper": {"title": "A tiny network", "authors": "Me, You", "venue": "Nowhere", "year": 2026},
    "licence": "MIT",
    "module": "TinyNet",
    "parameters": 7059,
    "flops": 14112,
    "inputs": {"kind": "apex_flow", "size": 28, "channels": ["u", "v", "strain"], "range": "unit", "center": "none"},
    "recipe": {"optimizer": "adam", "lr": 1e-3, "batch_size": 64, "epochs": 2},
    "resources": {"mem_mb": 1500, "runtime_min": 30, "gpu": 0},
    "notes": "",
}


class TinyNet(nn.Sequential):
    """Flow (N, 3, 28, 28) -> logits (N, num_classes)."""

    def __init__(self, num_classes: int):
        super().__init__(nn.Flatten(), nn.Linear(3 * 28 * 28, num_classes))
'''


def test_a_new_model_is_one_file_and_one_line(copy):
    before = copy.folds()
    (copy.folder / "workflow/mebench/models/tiny_net.py").write_text(NET)
    copy.edit("config.yaml", "  - majority\n", "  - majority\n  - tiny_net\n")
    # the contract tests find it ...
    tested = copy.run(
        "pytest", "-q", "-p", "no:cacheprovider", "tests/contract/test_models.py", "-k", "tiny_net"
    ).stdout
    assert " passed" in tested
    assert "failed" not in tested
    # ... so do the list of models, the workflow, the tables and the report with its references
    cards = json.loads(copy.run("mebench", "models", "--json").stdout)
    assert [card["parameters"] for card in cards if card["name"] == "tiny_net"] == [7059]
    copy.snakemake("--cores", "2")
    assert "TinyNet" in (copy.folder / "results/tables/megc2019-flow.md").read_text()
    page = (copy.folder / "results/report.html").read_text()
    assert "TinyNet" in page
    assert "A tiny network" in page
    # ... and nothing else was trained again
    assert {name: copy.folds()[name] for name in before} == before


def test_a_model_file_outside_the_package_is_named_by_its_path(copy):
    (copy.folder / "mine.py").write_text(NET)
    copy.edit("config.yaml", "  - majority\n", "  - majority\n  - {model: mine.py, name: my-net, epochs: 1}\n")
    copy.snakemake("--cores", "2", "results/runs/megc2019-flow/my-net/seed0/predictions.csv")
    assert (copy.folder / "results/runs/megc2019-flow/my-net/seed0/run.json").exists()
