"""docs/footage.md, followed: from `final: true` to weights, and from a recording to its scores and intervals."""

from __future__ import annotations

import csv
import json
import re
import shlex

import numpy as np
import pytest
from project import PROJECT, served
from safetensors.torch import load_file

from mebench.inputs import store
from mebench.runs import final_files
from mebench.spotting.stitch import stitched
from mebench.tasks import kind_of
from mebench.training.batches import OnDisk
from mebench.training.network import Network
from mebench.training.reading import one_input

PAGE = (PROJECT / "docs/footage.md").read_text(encoding="utf-8")
(CONFIG,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
(COMMANDS,) = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
FINAL = "results/runs/casme2sq-spotting/me_tst/seed0/final"
VIDEO = "casme_sq/s15/15_0101disgustingteeth"


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """The project after the first commands of the page, and what the second printed. Of all results those that spotting
    needs are made."""
    with served(tmp_path_factory.mktemp("footage"), coarse=True) as made:
        (made.folder / "mine.yaml").write_text(CONFIG)
        first, *others = [shlex.split(line) for line in COMMANDS.replace("\\\n", " ").splitlines()]
        assert first == ["snakemake", "--configfile", "mine.yaml"]
        made.run(*first, "--cores", "2", "--", f"{FINAL}/card.json")
        said, _ = (made.run(*command).stdout for command in others[:2])
        yield made, said


def test_the_card_has_the_score_of_the_folds(followed):
    made, said = followed
    final = final_files.read(made.folder / FINAL / "weights.safetensors")
    scores = json.loads((made.folder / "results/scores/casme2sq-spotting/me_tst.json").read_text())
    (one,) = [one for one in scores if one["part"] == "all"]
    assert final.card["benchmark"]["metrics"]["strs"] == one["strs"]
    assert f"benchmark: STRS {one['strs']:.4f}, " in said
    assert "on left-out subjects, 2 of 2 folds" in said
    assert "SYNTHETIC DATA" in said
    assert final.record.learned.subjects == ["casme_sq/s15", "casme_sq/s16"]


def test_a_recording_gets_the_scores_that_the_network_gives_the_input_of_the_benchmark(followed):
    made, _ = followed
    weights = made.folder / FINAL / "weights.safetensors"
    spec = final_files.read(weights).spec
    kept, kind = store.load(made.folder / "results/inputs/casme_sq/roi_flow-10"), kind_of(spec["task"])
    samples = [{"clip_id": VIDEO, "window": str(number)} for number in range(len(kept.get(VIDEO)))]
    x = OnDisk(len(samples), lambda row, draw: one_input(kind, samples[row], kept, spec["inputs"]))
    wanted = stitched(Network(spec, load_file(weights), x.dim()).predict(x))
    with open(made.folder / "found/scores.csv") as handle:
        rows = list(csv.DictReader(handle))
    got = np.array([[float(cell) for cell in list(row.values())[4:]] for row in rows], dtype=np.float32)
    assert [int(row["frame"]) for row in rows] == list(range(1, len(rows) + 1))
    assert np.array_equal(got, wanted[: len(got)])
    assert len(got) == min(len(wanted), 175)


def test_other_choices_decode_the_same_scores_and_nothing_runs_again(followed):
    made, _ = followed
    assert (made.folder / "found/others.csv").is_file()
    assert (made.folder / "found/curve.png").is_file()
    assert made.planned("--configfile", "mine.yaml", "--", f"{FINAL}/card.json") == []
    weights, training = (made.folder / FINAL / name for name in ("weights.safetensors", "training.json"))
    before = weights.stat().st_mtime_ns, training.stat().st_mtime_ns
    made.edit("workflow/mebench/models/me_tst.py", '"""ME-TST:', '"""Another docstring. ME-TST:')
    made.run("snakemake", "--configfile", "mine.yaml", "--cores", "1", "--until", "final", "--", f"{FINAL}/card.json")
    assert training.stat().st_mtime_ns > before[1]  # Snakemake sees another file
    assert weights.stat().st_mtime_ns == before[0]  # its job sees that the weights hold
