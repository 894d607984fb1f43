"""``mebench explain``: Snakemake's reasons in plain words, and why folds hold or not."""

from __future__ import annotations

import copy
import os
from dataclasses import replace

import pytest
from runs_on_disk import SUBJECTS, TASK, Bench
from snakemake.jobs import Reason
from snakemake.persistence import ParamsChange

from mebench import cli
from mebench.errors import UserError
from mebench.files import canonical_json, read_json, write_json
from mebench.report import partial
from mebench.runs import reasons
from mebench.runs.fingerprint import fingerprint, parts_of
from mebench.runs.records import FoldRecord
from mebench.watch import dryrun, incomplete

RUN = f"{TASK}/ststnet/seed0"


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bench = Bench(tmp_path)
    bench.data()
    return bench


@pytest.fixture
def explain(bench, monkeypatch, capsys):
    """The sentences of ``mebench explain``, with a dry run that prints ``text``."""

    def run(*arguments: str, text: str = "Nothing to be done\n") -> list[str]:
        monkeypatch.setattr(dryrun, "output", lambda target, more: text)
        capsys.readouterr()
        assert cli.main(["explain", *arguments]) == 0
        return capsys.readouterr().out.splitlines()

    return run


# --- the engine's view -----------------------------------------------------------------------------------------------


def test_the_parts_make_the_fingerprint(toy, tmp_path):
    """Also with a file of weights."""
    for entry in ("ststnet", {"model": "slstt", "size": "small", "pretrained": str(tmp_path / "w.pth")}):
        (tmp_path / "w.pth").write_bytes(b"weights")
        spec = toy.spec(entry)
        parts = parts_of(spec, "abc", "casme2/s00")
        assert len(parts.weights) == (entry != "ststnet")
        assert parts.fingerprint(canonical_json(spec)) == fingerprint(spec, "abc", "casme2/s00")
        assert parts_of(spec, "abc", "").for_fold("casme2/s00") == parts


def test_all_folds_hold(bench, explain):
    for fold in SUBJECTS:
        bench.fold(fold)
    lines = explain(RUN)
    assert lines[0] == f"Snakemake would run nothing: results/runs/{RUN}/run.json is there and up to date."
    assert lines[2:] == [
        f"Folds of {RUN}:",
        "  4 of 4 hold, made from the configuration, data and source as they are now",
    ]


def test_a_changed_learning_rate_is_named_with_both_values(bench, explain):
    bench.configure(lr=0.001)
    bench.fold(SUBJECTS[0])
    bench.configure(lr=0.0005)
    assert explain(RUN)[3:] == [
        "  0 of 4 hold, made from the configuration, data and source as they are now",
        f"  1 fold ({SUBJECTS[0]}): recipe.lr: 0.001 -> 0.0005",
        f"  3 folds ({', '.join(SUBJECTS[1:])}): never trained, or left unfinished",
    ]


def test_changed_data_are_told_from_a_changed_configuration(bench, explain):
    bench.fold(SUBJECTS[0])
    bench.data(seed=1)
    line = f"  1 fold ({SUBJECTS[0]}): the data changed: clips, their labels, or the arrays of the inputs"
    assert line in explain(RUN)


@pytest.mark.parametrize(("part", "words"), [
    ("model", "what the code of the model ststnet does changed"),
    ("engine", "what the code of training, protocol, metrics or the kind of task does changed"),
    ("weights", "the files of weights that the model begins with changed"),
])  # fmt: skip
def test_the_part_of_the_fingerprint_that_differs_is_named(toy, part, words):
    spec = toy.spec()
    then = parts_of(spec, "abc", "casme2/s00")
    now = replace(then, **{part: ["x"] if part == "weights" else "x"})
    record = FoldRecord(then.fold, then.fingerprint(canonical_json(spec)), "done", "", spec=spec,
                        made_from=then.as_json())  # fmt: skip
    assert reasons.changes(record, spec, then) == []
    (sentence,) = reasons.changes(record, spec, now)
    assert sentence.startswith(words)


def test_a_record_without_parts_says_that_it_cannot_tell(bench, explain):
    path = bench.fold(SUBJECTS[0]) / "fold.json"
    record = read_json(path)
    del record["made_from"]
    write_json(path, record)
    assert "  4 of 4 hold" not in explain(RUN)[3]
    assert explain(RUN)[3].startswith("  1 of 4 hold")
    bench.data(seed=1)
    assert any("keeps no parts of the fingerprint" in line and "whether the data," in line for line in explain(RUN))


def test_failed_damaged_and_running_folds(bench, explain):
    bench.fold(SUBJECTS[0], "timeout")
    bench.fold(SUBJECTS[1], "diverged")
    (bench.fold(SUBJECTS[2]) / "predictions.csv").write_text("half")
    bench.lock(SUBJECTS[3], node="gpu07")
    assert explain(RUN)[3:] == [
        "  1 of 4 hold, made from the configuration, data and source as they are now",
        f"  1 fold ({SUBJECTS[0]}): timeout: it went wrong; a job of the run tries again when one starts, but "
        "Snakemake starts none for that alone: mebench failures has the command",
        f"  1 fold ({SUBJECTS[2]}): damaged: its files are not those that it was written with",
        f"  1 fold ({SUBJECTS[3]}): being trained now, on gpu07",
    ]


