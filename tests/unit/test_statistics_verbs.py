"""The verbs intervals, compare and power, as others script against them, and what they say of bad files."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import fake_results
import fake_spotting
import numpy as np
import pytest
import small_results

from mebench import cli
from mebench.files import read_csv
from mebench.statistics import power

HERE = Path(__file__).parent
LOGS, FOLDS = HERE / "published_logs.csv", HERE.parents[1] / "docs/megc2019-flow-folds.csv"
HTNET, RESNET = (f"{FOLDS}::run={run},epochs=last" for run in ("htnet", "resnet18-28"))
COMPARED = {"a", "b", "difference", "low", "high", "p_permutation", "p_mcnemar", "probability_a_better"}
HEADER = "clip_id,subject,truth,prediction"


def said(capsys, *arguments: object) -> dict:
    assert cli.main([*map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def predictions(path: Path, wrong: int, header: str = HEADER, more: str = "") -> Path:
    """Predictions of 24 clips of 6 subjects of two datasets; every ``wrong``-th is wrong."""
    rows = []
    for k in range(24):
        dataset, subject, truth = (
            ("casme2", f"sub0{k % 3 + 1}") if k % 2 else ("smic", f"s0{k % 3 + 1}"),
            "",
            "ab"[k % 4 > 1],
        )
        (dataset, subject) = dataset
        called = truth if k % wrong else "ba"["ba".index(truth) - 1]
        rows.append(f"{dataset}/{subject}/c{k},{dataset}/{subject},{truth},{called}{more}")
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_intervals_of_counts(capsys):
    found = said(capsys, "intervals", HTNET)
    assert (found["clips"], found["subjects"], found["seeds"]) == (442, 68, ["0"])
    uf1 = found["uf1"]
    assert {"low", "high", "level", "resamples", "unit"} <= set(uf1)
    assert (uf1["low"], uf1["high"]) == pytest.approx((0.650, 0.779), abs=0.005)
    assert (uf1["level"], uf1["resamples"], uf1["unit"]) == (0.95, 9999, "subject")
    assert {"uar", "accuracy", "weighted_f1", "precision:positive", "recall:surprise"} <= set(found)
    assert set(found["parts"]) == {"smic", "casme2", "samm"}
    assert found["parts"]["smic"]["uf1"]["value"] == pytest.approx(0.6663, abs=5e-5)
    cli.main(["intervals", HTNET])
    text = capsys.readouterr().out
    assert "UF1                0.7145  0.649 to 0.781" in text
    assert "smic: 164 clips, 16 subjects, 1 seed" in text


def test_intervals_of_predictions_with_seeds(tmp_path, capsys):
    first = predictions(tmp_path / "a.csv", 5, f"{HEADER},seed", ",1").read_text()
    second = predictions(tmp_path / "b.csv", 7, f"{HEADER},seed", ",0").read_text().split("\n", 1)[1]
    (tmp_path / "both.csv").write_text(first + second)
    found = said(capsys, "intervals", tmp_path / "both.csv")
    assert found["seeds"] == ["0", "1"]
    assert found["accuracy"]["value"] == pytest.approx((19 / 24 + 20 / 24) / 2)
    assert found["accuracy"]["spread_seeds"] == pytest.approx(1 / 24 / 2**0.5)
    assert (set(found["parts"]), found["subjects"]) == ({"casme2", "smic"}, 6)


def test_a_matrix_alone_has_figures_and_no_intervals(tmp_path, capsys):
    path = tmp_path / "matrix.csv"
    path.write_text("truth,negative,positive,surprise\nnegative,219,22,9\npositive,40,62,7\nsurprise,21,3,59\n")
    found = said(capsys, "intervals", path)
    assert round(found["uar"]["value"], 4) == 0.7186
    assert (found["uar"]["low"], found["uar"]["unit"], found["subjects"]) == (None, None, None)
    cli.main(["intervals", str(path)])
    assert "There are no intervals" in capsys.readouterr().out
    beside = said(capsys, "compare", path, f"{LOGS}::run=ststnet")
    assert beside["difference"] == 0
    assert [beside[key] for key in ("low", "high", "p_permutation", "p_mcnemar", "probability_a_better")] == [None] * 5
    cli.main(["compare", str(path), str(path)])
    assert "There is no interval and no test" in capsys.readouterr().out


def test_a_row_of_counts_against_predictions_of_the_same_clips(tmp_path, capsys):
    rows, path = [HEADER], tmp_path / "log.csv"
    for line in [row for row in read_csv(LOGS) if row["run"] == "ststnet"]:
        for name in ("negative", "positive", "surprise"):
            own = (f"{line['subject']}/{line['truth']}-{name}-{k}" for k in range(int(line[name])))
            rows += [f"{clip},{line['subject']},{line['truth']},{name}" for clip in own]
    path.write_text("\n".join(rows) + "\n")
    found = said(capsys, "compare", f"{LOGS}::run=ststnet", path)
    assert set(found) >= COMPARED
    assert [found[key] for key in ("difference", "low", "high", "probability_a_better")] == [0] * 4
    assert (found["p_permutation"], found["p_mcnemar"], found["unit"]) == (1, None, "subject")
    assert round(found["a"], 4) == 0.7353


def test_compare_counts_and_predictions(tmp_path, capsys):
    found = said(capsys, "compare", HTNET, RESNET)
    assert set(found) >= COMPARED
    assert found["p_mcnemar"] is None
    assert found["difference"] == pytest.approx(found["a"] - found["b"])
    a, b = predictions(tmp_path / "a.csv", 12), predictions(tmp_path / "b.csv", 3)
    found = said(capsys, "compare", a, b, "--metric", "accuracy")
    assert (found["a"], found["b"]) == pytest.approx((22 / 24, 16 / 24))
    assert found["p_mcnemar"] == pytest.approx(2 * (1 / 2**6)), "6 clips are right for A alone, none for B alone"
    assert found["exact"]
    cli.main(["compare", str(a), str(b)])
    text = capsys.readouterr().out
    assert "A - B of uf1: +" in text
    assert "all exchanges: p = " in text


def test_subjects_and_clips_are_known_by_any_spelling(tmp_path, capsys):
    a = predictions(tmp_path / "a.csv", 5)
    b = tmp_path / "b.csv"
    rows = [line.split(",") for line in a.read_text().splitlines()[1:]]
    names = {"casme2": "CASME II", "smic": "SMIC-HS"}
    lines = []
    for clip, subject, truth, called in reversed(rows):
        dataset, name = subject.split("/")
        lines.append(
            f"{clip.replace('casme2', 'CASME II')};{names[dataset]};{int(name.strip('sub'))};{truth.upper()};{called}"
        )
    b.write_text("clip_id;dataset;subject;truth;prediction\n" + "\n".join(lines))
    assert said(capsys, "compare", a, b)["difference"] == 0


@pytest.fixture
def runs(tmp_path, monkeypatch) -> Path:
    """A folder with a configuration and the results of its runs."""
    fake_results.fill(tmp_path / "results")
    models = "models: [ststnet, {name: other, model: ststnet}, majority]"
    datasets = "datasets: {casme2: {source: synthetic}, samm: {source: synthetic}, smic: {source: synthetic}}"
    (tmp_path / "config.yaml").write_text(
        f"{datasets}\ntasks: [megc2019]\n{models}\nseeds: [0, 1]\nselection: test_peek\n"
    )
    monkeypatch.chdir(tmp_path)
    for seed in (0, 1):
        fake_results.run(tmp_path / "results", "off_apexnet", seed, wrong=4 + seed, origin="synthetic")
    (tmp_path / "results/runs/megc2019/off_apexnet").rename(tmp_path / "results/runs/megc2019/other")
    return tmp_path


def test_runs_are_named(runs, capsys, monkeypatch):
    found = said(capsys, "intervals", "megc2019/ststnet")
    assert (found["seeds"], found["clips"]) == (["0", "1"], 20)
    one = said(capsys, "intervals", "megc2019/ststnet/seed1")
    assert one["seeds"] == ["1"]
    peeked = said(capsys, "intervals", "megc2019/ststnet::selection=test_peek")
    assert peeked["uf1"]["value"] > found["uf1"]["value"]
    assert set(said(capsys, "compare", "megc2019/ststnet", "megc2019/other")) >= COMPARED
    monkeypatch.setattr(power, "STUDIES", 20)
    monkeypatch.setattr(power, "EXCHANGES", 99)
    # five subjects can be exchanged in 32 ways, so that no p-value is below 2/32
    assert "cannot be so far apart that a test would show it" in sentence(capsys, "power", "megc2019")


def test_power_of_files(tmp_path, capsys, monkeypatch):
    """Two seeds of two models on 48 clips of 12 subjects."""
    monkeypatch.setattr(power, "STUDIES", 20)
    monkeypatch.setattr(power, "EXCHANGES", 99)
    random, files = np.random.default_rng(0), []
    for model in ("one", "other"):
        rows = []
        for seed, k in itertools.product((0, 1), range(48)):
            subject, wrong = f"smic/s{k % 12:02}", random.random() < 0.3
            rows.append(f"{subject}/c{k},{subject},{'ab'[k % 2]},{'ab'[(k + wrong) % 2]},{seed}")
        files.append(tmp_path / f"{model}.csv")
        files[-1].write_text("\n".join([f"{HEADER},seed", *rows]) + "\n")
    found = said(capsys, "power", "t", "--results", *files)
    assert [row["seeds"] for row in found["detectable"]] == [1, 2]
    assert (found["subjects"], found["clips"], found["detectable"][0]["pairs"]) == (12, 48, 1)
    assert cli.main(["power", "t", "--seeds", "2", "--results", *map(str, files)]) == 0
    assert "a power of 80%" in capsys.readouterr().out


def sentence(capsys, *arguments: object) -> str:
    assert cli.main([*map(str, arguments)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    return captured.err


def test_runs_that_are_not_there(runs, capsys):
    assert "did you mean 'megc2019/ststnet/seed0'" in sentence(capsys, "intervals", "megc2019/stsnet")
    assert "no file nothing, and a run is called" in sentence(capsys, "intervals", "nothing")
    assert "asks for what runs do not have" in sentence(capsys, "intervals", "megc2019/ststnet::selection=best")
    (runs / "results/runs/megc2019/other/seed1/predictions.csv").unlink()
    assert "megc2019/other has no results/runs/" in sentence(capsys, "compare", "megc2019/ststnet", "megc2019/other")


@pytest.mark.parametrize(
    ("content", "choice", "expected"),
    [
        (None, "", "cannot read"),
        ("truth,x\na,1\n", "", "has neither a column prediction nor"),
        ("subject,truth,a,b\ns,a,1,2\ns,c,1,2\n", "", "line 3 has the truth 'c', which has no column"),
        ("subject,truth,a,b\ns,a,1,2\ns,b,x,2\n", "", "line 3 has a: 'x', which is no number of clips"),
        ("subject,truth,a,b\ns,a,1,2\ns,a,1,2\n", "", "line 3 counts s a twice, as"),
        ("run,subject,truth,a,b\nx,s,a,1,2\ny,s,a,1,2\n", "", "column run has several values (x, y): choose one, as"),
        ("run,subject,truth,a,b\nx,s,a,1,2\n", "::run=y", "has no row with run=y (known: x)"),
        ("run,subject,truth,a,b\nx,s,a,1,2\n", "::rum=x", "has no column rum (did you mean 'run'?)"),
        ("run,subject,truth,a,b\nx,s,a,1,2\n", "::run", "write each column once, as"),
        ("seed,subject,truth,a,b\n0,s,a,1,2\n1,s,a,1,3\n", "", "every seed needs the same clips"),
        ("subject,truth,a,b\ns,a,0,0\n", "", "counts no clip"),
        (f"{HEADER}\nx,s,a,a\nx,s,a,a\n", "", "has the clip x twice"),
        (f"{HEADER}\nx,,a,a\n", "", "line 2 has no subject; fill it in"),
        (f"{HEADER},seed\nx,s,a,a,0\nx,s,a,a,1\ny,s,a,a,1\n", "", "the clip y with seed 1 and not with seed 0"),
        (f"{HEADER},seed\nx,s,a,a,0\nx,s,b,b,1\n", "", "as a of s with seed 0 and b of s with seed 1; mend"),
    ],
)  # fmt: skip
def test_a_bad_file_is_one_sentence(tmp_path, capsys, content, choice, expected):
    path = tmp_path / "given.csv"
    if content is not None:
        path.write_text(content)
    assert expected in sentence(capsys, "intervals", f"{path}{choice}")


def test_bad_arguments_are_one_sentence(tmp_path, capsys):
    a = predictions(tmp_path / "a.csv", 5)
    other = tmp_path / "other.csv"
    other.write_text(a.read_text().replace("/c23,", "/c99,"))
    assert "c23 is in" in sentence(capsys, "compare", a, other)
    other.write_text(a.read_text().replace("/c23,casme2/sub03,b,", "/c23,casme2/sub03,a,"))
    assert "/c23 has the truth b in" in sentence(capsys, "compare", a, other)
    assert "which is no class of this task" in sentence(capsys, "intervals", a, "--classes", "a,c")
    assert "between 0 and 1" in sentence(capsys, "intervals", a, "--level", "95")
    assert "--region is 2" in sentence(capsys, "compare", a, a, "--region", "2")
    assert "power needs two" in sentence(capsys, "power", "t", "--results", a)
    assert "--seeds is 0" in sentence(capsys, "power", "t", "--results", a, a, "--seeds", "0")
    assert "there is no metric 'f2'" in sentence(capsys, "compare", a, a, "--metric", "f2")


# --- runs that spot


@pytest.fixture
def spotters(tmp_path, monkeypatch):
    """A folder with a configuration of two models that spot, and one of clips, with their runs."""
    monkeypatch.chdir(tmp_path)
    models = [{"model": "me_tst", "name": name, "tasks": ["tiny-spotting"]} for name in ("sharp", "flat")]
    config = {"tasks": [fake_spotting.TASK | {"title": "Tiny"}, small_results.TASK],
              "datasets": {"samm_long": {"source": "synthetic"}, "smic": {"source": "synthetic"}}}  # fmt: skip
    clips = [{"model": "ststnet", "tasks": [small_results.TASK]}]
    plan = small_results.configure(tmp_path, **config, models=[*models, *clips], seeds=[0])
    folders = [fake_spotting.run(tmp_path / "results", name, name, bumps)
               for name, bumps in (("sharp", fake_spotting.SHARP), ("flat", fake_spotting.FLAT))]  # fmt: skip
    fake_spotting.score(tmp_path / "results", folders)
    (of_clips,) = (run for run in plan.runs if run.model == "ststnet")
    small_results.pooled(plan, of_clips)
    return tmp_path


def test_runs_that_spot_have_intervals_and_are_compared(spotters, capsys):
    found = said(capsys, "intervals", "tiny-spotting/sharp")
    assert (found["expressions"], found["subjects"], found["seeds"]) == (5, 2, ["0"])
    assert found["f1_spotting"]["low"] <= found["f1_spotting"]["value"] <= found["f1_spotting"]["high"]
    assert {"strs", "ap", "recall"} <= set(found)
    compared = said(capsys, "compare", "tiny-spotting/sharp", "tiny-spotting/flat/seed0", "--metric", "ap")
    assert set(compared) >= COMPARED
    assert compared["difference"] == pytest.approx(found["ap"]["value"] - compared["b"])
    assert compared["p_mcnemar"] is None
    assert cli.main(["intervals", "tiny-spotting/sharp"]) in (0, None)
    assert "all: 5 expressions, 2 subjects, 1 seed" in capsys.readouterr().out


def test_without_a_metric_runs_that_spot_are_compared_by_what_both_have(spotters, capsys):
    assert said(capsys, "compare", "tiny-spotting/sharp", "tiny-spotting/flat")["metric"] in ("strs", "f1_spotting")


@pytest.mark.parametrize("metric", [[], ["--metric", "uf1"]])
def test_what_is_counted_otherwise_is_not_compared(spotters, capsys, metric):
    assert cli.main(["compare", "tiny-spotting/sharp", f"{small_results.TASK}/ststnet", *metric]) == 2
    told = capsys.readouterr().err
    assert "tiny-spotting/sharp of expressions and smic-3/ststnet of clips cannot be compared" in told


def test_power_says_that_it_is_not_of_spotting(spotters, capsys):
    assert cli.main(["power", "tiny-spotting"]) == 2
    assert "there is no power of spotting" in capsys.readouterr().err
