"""Merging archives: one table of several labs is that of one run with all of it, and nothing is compared in silence."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import small_results
from small_results import CLIPS, TASK

from mebench import cli
from mebench.archive import opened
from mebench.files import read_json, write_json
from mebench.runs import table_statistics
from mebench.statistics import summary


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch):
    monkeypatch.setattr(table_statistics, "DEFAULT", replace(table_statistics.DEFAULT, resamples=99))
    monkeypatch.setattr(summary, "POWER_STUDIES", 5)


def lab(root: Path, name: str, clips: Mapping[str, str] = CLIPS, **config: object) -> Path:
    """The archive of a lab's finished benchmark; of majority with seed 0 where nothing else is said."""
    path = small_results.write(root / name, clips, **{"models": ["majority"], "seeds": [0], **config})
    return packed(path, root / f"{name}.zip", name)


def packed(config: Path, out: Path, name: str) -> Path:
    assert cli.main(["archive", "--config", str(config), "--out", str(out), "--name", f"Lab {name}"]) == 0
    return out


def merge(*archives: object, out: Path) -> int:
    return cli.main(["merge", "--no-report", *map(str, archives), "--out", str(out)])


def table(results: Path) -> list[dict[str, str]]:
    with open(results / f"tables/{TASK}.csv") as handle:
        return [row for row in csv.DictReader(handle) if row["block"] != "published"]


def origins(results: Path) -> dict[str, str]:
    return {row["model"]: row["origin_archive"] for row in table(results)}


def without_last_column(page: str) -> str:
    return re.sub(r"^(\|.*\|)[^|]*\|$", r"\1", page, flags=re.MULTILINE)


@pytest.mark.parametrize("halves", [
    ({"models": ["ststnet", "majority"]}, {"models": ["off_apexnet", "majority"]}),
    ({"seeds": [0]}, {"seeds": [1]}),
], ids=["models", "seeds"])  # fmt: skip
def test_a_merge_of_two_is_one_run_with_both_but_for_the_column_of_origins(tmp_path, halves):
    both = {"models": ["ststnet", "off_apexnet", "majority"], "seeds": [0, 1]}
    small_results.write(tmp_path / "one", **both)
    a, b = (lab(tmp_path, name, **{**both, **half}) for name, half in zip("ab", halves, strict=True))
    assert merge(a, b, out=tmp_path / "ab") == 0
    one, made = (small_results.texts(tmp_path / name) for name in ("one/results", "ab"))
    assert set(one) == set(made)
    assert made[f"tables/{TASK}.statistics.json"] == one[f"tables/{TASK}.statistics.json"]
    without = [{key: value for key, value in row.items() if key != "origin_archive"} for row in table(tmp_path / "ab")]
    assert without == table(tmp_path / "one/results")
    assert all("Lab a" in origin or "Lab b" in origin for origin in origins(tmp_path / "ab").values())
    scores = read_json(tmp_path / f"ab/scores/{TASK}.json")
    assert [{k: v for k, v in row.items() if k != "origin_archive"} for row in scores] == read_json(
        tmp_path / f"one/results/scores/{TASK}.json"
    )
    page = (tmp_path / f"ab/tables/{TASK}.md").read_text()
    assert " Source |" in page
    without = without_last_column(page)
    assert without == (tmp_path / f"one/results/tables/{TASK}.md").read_text()
    order = merge(b, a, out=tmp_path / "ba")
    assert order == 0
    assert (tmp_path / f"ba/tables/{TASK}.statistics.json").read_bytes() == made[f"tables/{TASK}.statistics.json"]


def test_a_seed_that_both_have_with_the_same_predictions_counts_once(tmp_path):
    assert merge(lab(tmp_path, "a"), lab(tmp_path, "b", seeds=[0, 1]), out=tmp_path / "ab") == 0
    (row,) = table(tmp_path / "ab")
    assert (row["n_seeds"], row["origin_archive"]) == ("2", "Lab a, Lab b")
    records = [read_json(tmp_path / f"ab/runs/{TASK}/majority/seed{seed}/run.json") for seed in (0, 1)]
    assert [record["origin_archive"] for record in records] == ["Lab a, Lab b", "Lab b"]


