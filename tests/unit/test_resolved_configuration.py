"""results/config.json: the configuration, resolved, as commands read it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mebench import cli
from mebench.config.loading import load_config
from mebench.errors import UserError
from mebench.files import write_json
from mebench.plan import Plan
from mebench.plan.runs import spec_digest
from mebench.verbs.train import run_names

PROJECT = Path(__file__).parents[2]
CONFIG = {
    "datasets": {"smic": {"source": "synthetic", "subjects": 3}},
    "tasks": ["smic-3", {"name": "mine", "datasets": ["smic"], "classes": ["a", "b"],
                         "labels": {"smic": {"positive": "a", "negative": "b"}}}],
    "models": [{"model": "ststnet", "preset": "small", "lr": 0.003}, "majority", {"name": "z", "model": "hsta"}],
    "seeds": [2, 0],
}  # fmt: skip


def written(folder: Path, **changes) -> Path:
    path = folder / "config.json"
    write_json(path, Plan(CONFIG | changes).configuration.document())
    return path


def test_the_plan_of_the_file_is_that_of_the_configuration(tmp_path):
    before, after = Plan(CONFIG), Plan.load(written(tmp_path))
    assert [(run.id, run.parameter, run.entry, run.datasets) for run in before.runs] == [
        (run.id, run.parameter, run.entry, run.datasets) for run in after.runs
    ]
    assert before.config_json == after.config_json
    assert before.own_tasks == after.own_tasks
    assert before.shown == after.shown
    assert [before.paths.inputs(run) for run in before.runs] == [after.paths.inputs(run) for run in after.runs]


@pytest.mark.parametrize("name", ["config.yaml", "config.long-tour.yaml", "paper.yaml", "config.msmmt-ablations.yaml"])
def test_the_specs_of_the_shipped_configurations_are_the_same_from_the_file(name, tmp_path, monkeypatch):
    monkeypatch.setenv("MEBENCH_DATA", "/data")
    monkeypatch.chdir(PROJECT)
    plan = Plan.load(name)
    write_json(tmp_path / "config.json", plan.configuration.document())
    assert [run.parameter for run in Plan.load(tmp_path / "config.json").runs] == [run.parameter for run in plan.runs]


def test_it_is_the_same_file_for_the_same_configuration(tmp_path):
    (tmp_path / "a").mkdir()
    turned = dict(reversed(CONFIG.items()))
    assert written(tmp_path).read_bytes() == written(tmp_path / "a", **turned).read_bytes()


def test_reading_it_needs_no_library(tmp_path):
    path = written(tmp_path)
    code = (
        "import sys\nfor name in ('yaml', 'fastjsonschema', 'jinja2', 'numpy', 'requests', 'snakemake', 'torch'):\n"
        "    sys.modules[name] = None\n"
        "from mebench.plan import Plan\nfrom mebench import cli\n"
        "args = cli.parser().parse_args(sys.argv[2:])\n"
        "from mebench.verbs.train import named_runs\n"
        "print(*[files.run for files in named_runs(args)])"
    )
    command = [sys.executable, "-c", code, "", "train", "--run", "smic-3/ststnet", "--seeds", "0,2"]
    done = subprocess.run([*command, "--config", str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [f"results/runs/smic-3/ststnet/seed{seed}" for seed in (0, 2)]


def test_a_file_of_another_version_is_one_sentence(tmp_path):
    path = written(tmp_path)
    path.write_text(path.read_text().replace("mebench configuration 1", "mebench configuration 0"))
    with pytest.raises(UserError, match="has the format 'mebench configuration 0', but this mebench reads"):
        Plan.load(path)


def test_a_configuration_that_a_person_wrote_as_json_is_checked(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(CONFIG))
    assert load_config(path)["selection"] == "last"
    path.write_text(json.dumps({"sedes": [0]}))
    with pytest.raises(UserError, match="unknown key 'sedes' \\(did you mean 'seeds'"):
        Plan.load(path)


@pytest.mark.parametrize(
    ("name", "seeds", "names"),
    [("t/m", "0", ["t/m/seed0"]), ("t/m", "2,0", ["t/m/seed2", "t/m/seed0"]), ("t/m/seed3", None, ["t/m/seed3"])],
)
def test_runs_are_named_with_their_seeds(name, seeds, names):
    assert run_names(name, seeds) == names


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["smic-3/ststnet"], "--run smic-3/ststnet lacks a seed; write smic-3/ststnet/seed0, or add --seeds 0,1"),
        (["smic-3/ststnet/seed0", "--seeds", "0"], "has a seed already; leave out --seeds"),
        (["smic-3/ststnet", "--seeds", "0,0"], "--seeds is '0,0'; write whole numbers, each once"),
        (["smic-3/ststnet", "--seeds", "all"], "--seeds is 'all'"),
        (["smic-3/ststnet", "--seeds", "1"], "the configuration has no run 'smic-3/ststnet/seed1'"),
        (["smic-3/ststnet", "--seeds", "0", "--spec-digest", "0" * 16], "has changed since this command was written"),
    ],
)
def test_a_wrong_name_is_one_sentence(arguments, sentence, tmp_path, capsys):
    assert cli.main(["train", "--config", str(written(tmp_path)), "--run", *arguments]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert "Traceback" not in said


def test_the_digest_is_that_of_the_specs_and_sees_each_of_them():
    runs = Plan(CONFIG).runs
    other = {"model": "ststnet", "preset": "small", "lr": 0.004}
    changed = Plan(CONFIG | {"models": [other, *CONFIG["models"][1:]]}).runs
    differing = {a.model for a, b in zip(runs, changed, strict=True) if spec_digest([a]) != spec_digest([b])}
    assert differing == {"ststnet"}
    assert len({spec_digest([run]) for run in runs}) == len(runs)
    assert spec_digest(runs[:2]) != spec_digest(runs[1::-1])
