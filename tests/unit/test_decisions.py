"""Clips that the configuration leaves out, and labels that it corrects: applied, checked and on record."""

from __future__ import annotations

import json

import pytest
from bad import fails

from mebench import cli
from mebench.datasets import _decisions
from mebench.files import read_csv, read_json


def indexed(root, out, **decided):
    words = ["index", "casme2", "--root", str(root), "--out", str(out / "clips.csv")]
    assert cli.main([*words, "--decisions", json.dumps(decided)]) == 0
    return {row["clip_id"]: row for row in read_csv(out / "clips.csv")}


def test_nothing_decided_is_an_empty_record(casme2, tmp_path):
    indexed(casme2, tmp_path)
    assert read_json(tmp_path / "decisions.json") == {}
    assert "by configuration" not in (tmp_path / "report.md").read_text()


def test_a_clip_left_out_and_one_corrected(casme2, tmp_path):
    before = indexed(casme2, tmp_path / "a")
    (gone, mended, *_) = before
    old = before[mended]
    apex = int(old["onset"]) + 1
    after = indexed(
        casme2,
        tmp_path / "b",
        exclude={gone.removeprefix("casme2/"): "blurred"},
        corrections={mended: {"apex": apex, "emotion": "fear", "reason": "looked at"}},
    )
    assert set(after) == set(before) - {gone}
    row = after[mended]
    assert (row["apex"], row["apex_source"], row["emotion"]) == (str(apex), "corrected", "fear")
    assert f"apex {old['apex']} -> {apex}" in row["repairs"]
    report = (tmp_path / "b" / "report.md").read_text()
    assert f"## Left out by configuration (1)\n\n- `{gone}`: blurred" in report
    assert "## Corrected by configuration (1)" in report
    record = read_json(tmp_path / "b" / "decisions.json")
    assert record["excluded"][gone]["reason"] == "blurred"
    assert record["corrected"][mended]["changes"]["apex"] == [int(old["apex"]), apex]


def test_decisions_are_said_of_the_clips_of_a_task_alone(casme2, tmp_path):
    gone, mended, foreign = list(indexed(casme2, tmp_path / "a").values())[:3]
    apex = int(mended["onset"]) + 1
    indexed(
        casme2,
        tmp_path / "b",
        exclude={gone["clip_id"]: "blurred", foreign["clip_id"]: "of no class of the task"},
        corrections={mended["clip_id"]: {"apex": apex, "reason": "looked at"}},
    )

    def has(row):
        return row["clip_id"] != foreign["clip_id"]

    assert _decisions.of_task([tmp_path / "b" / "clips.csv"], has) == {
        "excluded": {gone["clip_id"]: "blurred"},
        "corrected": {mended["clip_id"]: f"apex {mended['apex']} -> {apex}: looked at"},
    }


def test_a_label_that_was_not_there_is_called_none():
    about = {"reason": "looked at", "changes": {"emotion": ["", "fear"], "apex": [1, 2]}}
    assert _decisions.said(about) == "emotion (none) -> fear, apex 1 -> 2: looked at"


@pytest.mark.parametrize(
    ("decided", "says"),
    [
        (lambda c: {"exclude": {c["clip_id"] + "x": "r"}}, "did you mean"),
        (lambda c: {"exclude": {c["clip_id"]: "r"}, "corrections": {c["clip_id"]: {"apex": 1, "reason": "r"}}}, "both"),
        (lambda c: {"corrections": {c["clip_id"]: {"apex": int(c["onset"]), "reason": "r"}}}, "onset < apex"),
        (lambda c: {"corrections": {c["clip_id"]: {"offset": 9999, "reason": "r"}}}, "offset frame 9999 is not in"),
        (lambda c: {"corrections": {c["clip_id"]: {"emotion": "joyy", "reason": "r"}}}, "unknown emotion 'joyy'"),
    ],
)
def test_decisions_that_cannot_be(capsys, casme2, tmp_path, decided, says):
    clip = next(iter(indexed(casme2, tmp_path / "a").values()))
    words = ["--root", casme2, "--out", tmp_path / "b" / "clips.csv", "--decisions", json.dumps(decided(clip))]
    fails(capsys, "index", "casme2", *words, says=says)
    assert not (tmp_path / "b").exists()


def test_doctor_looks_at_every_frame(capsys, casme2, tmp_path, monkeypatch):
    from mebench.datasets._folders import list_frames
    from mebench.doctor import software, words

    monkeypatch.setattr(software, "software", dict)
    monkeypatch.setattr(software, "machine", dict)
    still, broken, *_ = indexed(casme2, tmp_path).values()
    frames = list_frames(casme2 / still["frames"])
    frames[int(still["apex"])].write_bytes(frames[int(still["onset"])].read_bytes())
    damaged = list_frames(casme2 / broken["frames"])[int(broken["apex"])]
    damaged.write_bytes(damaged.read_bytes()[:300])
    entry = {"source": str(casme2), "crop": "provided", "accept": ["counts", "edition"]}

    def doctor(**more):
        (tmp_path / "config.yaml").write_text(json.dumps({"datasets": {"casme2": entry | more}}))
        capsys.readouterr()
        code = cli.main(["doctor", "--frames", "--json", "--config", str(tmp_path / "config.yaml")])
        return code, json.loads(capsys.readouterr().out)

    code, found = doctor()
    assert code == 1
    bad = dict(found["datasets"][0]["bad_clips"])
    assert set(bad) == {still["clip_id"], broken["clip_id"]}
    assert "same picture" in bad[still["clip_id"]]
    assert f'"{broken["clip_id"]}": "the picture' in words.page(found)
    code, found = doctor(exclude={clip["clip_id"]: "bad" for clip in (still, broken)})
    assert (code, found["datasets"][0]["bad_clips"]) == (0, [])