def test_a_seed_with_other_predictions_is_a_row_of_each(tmp_path, capsys):
    a = lab(tmp_path, "a", models=["ststnet"])
    plan = small_results.configure(tmp_path / "b", models=["ststnet"], seeds=[0])
    folder = small_results.pooled(plan, plan.runs[0])
    text = (folder / "predictions.csv").read_text()
    (folder / "predictions.csv").write_text(text.replace(",negative,negative\n", ",negative,surprise\n", 1))
    small_results.finish(plan)
    assert merge(a, packed(tmp_path / "b/config.yaml", tmp_path / "b.zip", "b"), out=tmp_path / "ab") == 0
    assert origins(tmp_path / "ab") == {"ststnet-lab-a": "Lab a", "ststnet-lab-b": "Lab b"}
    assert {row["method"] for row in table(tmp_path / "ab")} == {"STSTNet (Lab a)", "STSTNet (Lab b)"}
    assert (
        "STSTNet (Lab b) is a row of its own, because its configuration or its predictions" in capsys.readouterr().out
    )


def test_another_configuration_of_the_same_name_is_another_row(tmp_path):
    a = lab(tmp_path, "a", models=["ststnet"])
    b = lab(tmp_path, "b", models=[{"model": "ststnet", "epochs": 7}, "majority"])
    assert merge(a, b, out=tmp_path / "ab") == 0
    assert origins(tmp_path / "ab") == {
        "ststnet-lab-a": "Lab a", "ststnet-lab-b": "Lab b", "majority": "Lab b",
    }  # fmt: skip
    assert all(row["rank"] for row in table(tmp_path / "ab") if row["model"] != "majority")


def test_other_clips_are_said_and_never_ranked(tmp_path, capsys):
    fewer = {clip: label for clip, label in CLIPS.items() if clip != "smic/s03/c1"}
    labelled = {**CLIPS, "smic/s05/c2": "negative"}
    a, b = lab(tmp_path, "a", models=["ststnet"]), lab(tmp_path, "b", fewer, models=["off_apexnet"])
    c = lab(tmp_path, "c", labelled, models=["ststnet"], seeds=[1])
    capsys.readouterr()
    assert merge(a, b, c, out=tmp_path / "abc") == 0
    rows = {row["model"]: row for row in table(tmp_path / "abc")}
    assert {name: bool(row["rank"]) for name, row in rows.items()} == {
        "ststnet-lab-a": True, "off_apexnet": False, "ststnet-lab-c": False,
    }  # fmt: skip
    assert "other clips than Lab a: 1 missing (first smic/s03/c1)" in rows["off_apexnet"]["note"]
    assert "1 with another label (first smic/s05/c2)" in rows["ststnet-lab-c"]["note"]
    assert "OFF-ApexNet of Lab b has other clips than Lab a" in capsys.readouterr().out
    compared = json.loads((tmp_path / f"abc/tables/{TASK}.statistics.json").read_text())["families"]
    assert compared == []  # there is nothing to compare the one complete row with


def test_clips_of_failed_folds_are_not_other_clips(tmp_path):
    plan = small_results.configure(tmp_path / "b", models=["ststnet"], seeds=[0])
    done = {clip: label for clip, label in CLIPS.items() if not clip.startswith("smic/s02")}
    failed = [{"fold": "smic/s02", "status": "diverged", "message": ""}]
    small_results.pooled(plan, plan.runs[0], done, folds_expected=8, failed=failed)
    small_results.finish(plan)
    command = ["archive", "--config", str(tmp_path / "b/config.yaml"), "--out", str(tmp_path / "b.zip"), "--incomplete"]
    assert cli.main(command) == 0
    assert merge(lab(tmp_path, "a"), tmp_path / "b.zip", out=tmp_path / "ab") == 0
    rows = {row["model"]: row for row in table(tmp_path / "ab")}
    assert (rows["ststnet"]["folds_done"], rows["ststnet"]["rank"], rows["ststnet"]["note"]) == ("7", "", "")


