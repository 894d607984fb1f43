"""Bad frames: missing, damaged, of another size, out of reach; one clear sentence or a repair on record."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace

import cv2
import numpy as np
import pytest
from bad import close, fails, index, make_inputs

from mebench import cards, cli
from mebench.clips.clip import read_clips
from mebench.errors import UserError
from mebench.files import read_csv, write_csv
from mebench.indexing import apex

# ------------------------------------------------------------------------------------------------ frames


def frame_of(casme2, tmp_path, which):
    assert cli.main(["index", "casme2", "--root", str(casme2), "--out", str(tmp_path / "first.csv")]) == 0
    clip = read_clips(tmp_path / "first.csv")[0]
    return casme2 / clip.frames / f"reg_img{clip.frame(which)}.jpg", clip


def test_truncated_frame(capsys, casme2, tmp_path):
    frame, _ = frame_of(casme2, tmp_path, "apex")
    frame.write_bytes(frame.read_bytes()[:1500])
    make_inputs(capsys, "casme2", "tvl1", casme2, tmp_path / "tvl1", says=["cannot be read", frame.name])


def test_frame_of_another_size(capsys, casme2, tmp_path):
    frame, _ = frame_of(casme2, tmp_path, "apex")
    cv2.imwrite(str(frame), np.zeros((64, 64, 3), np.uint8))
    make_inputs(capsys, "casme2", "tvl1", casme2, tmp_path / "tvl1", says=["differ in size", "64 x 64", frame.name])


def test_two_copies_of_one_frame(capsys, casme2, tmp_path):
    apex, clip = frame_of(casme2, tmp_path, "apex")
    onset, _ = frame_of(casme2, tmp_path, "onset")
    shutil.copy(onset, apex)
    make_inputs(capsys, "casme2", "tvl1", casme2, tmp_path / "tvl1", says=["is constant", clip.clip_id])


def test_flow_that_is_not_finite():
    from mebench.inputs.flow import check

    flow = np.random.default_rng(0).normal(size=(2, 20, 20))
    check(flow, "a/b/c")
    flow[0, 3, 3] = np.nan
    with pytest.raises(UserError, match="a/b/c is not finite"):
        check(flow, "a/b/c")


def test_dataset_moved_after_index(capsys, casme2, tmp_path):
    _, clip = frame_of(casme2, tmp_path, "apex")
    shutil.rmtree(casme2 / clip.frames)
    fails(capsys, "inputs", "casme2", "tvl1", "--clips", tmp_path / "first.csv", "--root", casme2, "--out",
          tmp_path / "tvl1", says=["there is no folder", clip.clip_id])  # fmt: skip


def test_finished_subjects_survive_a_failure(capsys, casme2, tmp_path):
    frame, clip = frame_of(casme2, tmp_path, "apex")
    good = frame.read_bytes()
    clips = read_csv(tmp_path / "first.csv")
    alone = [row for row in clips if row["subject"] != clip.subject]
    write_csv(tmp_path / "some.csv", alone[0], alone)
    arguments = ["--root", str(casme2), "--out", str(tmp_path / "tvl1")]
    assert cli.main(["inputs", "casme2", "tvl1", "--clips", str(tmp_path / "some.csv"), *arguments]) == 0
    part = tmp_path / "tvl1" / "parts" / f"{alone[0]['subject'].replace('/', '-')}.npy"
    before = part.stat().st_mtime_ns
    frame.write_bytes(good[:1000])
    fails(capsys, "inputs", "casme2", "tvl1", "--clips", tmp_path / "first.csv", *arguments, says="cannot be read")
    assert len(read_csv(tmp_path / "tvl1" / "index.csv")) == len(alone)
    frame.write_bytes(good)
    assert cli.main(["inputs", "casme2", "tvl1", "--clips", str(tmp_path / "first.csv"), *arguments]) == 0
    assert part.stat().st_mtime_ns == before


def test_same_frame_twice(capsys, casme2, tmp_path):
    clip = next((casme2 / "Cropped" / "Cropped" / "sub01").iterdir())
    frame = sorted(clip.iterdir())[0]
    shutil.copy(frame, frame.with_suffix(".png"))
    index(capsys, "casme2", casme2, tmp_path / "clips.csv", says=["twice", frame.name])


# ------------------------------------------------------------------------------------------------ not on disk


def read(dataset, root):
    return cards.load("datasets", dataset).read(root)


def first_clip(root):
    clip = read("casme2", root).clips[0]
    return clip, root / clip.frames


@pytest.mark.parametrize("which", ["onset", "apex", "offset"])
def test_labelled_frame_that_is_not_on_disk(casme2, which):
    clip, folder = first_clip(casme2)
    number = clip.frame(which)
    (folder / f"reg_img{number}.jpg").unlink()
    again, _ = first_clip(casme2)
    nearest = number + 1 if which == "onset" else number - 1
    assert again.frame(which) == nearest
    assert f"{which} frame {number} is not on disk: frame {nearest} is taken" in ";".join(again.repairs)
    assert [again.frame(k) for k in ("onset", "apex", "offset") if k != which] == [
        clip.frame(k) for k in ("onset", "apex", "offset") if k != which
    ]


def test_frame_between_the_labels_that_is_not_on_disk(casme2, tmp_path):
    clip, folder = first_clip(casme2)
    (folder / f"reg_img{clip.onset + 1}.jpg").unlink()
    again, _ = first_clip(casme2)
    assert again == clip  # nothing that flow from onset to apex needs
    clips = tmp_path / "clips.csv"
    assert cli.main(["index", "casme2", "--root", str(casme2), "--out", str(clips)]) == 0
    words = ["--clips", str(clips), "--root", str(casme2)]
    assert cli.main(["inputs", "casme2", "tvl1", *words, "--out", str(tmp_path / "tvl1")]) == 0
    assert cli.main(["inputs", "casme2", "frames-32", *words, "--out", str(tmp_path / "frames")]) == 0
    row = next(r for r in read_csv(tmp_path / "frames" / "index.csv") if r["clip_id"] == clip.clip_id)
    assert int(row["frames"]) == min(clip.offset - clip.onset, 50)


@pytest.mark.parametrize("kept", [0, 1])
def test_clip_of_fewer_than_two_frames(casme2, kept):
    clip, folder = first_clip(casme2)
    for path in sorted(folder.iterdir())[kept:]:
        path.unlink()
    reading = read("casme2", casme2)
    assert clip.clip_id not in {c.clip_id for c in reading.clips}
    assert f"{kept} frames of" in dict(reading.dropped)[clip.clip_id]


@pytest.mark.parametrize("which", ["onset", "apex"])
def test_frame_that_went_after_the_index(capsys, casme2, tmp_path, which):
    frame, clip = frame_of(casme2, tmp_path, which)
    frame.unlink()
    fails(capsys, "inputs", "casme2", "tvl1", "--clips", tmp_path / "first.csv", "--root", casme2, "--out",
          tmp_path / "tvl1", says=[f"holds no {which} frame {clip.frame(which)}", clip.clip_id])  # fmt: skip


# ------------------------------------------------------------------------------------------------ damaged


@pytest.mark.parametrize("which", ["onset", "apex"])
@pytest.mark.parametrize("damage", ["zero bytes", "text", "cut short", "noise"])
def test_damaged_frame(capsys, casme2, tmp_path, which, damage):
    frame, _ = frame_of(casme2, tmp_path, which)
    data = frame.read_bytes()
    frame.write_bytes({"zero bytes": b"", "text": b"hello", "cut short": data[: len(data) // 2],
                       "noise": data[:20] + os.urandom(500)}[damage])  # fmt: skip
    make_inputs(capsys, "casme2", "tvl1", casme2, tmp_path / "tvl1", says=["cannot be read", frame.name])


def test_damaged_frame_between_the_labels(capsys, casme2, tmp_path):
    frame, clip = frame_of(casme2, tmp_path, "onset")
    middle = frame.with_name(f"reg_img{clip.onset + 1}.jpg")
    middle.write_bytes(b"")
    clips = tmp_path / "first.csv"
    words = ["--clips", str(clips), "--root", str(casme2)]
    assert cli.main(["inputs", "casme2", "tvl1", *words, "--out", str(tmp_path / "tvl1")]) == 0  # it is not needed
    fails(capsys, "inputs", "casme2", "frames-32", *words, "--out", tmp_path / "frames",
          says=["cannot be read", middle.name])  # fmt: skip
    assert not (tmp_path / "frames" / "meta.json").exists()


def test_folder_that_is_called_like_a_frame(capsys, casme2, tmp_path):
    frame, _ = frame_of(casme2, tmp_path, "apex")
    frame.unlink()
    frame.mkdir()
    make_inputs(capsys, "casme2", "tvl1", casme2, tmp_path / "tvl1", says=frame.name)


def test_frames_of_different_size_in_one_clip(capsys, casme2, tmp_path):
    frame, clip = frame_of(casme2, tmp_path, "onset")
    other = frame.with_name(f"reg_img{clip.onset + 1}.jpg")
    cv2.imwrite(str(other), np.zeros((64, 64, 3), np.uint8))
    make_inputs(capsys, "casme2", "frames-32", casme2, tmp_path / "frames", says=["differ in size", other.name])


def test_clips_of_different_size_are_no_error(casme2, tmp_path):
    clip, folder = first_clip(casme2)
    for path in folder.iterdir():
        cv2.imwrite(str(path), cv2.resize(cv2.imread(str(path)), (96, 110)))
    clips = tmp_path / "clips.csv"
    assert cli.main(["index", "casme2", "--root", str(casme2), "--out", str(clips)]) == 0
    words = ["--clips", str(clips), "--root", str(casme2)]
    assert cli.main(["inputs", "casme2", "tvl1", *words, "--out", str(tmp_path / "tvl1")]) == 0
    shapes = {row["clip_id"]: row["shape"] for row in read_csv(tmp_path / "tvl1" / "index.csv")}
    assert shapes.pop(clip.clip_id) == "2x110x96"
    assert "2x110x96" not in shapes.values()
    words = ["--from", str(tmp_path / "tvl1"), *words]
    assert cli.main(["inputs", "casme2", "apex_flow-28", *words, "--out", str(tmp_path / "apex")]) == 0


# ------------------------------------------------------------------------------------------------ out of reach


@pytest.mark.parametrize("below", ["Cropped", "Cropped/Cropped", "Cropped/Cropped/sub01", "clip"])
def test_folder_without_permission(capsys, casme2, tmp_path, monkeypatch, below):
    _, folder = first_clip(casme2)
    closed = folder if below == "clip" else casme2 / below
    if not closed.is_dir():
        closed = folder.parent
    close(monkeypatch, closed)
    sentence = index(capsys, "casme2", casme2, tmp_path / "out" / "clips.csv", says=[str(closed), "Permission denied"])
    assert sentence.startswith("mebench index: ")
    assert not (tmp_path / "out").exists()
    fails(capsys, "fetch", "casme2", "--source", casme2, "--out", tmp_path / "s.json",
          says=[str(closed), "Permission denied"])  # fmt: skip
    assert not (tmp_path / "s.json").exists()


@pytest.mark.parametrize(
    "name", ["with spaces", "表情 データ", "ünïcode (1)", "a'b\"c", "100%", "$HOME", "new\nline", "[ab]*"]
)
def test_paths_with_any_letters(casme2, tmp_path, name):
    plain = read("casme2", casme2)
    root = tmp_path / name / "data"
    shutil.copytree(casme2, root)
    assert read("casme2", root).clips == plain.clips
    out = tmp_path / name / "out"
    assert cli.main(["fetch", "casme2", "--source", str(root), "--out", str(out / "source.json")]) == 0
    words = ["--root", str(out / "source.json")]
    assert cli.main(["index", "casme2", *words, "--out", str(out / "clips.csv")]) == 0
    words += ["--clips", str(out / "clips.csv"), "--out", str(out / "tvl1")]
    assert cli.main(["inputs", "casme2", "tvl1", *words]) == 0
    assert len(read_csv(out / "tvl1" / "index.csv")) == 7  # as many as emotions


@pytest.mark.parametrize("jobs", [1, 2])
def test_all_bad_clips_are_named_at_once(capsys, casme2, tmp_path, jobs):
    frame_of(casme2, tmp_path, "apex")
    rows = read_csv(tmp_path / "first.csv")
    clips = read_clips(tmp_path / "first.csv")
    first, last = clips[4], clips[-1]  # parts are of four clips of a subject: the first part has no bad one
    assert first.subject == clips[0].subject != last.subject
    name = "reg_img{}.jpg".format
    folder = casme2 / first.frames
    shutil.copy(folder / name(first.onset), folder / name(first.apex))
    damaged = casme2 / last.frames / name(last.apex)
    damaged.write_bytes(damaged.read_bytes()[:1000])
    out = tmp_path / "tvl1"
    words = ["inputs", "casme2", "tvl1", "--root", str(casme2), "--out", str(out), "--jobs", str(jobs), "--clips"]
    capsys.readouterr()
    assert cli.main([*words, str(tmp_path / "first.csv")]) == 2
    error = capsys.readouterr().err
    assert "2 clips are bad" in error
    assert f'"{first.clip_id}": "the flow of' in error
    assert f'"{last.clip_id}": "the picture' in error
    kept = {path: path.stat().st_mtime_ns for path in (out / "parts").glob("*.npy")}
    assert [path.stem for path in kept] == [first.subject.replace("/", "-")]
    good = [row for row in rows if row["clip_id"] not in (first.clip_id, last.clip_id)]
    write_csv(tmp_path / "good.csv", rows[0], good)
    assert cli.main([*words, str(tmp_path / "good.csv")]) == 0
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


@pytest.mark.parametrize("jobs", [1, 2])
def test_all_clips_whose_faces_cannot_be_looked_for_are_named_at_once(capsys, casme2, tmp_path, jobs):
    frame_of(casme2, tmp_path, "onset")
    clips = read_clips(tmp_path / "first.csv")
    gone, damaged, other = clips[0], clips[1], clips[-1]
    assert gone.subject == damaged.subject != other.subject
    onset = {clip.clip_id: casme2 / clip.frames / f"reg_img{clip.onset}.jpg" for clip in (gone, damaged, other)}
    onset[gone.clip_id].unlink()
    for clip in (damaged, other):
        onset[clip.clip_id].write_bytes(b"no picture")
    capsys.readouterr()
    words = ["faces", "casme2", "--clips", tmp_path / "first.csv", "--root", casme2, "--out", tmp_path / "faces"]
    assert cli.main([*map(str, words), "--jobs", str(jobs)]) == 2
    error = capsys.readouterr().err
    assert "3 clips are bad" in error
    assert "  casme2:\n    exclude:\n" in error
    assert all(f'"{clip}": "' in error for clip in onset)
    assert not (tmp_path / "faces" / "meta.json").exists()


@pytest.mark.parametrize("jobs", [1, 2])
def test_all_clips_whose_apex_cannot_be_looked_for_are_named_at_once(casme2, jobs):
    reading = read("casme2", casme2)
    clips = [replace(clip, apex_source="mid") for clip in reading.clips]
    bad = {clip.clip_id for clip in (clips[1], clips[-1])}
    for clip in (clips[1], clips[-1]):
        (casme2 / clip.frames / f"reg_img{clip.onset + 1}.jpg").write_bytes(b"no picture")
    with pytest.raises(UserError, match="2 clips are bad") as caught:
        apex.with_apex_of_most_motion(replace(reading, clips=clips), casme2, jobs)
    lines = str(caught.value).splitlines()
    lines = lines[lines.index("  casme2:") :]
    assert lines[1] == "    exclude:"
    assert {line.split('"')[1] for line in lines[2:]} == bad
