"""Changed data in real Snakemake runs."""

from __future__ import annotations

import re
import shutil

from project import Project

from mebench.files import read_csv

CLIPS, RUN = "results/datasets/flow_images/clips.csv", "megc2019-flow/majority/seed0"
RECORD = f"results/runs/{RUN}/run.json"


def planned(copy: Project) -> tuple[set[str], str]:
    """The rules that a dry run for the run would run, and its text."""
    text = copy.snakemake("-n", RECORD)
    return set(re.findall(r"^(?:local)?rule ([\w-]+):", text, re.MULTILINE)), text


def test_a_label_is_edited_after_a_run(copy: Project):
    """The index is made again, no input is computed anew, and the folds are trained on the new label. A workflow that
    is stopped in between goes on where it was. Where the source is not there, nothing runs."""
    manifest, pictures = copy.folder / "pictures/manifest.csv", copy.folder / "pictures"
    for file in ("config.yaml", "results/sources/flow_images/source.json"):
        copy.edit(file, str(copy.pictures), str(pictures))
    copy.snakemake("--cores", "2", "--touch", RECORD)
    pictures.rename(copy.folder / "away")
    rules, text = planned(copy)
    assert not rules
    assert "is not there, so that nobody can see whether it changed" in text
    shutil.copytree(copy.folder / "away", pictures, copy_function=shutil.copyfile)  # with other times
    assert not planned(copy)[0]

    text = manifest.read_text()
    manifest.write_text(text.replace("clip0,negative,images/sub01", "clip0,positive,images/sub01"))
    explained = copy.run("mebench", "explain", RUN).stdout
    assert "the files that it is made from changed" in explained
    assert "manifest.csv has another content since the results were made from it" in explained
    assert "the data of flow_images changed since they were indexed" in explained
    part = next((copy.folder / "results/inputs/flow_images/apex_flow-28/parts").glob("*.npy"))
    before, folds = part.stat().st_mtime_ns, copy.folds()
    copy.snakemake("--cores", "2", CLIPS)  # and no further
    emotions = {row["clip_id"]: row["emotion"] for row in read_csv(copy.folder / CLIPS)}
    assert emotions["casme2/sub01/clip0"] == "positive"
    rules, text = planned(copy)
    assert rules == {"inputs", "together_megc2019-flow"}
    assert "has another content" not in text
    copy.snakemake("--cores", "2", RECORD)
    assert part.stat().st_mtime_ns == before
    assert all(folds[name] != when for name, when in copy.folds().items() if name.startswith(RUN))
    assert not planned(copy)[0]