def test_tasks_of_one_name_are_the_same_task(tmp_path, capsys):
    def own(*emotions: str) -> dict[str, object]:
        labels = {name: name if name in emotions else emotions[0] for name in small_results.CLASSES}
        return {
            "tasks": [{"name": "mine", "datasets": ["smic"], "classes": list(emotions), "labels": {"smic": labels}}]
        }

    two = {clip: "negative" if label == "surprise" else label for clip, label in CLIPS.items()}
    a = lab(tmp_path, "a", **own("negative", "positive", "surprise"))
    b = lab(tmp_path, "b", two, **own("negative", "positive"))
    assert merge(a, b, out=tmp_path / "ab") == 2
    assert "the task mine has another 'classes' in" in capsys.readouterr().err
    assert not (tmp_path / "ab").exists()


def test_generated_data_never_stand_beside_real_ones(tmp_path, capsys):
    plan = small_results.configure(tmp_path / "b", models=["oracle"], seeds=[0])
    small_results.pooled(plan, plan.runs[0], origin="licensed")
    small_results.finish(plan)
    b = packed(tmp_path / "b/config.yaml", tmp_path / "b.zip", "b")
    assert merge(lab(tmp_path, "a"), b, out=tmp_path / "ab") == 2
    assert "figures of generated data do not stand beside those of real data" in capsys.readouterr().err


def test_archives_have_names_of_their_own(tmp_path, capsys):
    a = lab(tmp_path, "a")
    assert merge(a, a, out=tmp_path / "aa") == 2
    assert f"{a} and {a} are both called 'Lab a'; name them: Lab a-1={a}" in capsys.readouterr().err
    assert merge(a, out=tmp_path / "aa") == 2
    assert "a merge needs two archives or more" in capsys.readouterr().err
    assert merge(f"x,y={a}", a, out=tmp_path / "aa") == 2
    assert "with a name without commas" in capsys.readouterr().err
    assert merge(f"ours={a}", f"theirs={lab(tmp_path, 'b', models=['oracle'])}", out=tmp_path / "ab") == 0
    assert origins(tmp_path / "ab") == {"majority": "ours", "oracle": "theirs"}


def test_a_merge_can_be_packed_restored_and_merged_again(tmp_path, capsys):
    a, b, c = lab(tmp_path, "a"), lab(tmp_path, "b", models=["oracle"]), lab(tmp_path, "c", models=["ststnet"])
    assert merge(a, b, out=tmp_path / "ab.zip") == 0
    assert cli.main(["restore", "--no-report", str(tmp_path / "ab.zip"), "--out", str(tmp_path / "back")]) == 0
    assert origins(tmp_path / "back") == {"majority": "Lab a", "oracle": "Lab b"}
    assert merge(tmp_path / "ab.zip", c, out=tmp_path / "abc") == 0
    assert origins(tmp_path / "abc") == {"majority": "Lab a", "oracle": "Lab b", "ststnet": "Lab c"}
    kept = read_json(tmp_path / "abc/provenance.json")
    assert [archive["name"] for archive in kept["archives"]] == ["ab", "Lab c"]
    assert {run["model"]: run["origin_archive"] for run in kept["runs"]} == origins(tmp_path / "abc")
    assert all(len(archive["sha256"]) == 64 for archive in kept["archives"])


