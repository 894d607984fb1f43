"""Clips that the configuration leaves out, and labels that it corrects: applied, checked and on record."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from bad import fails

from mebench import cards, cli
from mebench.clips.card import dataset_card
from mebench.clips.clip import read_clips
from mebench.doctor import frames
from mebench.files import read_csv, read_json
from mebench.indexing import decisions, report
from mebench.media.folders import list_frames
from mebench.synthetic import generate


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

    assert decisions.sentences([tmp_path / "b" / "clips.csv"], has) == {
        "excluded": {gone["clip_id"]: "blurred"},
        "corrected": {mended["clip_id"]: f"apex {mended['apex']} -> {apex}: looked at"},
    }


@pytest.fixture(scope="module")
def long_videos(tmp_path_factory):
    """A generated SAMM Long Videos; not to be changed."""
    folder = tmp_path_factory.mktemp("long")
    generate.write("samm_long", folder / "data", folder / "truth", subjects=2, clips=1, seed=0)
    return folder / "data"


@pytest.mark.parametrize("labelled", [True, False])
def test_a_video_is_left_out_with_all_its_clips(long_videos, labelled):
    card, reading = dataset_card("samm_long"), cards.load("datasets", "samm_long").read(long_videos)
    shown = {clip.frames for clip in reading.clips}
    video = next(video for video in reading.videos if (video.frames in shown) == labelled)
    mine = {clip.clip_id for clip in reading.clips if clip.frames == video.frames}
    wanted = decisions.Choices({video.video_id.removeprefix("samm_long/"): "damaged"}, {})
    after, decided = decisions.apply(card, reading, long_videos, wanted)
    assert {clip.clip_id for clip in reading.clips} - {clip.clip_id for clip in after.clips} == mine
    assert video not in after.videos
    assert len(after.videos) == len(reading.videos) - 1
    assert {clip: decision.reason for clip, decision in decided.excluded.items()} == dict.fromkeys(
        mine, "its video: damaged"
    )
    assert list(decided.record()["videos"]) == [video.video_id]
    text = report.markdown(card, after, "synthetic", {}, False, reading, decided)
    assert f"## Videos left out by configuration (1)\n\n- `{video.video_id}`: damaged" in text


def test_a_label_that_was_not_there_is_called_none():
    decision = decisions.Decision("looked at", {}, {"emotion": ("", "fear"), "apex": (1, 2)})
    assert decision.sentence == "emotion (none) -> fear, apex 1 -> 2: looked at"


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


@pytest.fixture
def look(casme2, tmp_path):
    """(the clips of a copy, a function that gives the bad ones among them with their reasons)."""
    indexed(casme2, tmp_path / "looked")
    clips = read_clips(tmp_path / "looked" / "clips.csv")

    def bad(jobs=1, **entry):
        entry = {"source": str(casme2), "crop": "provided"} | entry
        return dict(frames.look(dataset_card("casme2"), clips, casme2, entry, jobs))

    return clips, bad


def paths(root, clip):
    return list_frames(root / clip.frames)


def test_frames_of_many_faults_are_told_alike_by_one_process_and_by_two(casme2, look):
    (still, broken, odd, tiny, *_), bad = look
    apex = {clip.clip_id: paths(casme2, clip)[clip.apex] for clip in (still, broken, odd)}
    apex[still.clip_id].write_bytes(paths(casme2, still)[still.onset].read_bytes())
    apex[broken.clip_id].write_bytes(b"no picture")
    cv2.imwrite(str(apex[odd.clip_id]), np.zeros((64, 48), np.uint8))
    for number, path in paths(casme2, tiny).items():
        cv2.imwrite(str(path), np.full((12, 20), number % 256, np.uint8))
    found = bad()
    assert set(found) == {clip.clip_id for clip in (still, broken, odd, tiny)}
    assert found[still.clip_id] == f"onset {still.onset} and apex {still.apex} are the same picture"
    assert "cannot be read" in found[broken.clip_id]
    assert f"the frame {apex[odd.clip_id].name} is 48 x 64 pixels, the others" in found[odd.clip_id]
    assert found[tiny.clip_id] == "its frames are only 20 x 12 pixels, 16 x 16 are needed"
    assert list(bad(jobs=2).items()) == list(found.items())


def test_a_clip_without_a_face_is_bad_where_faces_are_looked_for(look, monkeypatch):
    from mebench.faces import detect

    clips, bad = look
    monkeypatch.setattr(detect, "find", lambda grey: None)
    assert bad() == {}, "crops that are provided need no face"
    assert bad(crop="detected") == {clip.clip_id: f"no face is found in the onset frame {clip.onset}" for clip in clips}


def test_doctor_looks_at_every_frame(capsys, casme2, tmp_path, monkeypatch):
    from mebench.doctor import software

    monkeypatch.setattr(software, "software", dict)
    monkeypatch.setattr(software, "machine", dict)
    indexed(casme2, tmp_path)
    still, broken, *_ = read_clips(tmp_path / "clips.csv")
    files = paths(casme2, still)
    files[still.apex].write_bytes(files[still.onset].read_bytes())
    damaged = paths(casme2, broken)[broken.apex]
    damaged.write_bytes(damaged.read_bytes()[:300])
    entry = {"source": str(casme2), "crop": "provided", "accept": ["counts", "edition"]}

    def doctor(*options, **more):
        (tmp_path / "config.yaml").write_text(json.dumps({"datasets": {"casme2": entry | more}}))
        capsys.readouterr()
        code = cli.main(["doctor", "--frames", *options, "--config", str(tmp_path / "config.yaml")])
        return code, capsys.readouterr().out

    code, text = doctor("--json")
    assert code == 1
    bad = dict(json.loads(text)["datasets"][0]["bad_clips"])
    assert set(bad) == {still.clip_id, broken.clip_id}
    assert "same picture" in bad[still.clip_id]
    assert f'"{broken.clip_id}": "the picture' in doctor()[1]
    code, text = doctor("--json", exclude={clip.clip_id: "bad" for clip in (still, broken)})
    assert (code, json.loads(text)["datasets"][0]["bad_clips"]) == (0, [])
