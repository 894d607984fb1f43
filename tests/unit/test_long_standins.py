"""Brief stand-ins of the long videos, and the clips cut from them: they are read back, and the known flow is right."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from spotting_sets import read

from mebench import cards, cli
from mebench.errors import UserError
from mebench.files import read_csv, read_json
from mebench.synthetic import faces, generate, long_cast, motion
from mebench.synthetic.clip_scene import Scene, amount
from mebench.synthetic.long_cast import TAIL

FEW = {"subjects": 2, "clips": 1, "seed": 1}


def size(dataset):
    """Its videos are brief; clips that are cut from such videos are small."""
    return "brief" if dataset in generate.VIDEOS else "small"


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    """One generated root per dataset, in a path with blanks and letters of many alphabets."""
    folder = tmp_path_factory.mktemp("kleine Köpfe 小さい顔")
    for name in generate.LONG:
        generate.write(name, folder / name, folder / f"{name} truth", **FEW, size=size(name))
    return folder


@pytest.fixture(scope="module")
def scene():
    """A face that shows one micro- and one macro-expression, blinks and nods."""
    events = (
        long_cast.Event("micro", 10, 16, 22, "surprise", "1+2", 16),
        long_cast.Event("blink", 34, 37, 40),
        long_cast.Event("macro", 52, 64, 80, "happiness", "6+12", 64),
        long_cast.Event("nod", 95, 103, 112),
    )
    rng = np.random.default_rng(0)
    return Scene(faces.make(rng), long_cast.Video(1, "a", 120, events), 30, rng)


@pytest.mark.parametrize("dataset", generate.LONG)
def test_what_is_generated_is_read_back(roots, dataset):
    known = read_csv(roots / f"{dataset} truth" / "intervals.csv")
    labelled = {row["clip_id"]: row for row in known if row["clip_id"]}
    reading = read(dataset, roots / dataset)
    # remarks below the table of SMIC-E are rows too
    assert all("names no video" in why or "nothing in the column" in why for _, why in reading.dropped)
    assert len(reading.dropped) == (3 if dataset == "smic_long" else 0)
    assert {clip.clip_id for clip in reading.clips} == set(labelled)
    for clip in reading.clips:
        row = labelled[clip.clip_id]
        assert [str(clip.frame(key)) for key in ("onset", "apex", "offset")] == [
            row[k] for k in ("onset", "apex", "offset")
        ]
        assert (clip.expression, clip.subject, clip.video) == (row["kind"], row["subject"], row["video"])
        emotions = cards.card("datasets", dataset)["emotions"]
        assert clip.emotion in (emotions if dataset != "samm_long" or row["kind"] == "micro" else ("",))
        with np.load(roots / f"{dataset} truth" / f"{clip.clip_id.split('/', 1)[1]}.npz") as truth:
            assert int(truth["apex"]) == clip.apex
            times = 1 if dataset == "casme3" else 2  # long videos are enlarged
            assert truth["flow"].shape == (2, times * faces.HEIGHT, times * faces.WIDTH)
    assert read_json(roots / dataset / "SYNTHETIC.json")["size"] == size(dataset)


@pytest.mark.parametrize("dataset", [name for name in generate.LONG if name != "casme3"])
def test_every_frame_of_every_video_is_there(roots, dataset):
    reading = read(dataset, roots / dataset)
    assert len(reading.videos) >= 3
    assert {row["kind"] for row in read_csv(roots / f"{dataset} truth" / "intervals.csv")} == {
        "micro",
        "blink",
        "nod",
        *(["macro"] if dataset != "smic_long" else []),
    }
    lost = 1 if dataset == "casme3_long" else 0
    assert sum(video.gaps for video in reading.videos) == lost
    # one video has no label, only blinks and a nod; in SMIC-E each video has one
    assert len({video.frames for video in reading.videos} - {clip.frames for clip in reading.clips}) == (
        dataset != "smic_long"
    )


def test_faults_are_planted(roots):
    repairs = {
        name: " ".join(";".join(clip.repairs) for clip in read(name, roots / name).clips) for name in generate.LONG
    }
    assert "dead apex" in repairs["casme3"]
    assert "are not on disk" in repairs["casme3_long"]
    assert "offset 0" in repairs["casme_sq"]
    assert "outside" in repairs["samm_long"]


def test_the_long_videos_of_samm_are_grey(roots):
    frame = next((roots / "samm_long").rglob("*.jpg"))
    assert cv2.imread(str(frame), cv2.IMREAD_UNCHANGED).shape == (2 * faces.HEIGHT, 2 * faces.WIDTH)


def test_cast_has_the_clips_that_were_asked_for():
    for dataset in generate.LONG:
        videos = long_cast.draw_videos(dataset, subjects=8, clips=6, seed=0)
        micro = [event for video in videos for event in video.events if event.kind == "micro"]
        assert len(micro) == 48
        assert {event.emotion for event in micro} == set(long_cast.MIXES[dataset])
        assert len({video.subject for video in videos}) == 8
        assert len({(video.subject, video.name) for video in videos}) == len(videos)
        for video in videos:
            ends = [0] + [event.fades or event.offset for event in video.events]
            starts = [event.onset for event in video.events] + [video.last + TAIL]
            assert all(start - end >= TAIL for start, end in zip(starts, ends, strict=True))


def test_an_event_rises_falls_and_is_over():
    event = long_cast.Event("micro", 10, 16, 22)
    shown = [amount(event, number) for number in range(40)]
    assert shown[:11] == [0.0] * 11
    assert shown[16] == max(shown) == 1
    assert shown[22] == pytest.approx(0.15)
    assert shown[22 + TAIL :] == pytest.approx([0.0] * (40 - 22 - TAIL))


@pytest.mark.parametrize("kind", ["micro", "macro"])
def test_the_apex_frame_is_the_onset_frame_moved_by_the_known_flow(scene, kind):
    event = next(event for event in scene.video.events if event.kind == kind)
    drawn = dict(scene.pictures(event.onset, event.apex))
    onset, apex = (drawn[number].astype(np.float32) for number in (event.onset, event.apex))
    place = (motion.grid() + scene.flow(event)).astype(np.float32)
    back = cv2.remap(apex, place[0], place[1], cv2.INTER_CUBIC)
    inner = (slice(12, -12), slice(12, -12))
    left = np.abs(back - onset)[inner].mean()
    assert left < 0.4 * np.abs(apex - onset)[inner].mean()
    for wrong in ((0.5, 0), (0, 0.5), (-0.5, 0), (0, -0.5)):
        off = place + np.float32(wrong).reshape(2, 1, 1)
        assert np.abs(cv2.remap(apex, off[0], off[1], cv2.INTER_CUBIC) - onset)[inner].mean() > 1.3 * left


def test_macro_expressions_move_more_than_micro_expressions(scene):
    size = {event.kind: scene.motions[event](motion.grid()) for event in scene.motions}
    longest = {kind: np.hypot(*moved).max() for kind, moved in size.items()}
    assert longest["micro"] < 2.3 < 2.5 < longest["macro"]


def test_the_head_nods(scene):
    places = np.array([(drift.x, drift.y) for drift in scene.drifts])
    steps = np.hypot(*np.diff(places, axis=0).T)
    assert steps[95:112].max() > 2 * np.median(steps)


def test_same_parameters_same_bytes_with_any_number_of_jobs(roots, tmp_path):
    generate.write("casme3", tmp_path / "a", tmp_path / "truth", **FEW, jobs=2)
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.jpg"))
    assert len(files) > 20
    assert all((tmp_path / "a" / f).read_bytes() == (roots / "casme3" / f).read_bytes() for f in files)
    assert (tmp_path / "truth" / "intervals.csv").read_bytes() == (
        roots / "casme3 truth" / "intervals.csv"
    ).read_bytes()


def test_fetch_and_index_know_the_sizes(tmp_path, capsys):
    def fetch(options):
        source = tmp_path / "source.json"
        return cli.main(["fetch", "casme_sq", "--source", "synthetic", "--options", options, "--out", str(source)])

    assert fetch('{"size": "full"}') == 0
    out = tmp_path / "clips.csv"
    assert cli.main(["index", "casme_sq", "--root", str(tmp_path / "source.json"), "--out", str(out)]) == 0
    assert len(read_csv(out)) == 357
    marker = read_json(tmp_path / "data" / "SYNTHETIC.json")
    assert (marker["size"], marker["clips"], marker["videos"]) == ("full", 357, 98)
    assert fetch('{"size": "huge"}') == 2
    assert "size of the synthetic casme_sq is small or clear or brief or full or rehearsal," in capsys.readouterr().err
    assert fetch('{"size": "full", "subjects": 3}') == 2
    assert "leave both out" in capsys.readouterr().err


def test_what_cannot_be_generated_is_refused(tmp_path):
    with pytest.raises(UserError, match="casme4 cannot be generated"):
        generate.write("casme4", tmp_path / "d", tmp_path / "t", size="full")
    assert list(tmp_path.iterdir()) == []