def test_an_archive_without_labels_is_not_merged(tmp_path, capsys):
    a = lab(tmp_path, "a")
    command = ["archive", "--config", str(tmp_path / "a/config.yaml"), "--out", str(tmp_path / "b.zip")]
    assert cli.main([*command, "--without-labels"]) == 0
    assert merge(a, tmp_path / "b.zip", out=tmp_path / "ab") == 2
    assert "was packed without labels" in capsys.readouterr().err
    assert not (tmp_path / "ab").exists()


def test_what_one_lab_lacks_another_may_have(tmp_path):
    config = {"models": ["majority"], "seeds": [0, 1]}
    plan = small_results.configure(tmp_path / "a", **config)
    small_results.pooled(plan, plan.runs[0])
    small_results.finish(plan)
    command = ["archive", "--config", str(tmp_path / "a/config.yaml"), "--out", str(tmp_path / "a.zip"), "--incomplete"]
    assert cli.main(command) == 0
    assert merge(tmp_path / "a.zip", lab(tmp_path, "b", models=["oracle"]), out=tmp_path / "ab") == 0
    page = (tmp_path / f"ab/tables/{TASK}.md").read_text()
    assert "INCOMPLETE: 1 run is missing" in page
    again = ["--config", str(tmp_path / "ab/config.json"), "--out", str(tmp_path / "again")]
    assert cli.main(["tables", TASK, *again]) == 0
    assert (tmp_path / "again.md").read_text() == page
    assert merge(tmp_path / "a.zip", lab(tmp_path, "d", models=["oracle"]), out=tmp_path / "ad.zip") == 0
    assert not opened.read(tmp_path / "ad.zip").manifest.complete
    assert merge(tmp_path / "a.zip", lab(tmp_path, "c", **config), out=tmp_path / "ac") == 0
    assert "INCOMPLETE" not in (tmp_path / f"ac/tables/{TASK}.md").read_text()


def test_ordinary_commands_work_on_a_merge(tmp_path, capsys):
    a, b = lab(tmp_path, "a", models=["ststnet"], seeds=[0, 1]), lab(tmp_path, "b", models=["off_apexnet"], seeds=[1])
    assert merge(a, b, out=tmp_path / "ab") == 0
    config = ["--config", str(tmp_path / "ab/config.json")]
    assert cli.main(["tables", TASK, *config, "--out", str(tmp_path / "table")]) == 0
    assert (tmp_path / "table.csv").read_bytes() == (tmp_path / f"ab/tables/{TASK}.csv").read_bytes()
    assert cli.main(["compare", f"{TASK}/ststnet/seed1", f"{TASK}/off_apexnet", "--json", *config]) == 0
    scores = tmp_path / "again.csv"
    assert cli.main(["score", "--task", TASK, "--join", *config, "--out", str(scores)]) == 0
    assert scores.read_bytes() == (tmp_path / f"ab/scores/{TASK}.csv").read_bytes()


def test_entries_of_one_name_may_differ_between_tasks(tmp_path):
    other = {"tasks": ["mine"], "models": [{"model": "majority", "name": "net"}]}
    task = {"name": "mine", "datasets": ["smic"], "classes": list(small_results.CLASSES),
            "labels": {"smic": {name: name for name in small_results.CLASSES}}}  # fmt: skip
    a = lab(tmp_path, "a", models=[{"model": "oracle", "name": "net"}])
    b = lab(tmp_path, "b", **{**other, "tasks": [task]})
    assert merge(a, b, out=tmp_path / "ab") == 0
    entries = {entry["name"]: entry for entry in read_json(tmp_path / "ab/config.json")["entries"]}
    assert {name: (entry["model"], entry["tasks"]) for name, entry in entries.items()} == {
        "net": ("oracle", [TASK]), "net-lab-b": ("majority", ["mine"]),
    }  # fmt: skip


