"""A finished run, packed and restored elsewhere: the same tables, scores, statistics, audits and plots."""

from __future__ import annotations

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
    assert "MEGC2019" in (there / "report.html").read_text()
