"""A finished run, packed and restored elsewhere: the same tables, scores, statistics, audits and plots."""

from __future__ import annotations

import difflib
import json

NEEDS_CLIPS = ("difficulty", "input-")  # plots that show clips, and seconds, which no two machines share


def test_a_run_that_is_restored_from_its_archive_has_the_same_bytes(finished, tmp_path):
    archive, there = tmp_path / "ours.zip", tmp_path / "there"
    finished.run("mebench", "archive", "--name", "Our lab", "--out", str(archive))
    said = finished.run("mebench", "restore", str(archive), "--out", str(there)).stdout
    assert "complete; scores and tables are made again" in said
    made = {path.removeprefix("results/"): content for path, content in finished.results().items()}
    kept = {path: content for path, content in made.items()
            if path.startswith(("audit/", "scores/", "tables/", "runs/", "plots/")) and "/folds" not in path
            and not path.startswith("plots/datasets/") and not any(name in path for name in NEEDS_CLIPS)}  # fmt: skip
    assert len(kept) > 30
    assert [path for path, content in kept.items() if (there / path).read_bytes() != content] == []
    verdicts = {run["verdict"] for run in json.loads((there / "audit/megc2019-flow.json").read_text())}
    assert verdicts == {"pass"}
    less_pictures(made["report.html"].decode(), (there / "report.html").read_text())


def less_pictures(page: str, restored: str) -> None:
    """The restored page is that of the run, but for what it says is left out: the pictures are somebody's own."""
    lines = list(difflib.unified_diff(page.splitlines(), restored.splitlines(), n=0, lineterm=""))[2:]
    gone, new = ([line[1:] for line in lines if line.startswith(sign)] for sign in "-+")
    assert len(new) == 3
    assert new[0].startswith(
        '<p class="lead" id="left-out">This page was made from an archive, which holds no pictures'
    )
    assert 'alt="Hardest clips: ' in new[1], "drawn without the flow"
    assert new[2].startswith("<p>The name of the file is that of a plot: ")
    pictures = [line.split('"')[1::2] for line in gone if "<img" in line]
    assert [next(text for text in one if ":" in text or "Clips of" in text).partition(":")[0] for one in pictures] == [
        "Hardest clips", "Flow from onset to apex (apex_flow-28)",
        "Clips of Flow pictures (MEGC2019 composite as published)",
    ]  # fmt: skip
    rest = [line for line in gone if "<img" not in line and "figure>" not in line and "<figure" not in line]
    assert [line.partition(">")[0] for line in rest] == ["<figcaption", "<details", "<details", "<figcaption", "<p"]