def test_a_table_that_names_its_models_shows_all_rows_that_come_from_them(tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
        write_json(tmp_path / name / "mine.yaml", {
            "title": "Mine", "task": TASK, "parts": {"all": "All"}, "columns": [["all", "uar", "UAR"]],
            "models": ["ststnet"],
        })  # fmt: skip
    tables = [[str(tmp_path / name / "mine.yaml")] for name in "ab"]
    a = lab(tmp_path, "a", models=["ststnet", "majority"], tables=tables[0])
    b = lab(tmp_path, "b", models=[{"model": "ststnet", "epochs": 7}], tables=tables[1])
    assert merge(a, b, out=tmp_path / "ab.zip") == 0
    assert cli.main(["restore", "--no-report", str(tmp_path / "ab.zip"), "--out", str(tmp_path / "ab")]) == 0
    with open(tmp_path / "ab/tables/mine.csv") as handle:
        rows = [row["model"] for row in csv.DictReader(handle) if row["block"] != "published"]
    assert sorted(rows) == ["ststnet-lab-a", "ststnet-lab-b"]
    assert set(origins(tmp_path / "ab")) == {*rows, "majority"}, "each task has a table of all rows too"


def test_how_each_lab_selects_epochs_is_kept(tmp_path):
    a, b = lab(tmp_path, "a"), lab(tmp_path, "b", models=["ststnet"], selection="test_peek")
    assert merge(a, b, out=tmp_path / "ab.zip") == 0
    assert opened.read(tmp_path / "ab.zip").manifest.complete
    assert cli.main(["restore", "--no-report", str(tmp_path / "ab.zip"), "--out", str(tmp_path / "ab")]) == 0
    ranks = {(row["model"], row["selection"]): row["rank"] for row in table(tmp_path / "ab")}
    assert ranks == {("majority", "last"): "", ("ststnet", "last"): "1", ("ststnet", "test_peek"): ""}


def test_names_that_make_one_folder_are_refused(tmp_path, capsys):
    a, b = lab(tmp_path, "a", models=["ststnet"]), lab(tmp_path, "b", models=[{"model": "ststnet", "epochs": 7}])
    assert merge(f"Lab A={a}", f"lab-a={b}", out=tmp_path / "ab") == 2
    assert f"two rows of {TASK} would be called ststnet-lab-a" in capsys.readouterr().err


def test_the_audit_of_each_run_goes_with_it_to_its_row(tmp_path):
    plan = small_results.configure(tmp_path / "a", models=["majority"], seeds=[0])
    folder = small_results.pooled(plan, plan.runs[0])
    check = {"name": "truth", "verdict": "fail", "detail": "one is another"}
    write_json(folder / "audit.json", {"last": {"verdict": "fail", "checks": [check]}})
    small_results.finish(plan)
    a = packed(tmp_path / "a/config.yaml", tmp_path / "a.zip", "a")
    assert merge(a, lab(tmp_path, "b", models=["oracle"]), out=tmp_path / "ab") == 0
    verdicts = {row["model"]: (row["audit"], row["audit_failed"]) for row in table(tmp_path / "ab")}
    assert verdicts == {"majority": ("fail", "truth"), "oracle": ("", "")}
    page = (tmp_path / f"ab/tables/{TASK}.md").read_text()
    assert "| fail | Lab a |" in page
    assert "|  | Lab b |" in page
    (kept,) = read_json(tmp_path / f"ab/audit/{TASK}.json")
    assert (kept["model"], kept["verdict"], kept["checks"]) == ("majority", "fail", [check])


def test_a_table_is_the_same_in_both(tmp_path, capsys):
    for name, title in (("a", "Mine"), ("b", "Another")):
        (tmp_path / name).mkdir()
        write_json(tmp_path / name / "mine.yaml", {"title": title, "task": TASK, "parts": {"all": "All"},
                                                   "columns": [["all", "uar", "UAR"]]})  # fmt: skip
    a, b = (lab(tmp_path, name, tables=[str(tmp_path / name / "mine.yaml")]) for name in "ab")
    assert merge(a, b, out=tmp_path / "ab") == 2
    assert "the table mine of" in capsys.readouterr().err
