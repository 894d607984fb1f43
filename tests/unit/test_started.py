"""The configuration that Snakemake was started with: files, and what ``--config`` adds, the same in its jobs."""

from __future__ import annotations

import pytest
from snakemake.cli import parse_config
from snakemake.common import dict_to_key_value_args

from mebench.config.schema import checked
from mebench.config.started import started
from mebench.errors import UserError

WRITTEN = {
    "seeds=[0,1]": ("seeds", [0, 1]),
    "seeds=[0, 010]": ("seeds", [0, 10]),
    "seeds=3": ("seeds", [3]),
    "seeds=['4']": ("seeds", [4]),
    "seeds=1e1": ("seeds", [10]),
    "tasks=smic-3": ("tasks", ["smic-3"]),
    'tasks=["smic-3", "samm-5"]': ("tasks", ["smic-3", "samm-5"]),
    "tasks=[smic-3, 'samm-5']": ("tasks", ["smic-3", "samm-5"]),
    "models=[majority, {model: ststnet, name: 2024, epochs: 3, lr: 1e-3}]": (
        "models", ["majority", {"model": "ststnet", "name": "2024", "epochs": 3, "lr": 0.001}]),
    "models={model: ststnet, name: 010}": ("models", [{"model": "ststnet", "name": "010"}]),
    "models=[{model: x, bias: true, other: no, none: ~}]": (
        "models", [{"model": "x", "bias": True, "other": "no", "none": None}]),
    "results='my results'": ("results", "my results"),
    "selection=inner": ("selection", "inner"),
    "datasets={SMIC-HS: {clips: 2}}": (
        "datasets", {"smic": {"source": "synthetic", "clips": 2}, "samm": {"source": "/data"}}),
    "datasets={smic: {seed: 3, accept: [counts]}}": (
        "datasets", {"smic": {"source": "synthetic", "seed": 3, "accept": ["counts"]}, "samm": {"source": "/data"}}),
}  # fmt: skip


@pytest.fixture
def files(tmp_path):
    (tmp_path / "a.yaml").write_text("datasets:\n  smic: {source: synthetic}\nseeds: [7]\nselection: last\n")
    (tmp_path / "b.yaml").write_text("datasets:\n  samm: {source: /data}\nseeds: [8, 010]\n")
    return [tmp_path / "a.yaml", tmp_path / "b.yaml"]


def test_later_files_are_laid_over_earlier_ones(files):
    config = started(files, {})
    assert config["datasets"] == {"smic": {"source": "synthetic"}, "samm": {"source": "/data"}}
    assert config["seeds"] == [8, 10]
    assert config["selection"] == "last"


@pytest.mark.parametrize("written", WRITTEN)
def test_the_command_line_is_understood_and_jobs_see_the_same(files, written):
    key, value = WRITTEN[written]
    added = parse_config([written])
    assert checked(started(files, added))[key] == value
    # Snakemake hands each job the values that it read, not the words of the command line
    handed = parse_config(dict_to_key_value_args(added, repr_obj=True))
    assert checked(started(files, handed))[key] == value


@pytest.mark.parametrize(
    ("written", "sentence"),
    [("seeds=[0,1", "is not valid YAML; write for example --config 'seeds="), ("seeds=[a]", "must be integer"),
     ("models=2024", r"write --config 'models=\[2024\]'"),
     ("seeds=0,1", r"write --config 'seeds=\[0,1\]' for a list"),
     ("seeds=[]", "at seeds"), ("seeds=True", "must be integer, but it is True"),
     ("results=2024", "write --config results=./2024"), ("results=", "at results: a text must stand there"),
     ("modles=[x]", "did you mean 'models'")],
)  # fmt: skip
def test_what_is_not_understood_is_said(files, written, sentence):
    with pytest.raises(UserError, match=sentence):
        checked(started(files, parse_config([written])))


def test_templates_are_refused(tmp_path):
    (tmp_path / "c.yaml").write_text("__use_yte__: true\nseeds: [0]\n")
    with pytest.raises(UserError, match="no templates"):
        started([tmp_path / "c.yaml"], {})