def test_without_inputs_only_the_configuration_is_compared(bench, explain):
    bench.fold(SUBJECTS[0])
    bench.configure(epochs=20)
    (bench.root / "results/inputs/flow_images/apex_flow-28/meta.json").unlink()
    assert explain(RUN)[3:] == [
        "  which of them hold cannot be said before results/inputs/flow_images/apex_flow-28/meta.json is made",
        f"  1 fold ({SUBJECTS[0]}): recipe.epochs: 10 -> 20",
    ]


def test_differences_of_nested_mappings():
    old = {"a": {"x": 1, "y": [1, 2], "gone": "z"}, "b": None}
    new = copy.deepcopy(old) | {"c": 0.5}
    new["a"] |= {"y": [1, 3]}
    del new["a"]["gone"]
    assert reasons.differences(old, new) == [
        ("a.y", "[1, 2]", "[1, 3]"),
        ("a.gone", "z", "(none)"),
        ("c", "(none)", "0.5"),
    ]
    assert reasons.shown("x" * 61) == "x" * 57 + "..."


# --- Snakemake's view ------------------------------------------------------------------------------------------------


def job(rule: str, output: str, reason: str, wildcards: str = "") -> str:
    """A job as a dry run prints it."""
    return f"""
[Sat Nov 21 09:38:20 2026]
rule {rule}:
    input: results/datasets/flow_images/clips.csv
    output: {output}
    jobid: 5
    reason: {reason}
    wildcards: {wildcards}
    resources: tmpdir=<TBD>
Shell command: mebench {rule}
"""


def changed(before: str, now: str) -> str:
    begin = "Params have changed since last execution: Union of exclusive params before and now across all output:"
    return f"{begin} before: {before} now: {now} "


def test_reasons_in_plain_words():
    told = {
        "Missing output files: a.csv, b.csv, c.csv": ["a.csv and 2 more are missing"],
        "Updated input files: x.csv; Code has changed since last execution": [
            "x.csv is newer than what was made from it", "the command of the rule changed",
        ],
        "Input files updated by another job: y.csv": [],
        "Set of input files has changed since last execution": ["it is made from other files than before"],
        "Software environment definition has changed since last execution": ["the rule's environment file changed"],
        "Incomplete output files: z": ["z is left half-written by a job that died"],
        "Forced execution": ["it is forced by the command line"],
        "Something new in Snakemake": ["Something new in Snakemake"],
        changed("'0123456789abcdef'", "'fedcba9876543210'"): ["the source of the code behind it changed"],
        changed("'--apex','mid'", "<nothing exclusive>"): ["an argument changed: --apex mid -> (none)"],
        changed("what nobody can read", "'x'"): ["its parameters changed"],
    }  # fmt: skip
    for reason, sentences in told.items():
        (found,) = dryrun.parse(job("rule_x", "out.csv", reason))
        assert found.reasons == sentences, reason
        assert found.follows == (not sentences)


def test_a_changed_spec_is_compared_key_by_key(bench):
    before = bench.plan.run(TASK, "ststnet", 0).parameter
    bench.configure(lr=0.5, optimizer="sgd")
    now = bench.plan.run(TASK, "ststnet", 0).parameter
    reason = changed(f"{before!r},'{'0' * 32}'", f"{now!r},'{'1' * 32}'") + "; Code has changed since last execution"
    (found,) = dryrun.parse(job("train", "x.json", reason, "task=a, model=b, seed=0, scatteritem=1-of-2"))
    assert found.reasons == [
        "recipe.lr: 5e-05 -> 0.5", "recipe.optimizer: adam -> sgd",
        "the source of the code behind it changed", "the command of the rule changed",
    ]  # fmt: skip
    assert (found.runs, found.wildcards["scatteritem"]) == ("a/b/seed0", "1-of-2")


def test_what_starts_it_stands_before_what_follows(explain):
    wildcards = f"task={TASK}, model=ststnet"
    text = job("scores", "results/scores/x.csv", "Input files updated by another job: ststnet.json", f"task={TASK}")
    text += job("train", "1-of-1.json", "Missing output files: 1-of-1.json", f"{wildcards}, scatteritem=1-of-1")
    text += job("score", "ststnet.json", "Input files updated by another job: 1-of-1.json", wildcards)
    assert explain("results/scores/x.csv", text=text)[:6] == [
        "Snakemake would run 3 jobs for results/scores/x.csv. What starts it:",
        f"  train {TASK}/ststnet 1-of-1: 1-of-1.json is missing",
        "  what is made from those follows: 1 scores, 1 score",
        "",
        f"Folds of {RUN}, {TASK}/ststnet/seed1:",
        "  0 of 4 hold, made from the configuration, data and source as they are now",
    ]


