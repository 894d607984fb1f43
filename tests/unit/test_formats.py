"""Files have the columns and keys that ``formats`` names, and the page shows them."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from functools import partial
from pathlib import Path

import fold_zip
import pytest
from toy import Toy

from mebench import formats, tasks
from mebench.errors import UserError
from mebench.runs.run_record import Title

PROJECT = Path(__file__).parents[2]
ABOUT = Title("STSTNet", "model", "Toy")


def _tool():
    spec = importlib.util.spec_from_file_location("files_page", PROJECT / "docs/files.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A run of two folds with peeking, pooled and scored."""
    from mebench.runs.paths import RunFiles
    from mebench.runs.pool import pool
    from mebench.runs.scores import write_scores
    from mebench.runs.shard import Execution, run_shard
    from mebench.training.data import load

    root = tmp_path_factory.mktemp("formats")
    toy = Toy(root, subjects=2, clips=3)
    spec = toy.spec("ststnet", selection="test_peek", epochs=1)
    run = root / "runs/toy/ststnet/seed0"
    run_shard([RunFiles(run, spec, [], [])], partial(load, spec, [toy.clips], [toy.inputs]), (1, 1), Execution("cpu"))
    pool(RunFiles(run, spec, [toy.clips], [toy.inputs]), ABOUT)
    write_scores([run], root / "scores/toy.csv")
    return root


def header(path: Path) -> list[str]:
    return path.read_text().splitlines()[0].split(",")


def test_the_page_is_that_of_the_code():
    tool = _tool()
    assert tool.page() == tool.PAGE.read_text(encoding="utf-8"), "run: python docs/files.py --write"


def test_every_field_is_named_once_and_says_what_it_is():
    assert len({one.path for one in formats.ALL}) == len(formats.ALL)
    for one in formats.ALL:
        assert len(set(one.names)) == len(one.names), one.path
        assert all(field.type for field in one.fields), one.path


def test_no_format_is_left_out_of_the_page():
    there = {value for value in vars(formats).values() if isinstance(value, formats.Format)}
    assert there == set(formats.ALL)


def test_formats_are_light():
    code = "import sys; from mebench import formats; print(*{'torch', 'numpy', 'pandas', 'cv2'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_a_fold_and_a_run_have_the_keys_of_their_formats(results):
    run = results / "runs/toy/ststnet/seed0"
    assert set(fold_zip.record(run / "folds/smic-s01.zip")) == set(formats.FOLD.names)
    assert set(json.loads((run / "run.json").read_text())) == {*formats.RUN_RECORD.names, "classes"}


def test_predictions_history_and_scores_have_the_columns_of_their_formats(results):
    run = results / "runs/toy/ststnet/seed0"
    own = ["truth", "prediction", "p_negative", "p_positive", "p_surprise"]
    assert header(run / "predictions.csv") == [*formats.PREDICTIONS.names, *own]
    of_fold = fold_zip.contents(run / "folds/smic-s01.zip")["predictions.csv"].decode()
    assert of_fold.startswith((run / "predictions.csv").read_text().partition("\n")[0] + "\n")
    assert header(run / "history.csv") == [*formats.HISTORY.names, "train_accuracy", "test_accuracy"]
    metrics = ["accuracy", "uf1", "uar", "macro_precision"]
    assert header(results / "scores/toy.csv") == [*formats.SCORES.names, *metrics]


def test_a_kind_of_task_names_its_own_columns_once_for_each_of_a_list():
    columns = tasks.own_columns(["truth", "p_<units>", "end"], {"units": [4, 12]})
    assert columns == ["truth", "p_4", "p_12", "end"]


def test_a_kind_of_task_without_columns_is_one_sentence(tmp_path):
    (tmp_path / "mine.py").write_text('CARD = {"title": "Units", "module": "Units"}')
    with pytest.raises(UserError, match="the kind Units names no columns"):
        tasks.Kind({"name": "t", "kind": str(tmp_path / "mine.py")}).columns()