def test_equal_runs_are_told_once(bench, explain):
    names = [f"{TASK}/ststnet/seed{seed}" for seed in (0, 1)]
    text = job("train", "x.json", "Missing output files: x.json", f"task={TASK}, model=ststnet, scatteritem=1-of-1")
    lines = explain("results/report.html", text=text)
    assert f"Folds of {', '.join(names)}:" in lines
    assert len([line for line in lines if line.startswith("Folds of")]) == 1


@pytest.mark.parametrize("target", [RUN, f"results/runs/{RUN}", f"results/runs/{RUN}/", f"results/runs/{RUN}/run.json"])
def test_a_run_has_several_names(explain, target):
    assert f"Folds of {RUN}:" in explain(target)


def test_a_misspelt_run_is_told_its_nearest_name(bench, capsys):
    assert cli.main(["explain", f"{TASK}/stsnet/seed0"]) == 2
    assert f"(did you mean '{RUN}'?)" in capsys.readouterr().err


SNAKEFILE = """
rule all:
    input: "b.txt"

rule a:
    output: "a.txt"
    shell: "echo > {output}"

rule b:
    input: "a.txt"
    output: "b.txt"
    shell: "cat {input} > {output}"
"""


def test_the_installed_snakemake_prints_what_is_parsed_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    assert {(job.rule, job.output, *job.reasons) for job in dryrun.jobs("b.txt", ["--quiet", "host"])} == {
        ("a", "a.txt", "a.txt is missing"),
        ("b", "b.txt", "b.txt is missing"),
    }
    with pytest.raises(UserError, match=r"^snakemake cannot plan c.txt: No rule to produce c.txt"):
        dryrun.jobs("c.txt")


def test_the_installed_snakemake_words_its_reasons_as_expected_here():
    reason = Reason()
    reason.updated_input.update({"new.csv", "made.csv"})
    reason.updated_input_run.add("made.csv")
    reason.code_changed = reason.input_changed = reason.software_stack_changed = True
    specs = (canonical_json({"recipe": {"lr": lr}}) for lr in (0.1, 0.2))
    old, new = ({repr(spec), repr(source * 16)} for spec, source in zip(specs, "ab", strict=True))
    reason.params_changed = ParamsChange(only_old=old, only_new=new, files={"x"})
    (found,) = dryrun.parse(job("train", "x", str(reason)))
    assert found.reasons == [
        "new.csv is newer than what was made from it",
        "it is made from other files than before",
        "the command of the rule changed",
        "recipe.lr: 0.1 -> 0.2",
        "the source of the code behind it changed",
        "the rule's environment file changed",
    ]
    forced = Reason()
    forced.forced = True
    assert dryrun.parse(job("train", "x", str(forced)))[0].reasons == ["it is forced by the command line"]


def test_a_file_of_what_was_there_after_a_failure_says_what_was_missing(bench, explain):
    page = bench.root / "results/report.html"
    partial.note(bench.root / "results", "dataset mmew: the source is not there")
    page.write_text("incomplete")
    text = job("report", "results/report.html", "Updated input files: x.csv")
    os.utime(page, (incomplete.OLD, incomplete.OLD))
    lines = explain("results/report.html", text=text)
    assert lines[0].startswith("results/report.html is incomplete: it was made of what was there")
    assert lines[1:3] == ["What was missing (results/partial/missing.txt):", "  dataset mmew: the source is not there"]
    assert lines[4].startswith("Snakemake would run 1 job for results/report.html")
    os.utime(page)
    assert explain("results/report.html", text=text)[0].startswith("Snakemake would run 1 job")


def test_a_file_of_the_partial_results_is_made_by_no_rule(bench, explain):
    partial.note(bench.root / "results", "plot x: it cannot be drawn")
    (bench.root / "results/partial/report.html").write_text("incomplete")
    lines = explain("results/partial/report.html")
    assert lines[0].endswith("`mebench partial` made it of what was there; no rule makes it.")
    assert "  plot x: it cannot be drawn" in lines
    assert not any("Snakemake" in line for line in lines)


def test_without_a_snakefile_there_is_nothing_to_explain(bench, capsys):
    assert cli.main(["explain", RUN]) == 2
    assert "there is no Snakefile here" in capsys.readouterr().err


def test_further_arguments_reach_snakemake(bench, monkeypatch):
    seen = []
    monkeypatch.setattr(dryrun, "output", lambda target, more: seen.append(more) or "")
    (bench.root / "mine.yaml").write_text((bench.root / "config.yaml").read_text())
    more = '--workflow-profile "my slurm" -q'
    assert cli.main(["explain", RUN, "--config", "mine.yaml", f"--snakemake={more}"]) == 0
    assert seen == [["--configfile", "mine.yaml", "--workflow-profile", "my slurm", "-q"]]
