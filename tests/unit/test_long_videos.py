"""Small stand-ins of the long videos: long enough, few micro-expressions, and much that may be taken for one."""

from __future__ import annotations

from collections import Counter

import cv2
import numpy as np
import pytest
from spotting_sets import read

from mebench import formats
from mebench.errors import UserError
from mebench.faces import detect
from mebench.files import read_csv, read_json
from mebench.synthetic import faces, generate, long, long_cast, long_events, long_scene, motion
from mebench.synthetic.long_cast import FPS, Event, Video

FEW = {"subjects": 2, "clips": 1, "seed": 1}
KINDS = {"micro", "macro", "blink", "nod", "talk", "light"}
SAID = ("clip_id", "dataset", "subject", "emotion", "objective", "expression")
EVENTS = (
    Event("micro", 10, 16, 23, "surprise", "1+2", 16),
    Event("blink", 36, 40, 44),
    Event("macro", 60, 70, 95, "happiness", "6+12", 70),
    Event("nod", 110, 120, 130),
    Event("talk", 145, 160, 180),
    Event("light", 20, 50, 80),
)


def drawn(dataset, seed=0):
    return long_events.draw_videos(dataset, **{**generate.FEWER, "seed": seed})


def scene(dataset="casme_sq", events=EVENTS):
    rng = np.random.default_rng(0)
    return long_scene.Scene(faces.make(rng), Video(1, "a", 200, events), dataset, rng, 5, motion.FILMED_LONG)


def pictures(made):
    return {number: picture.astype(np.float32) for numbers, picture in made.pictures() for number in numbers}


# --- what happens -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dataset", generate.VIDEOS)
@pytest.mark.parametrize("seed", range(3))
def test_videos_are_long_and_micro_expressions_rare(dataset, seed):
    videos, fps = drawn(dataset, seed), FPS[dataset]
    assert min(video.last for video in videos) >= 20 * fps
    for video in videos:
        micro = [event for event in video.events if event.kind == "micro"]
        assert sum(event.offset - event.onset + 1 for event in micro) <= 0.05 * video.last
        assert all(0.2 * fps <= event.offset - event.onset + 1 <= 0.5 * fps for event in micro)
        assert all(event.onset < event.apex < event.offset for event in micro)
        assert all(event.last - event.onset + 1 > 0.5 * fps for event in video.events if event.kind == "macro")
    without = long_events.videos_without(videos)
    assert len(without) >= 5
    assert any(not any(event.labelled for event in video.events) for video in without)
    assert len({video.subject for video in without}) == len({video.subject for video in videos}) == 6
    assert len({(video.subject, video.name) for video in videos}) == len(videos)


@pytest.mark.parametrize("dataset", generate.VIDEOS)
def test_every_kind_of_distractor_happens_and_no_two_motions_at_once(dataset):
    videos, fps = drawn(dataset), FPS[dataset]
    counts = Counter(event.kind for video in videos for event in video.events)
    assert set(counts) == KINDS
    assert counts["blink"] > counts["micro"]
    assert min(counts[kind] for kind in ("talk", "nod", "macro")) > 10
    for video in videos:
        events = [event for event in video.events if event.kind != "light"]
        ends = [1, *(event.last for event in events)]
        starts = [*(event.onset for event in events), video.last]
        assert all(start - end >= 0.3 * fps - 1 for end, start in zip(ends, starts, strict=True))
        assert all(1 <= event.onset < event.last <= video.last for event in video.events)


@pytest.mark.parametrize("dataset", generate.VIDEOS)
@pytest.mark.parametrize("counts", [(2, 1), (3, 30)])
def test_every_emotion_is_there_whatever_was_asked_for(dataset, counts):
    videos = long_events.draw_videos(dataset, *counts, seed=0)
    micro = [event for video in videos for event in video.events if event.kind == "micro"]
    assert {event.emotion for event in micro} == set(long_cast.MIXES[dataset])
    assert len(micro) == max(counts[0] * counts[1], len(long_cast.MIXES[dataset]))
    names = {"casme_sq": 9, "samm_long": 7}.get(dataset, 99)
    assert max(Counter(video.subject for video in videos).values()) <= names


@pytest.mark.parametrize("dataset", generate.VIDEOS)
def test_clear_videos_are_as_long_and_as_still_with_fewer_distractors_and_further_expressions(dataset):
    small, clear = (long_events.draw_videos(dataset, 6, 4, 0, clear) for clear in (False, True))
    micro, others = ([sum(len(events(video, kind)) for video in videos) for videos in (small, clear)]
                     for kind in ("micro", "other"))  # fmt: skip
    assert micro[0] == micro[1]
    assert others[1] < 0.6 * others[0]
    assert len(long_events.videos_without(clear)) == 1
    assert {event.kind for video in clear for event in video.events} == {"micro", "blink", "light"}
    for video in clear:
        inside = sum(event.offset - event.onset + 1 for event in events(video, "micro"))
        assert video.last >= 20 * FPS[dataset]
        assert inside <= 0.05 * video.last
    face, video = faces.make(np.random.default_rng(0)), next(v for v in clear if events(v, "micro"))
    filmed, further = (long_scene.Scene(face, video, dataset, np.random.default_rng(1), 5, moves)
                       for moves in (motion.AS_FILMED, motion.CLEAR_LONG))  # fmt: skip
    moved = [max(abs(local.field).max() for local in scene.locals if local.event.kind == "micro")
             for scene in (filmed, further)]  # fmt: skip
    assert moved[1] == pytest.approx(3 * moved[0], rel=1e-5)
    assert np.ptp(further.head, axis=1)[1] < np.ptp(filmed.head, axis=1)[1]


def test_expressions_are_stronger_on_one_side_and_blinks_spare_the_brows():
    made, still = scene(), scene()
    by_kind = {local.event.kind: local for local in made.locals}
    middle = np.mean([made.face.landmarks[name][0] for name in ("nose_l", "nose_r")])
    for kind in ("micro", "macro"):
        field = np.hypot(*by_kind[kind].field.transpose(2, 0, 1))
        column = round(float(middle)) + long_scene.MARGIN
        left, right = field[:, :column].max(), field[:, column:].max()
        assert 0.3 < min(left, right) / max(left, right) < 1
    brow, lid = (made.face.landmarks[name].reshape(2, 1, 1).astype(np.float32) for name in ("brow_inner_l", "eye_l"))
    blink = by_kind["blink"].motion
    assert np.hypot(*blink(brow)).max() < 0.5 * np.hypot(*blink(lid)).max()
    assert all((a.field == b.field).all() for a, b in zip(made.locals, still.locals, strict=True))


def test_skin_beside_a_unit_moves_too():
    """The corners of the mouth draw the wings of the nose, which spotters from regions look at."""
    landmarks = faces.make(np.random.default_rng(0)).landmarks
    alone, beside = (motion.from_units([("", 12)], landmarks, 2.0, more) for more in (False, True))
    wing = landmarks["nose_l"].reshape(2, 1, 1).astype(np.float32)
    assert np.hypot(*beside(wing)).max() > np.hypot(*alone(wing)).max()


def events(video, kind):
    """The micro-expressions of a video, or all that happens besides."""
    return [event for event in video.events if (event.kind == "micro") == (kind == "micro")]


# --- what is written --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dataset", generate.VIDEOS)
def test_what_is_announced_is_what_the_reader_finds(dataset, monkeypatch, tmp_path):
    def grey(self):  # readers look at names only
        for first in range(1, self.video.last + 1, 200):
            yield range(first, min(first + 200, self.video.last + 1)), np.zeros((8, 8), dtype=np.uint8)

    monkeypatch.setattr(long_scene.Scene, "pictures", grey)
    monkeypatch.setattr(long_scene, "NOISES", 1)
    generate.write(dataset, tmp_path / "data", tmp_path / "truth", **FEW)
    reading = read(dataset, tmp_path / "data")
    announced = generate.announced(dataset, FEW)
    assert sorted(tuple(row[key] for key in SAID) for row in announced) == sorted(
        tuple(clip.row()[key] for key in SAID) for clip in reading.clips
    )
    videos = long.draw_videos(dataset, 2, 1, 1, "small")
    assert sorted((video.first, video.last) for video in reading.videos) == sorted((1, v.last) for v in videos)
    assert sum(video.gaps for video in reading.videos) == (1 if dataset == "casme3_long" else 0)
    events = read_csv(tmp_path / "data" / "synthetic-events.csv", formats.EVENTS.names)
    assert {row["kind"] for row in events} == KINDS
    assert {(row["subject"], row["video"]) for row in events} == {(v.subject, v.video) for v in reading.videos}
    spans = {(row["subject"], row["video"], row["first"]): int(row["last"]) for row in events if row["kind"] != "light"}
    assert all(spans[clip.subject, clip.video, str(clip.onset)] >= clip.offset for clip in reading.clips)
    assert read_json(tmp_path / "data" / "SYNTHETIC.json")["generator"] == 3
    for clip in reading.clips:
        with np.load(tmp_path / "truth" / f"{clip.clip_id.split('/', 1)[1]}.npz") as truth:
            assert int(truth["apex"]) == clip.apex


def test_same_parameters_same_bytes(monkeypatch, tmp_path):
    monkeypatch.setattr(long_events, "LENGTH", (2.0, 2.1))
    monkeypatch.setattr(long_events, "SHARE", 0.5)
    monkeypatch.setattr(long_events, "COUNTS", dict.fromkeys(long_events.COUNTS, (0, 1)))
    for place in ("a", "b"):
        generate.write("smic_long", tmp_path / place, tmp_path / f"truth {place}", **FEW)
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.*") if path.suffix != ".xlsx")
    assert len(files) > 500
    assert all((tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes() for file in files)
    frames = sorted((tmp_path / "a").rglob("*/image*.jpg"))
    assert len({path.stat().st_ino for path in frames}) < len(frames) / 2  # a picture holds for three frames
    assert cv2.imread(str(frames[0])).shape == (2 * faces.HEIGHT, 2 * faces.WIDTH, 3)


def test_only_long_videos_can_be_brief(tmp_path):
    for dataset in ("casme3", "smic"):
        with pytest.raises(UserError, match="has no long videos, which alone can be brief"):
            generate.write(dataset, tmp_path / "d", tmp_path / "t", size="brief")


# --- what is drawn ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["micro", "macro"])
def test_the_apex_is_the_onset_moved_by_the_known_flow(kind):
    made = scene(events=EVENTS[:-1])
    event = next(event for event in made.video.events if event.kind == kind)
    shown = pictures(made)
    onset, apex = shown[event.onset], shown[event.apex]
    flow = made.flow(event)
    place = (np.stack(np.meshgrid(*map(np.arange, flow.shape[:0:-1]))) + flow).astype(np.float32)
    inner = (slice(24, -24), slice(24, -24))
    left = np.abs(cv2.remap(apex, place[0], place[1], cv2.INTER_CUBIC) - onset)[inner].mean()
    for wrong in ((1, 0), (0, 1), (-1, 0), (0, -1)):  # half a pixel of the face as it is drawn
        off = place + np.float32(wrong).reshape(2, 1, 1)
        assert np.abs(cv2.remap(apex, off[0], off[1], cv2.INTER_CUBIC) - onset)[inner].mean() > 1.3 * left


def test_size_of_motion_alone_tells_no_micro_expression():
    largest = {kind: [] for kind in ("micro", "macro", "talk")}
    for video in drawn("casme_sq")[::2]:
        face = faces.make(np.random.default_rng(video.subject))
        for local in long_scene.Scene(
            face, video, "casme_sq", np.random.default_rng(len(video.name)), 5, motion.AS_FILMED
        ).locals:
            if local.event.kind in largest:
                largest[local.event.kind].append(np.hypot(*local.field.transpose(2, 0, 1)).max() * local.curve.max())
    micro, others = np.array(largest["micro"]), np.array([*largest["macro"], *largest["talk"]])
    assert np.mean(others > micro.max()) > 0.5  # a threshold finds the distractors first
    assert np.mean((others > micro.min()) & (others < micro.max())) > 0.15  # a band finds many of them too


def test_an_expression_is_over_before_the_next_motion_and_talking_opens_the_mouth_again_and_again():
    locals_ = {local.event.kind: local for local in scene().locals}
    micro = [locals_["micro"].amount(number) for number in range(200)]
    assert micro[:11] == [0.0] * 11
    assert max(micro) == micro[16] == 1
    assert micro[23] == pytest.approx(0.15)
    assert micro[28:] == pytest.approx([0.0] * 172, abs=1e-6)
    talk = locals_["talk"].curve
    peaks = (talk[1:-1] > talk[:-2]) & (talk[1:-1] >= talk[2:]) & (talk[1:-1] > 0.2)
    assert 3 <= peaks.sum() <= 6


def test_blinks_nods_and_light_are_seen_where_they_belong():
    made = scene()
    shown = pictures(made)
    change = np.abs(shown[40] - shown[35]).mean(axis=2)
    marks = made.face.landmarks
    change = change[::2, ::2]
    eyes = [change[int(marks[e][1]) - 2 : int(marks[e][1]) + 3, int(marks[e][0]) - 4 : int(marks[e][0]) + 5].mean()
            for e in ("eye_l", "eye_r")]  # fmt: skip
    assert min(eyes) > 2 * change[int(marks["mouth_l"][1]) :].mean()
    steps = np.hypot(*np.diff(made.head[1:], axis=1))
    assert steps[110:130].max() > 2 * np.median(steps)
    assert abs(made.lamp[0, 50] - made.lamp[0, 20]) + abs(made.lamp[1:, 50] - made.lamp[1:, 20]).sum() > 0.03


def test_a_picture_of_a_fast_camera_holds_until_the_next_that_is_read():
    steps = [numbers for numbers, _ in scene("samm_long").pictures()]
    assert [len(numbers) for numbers in steps] == [7] * 28 + [4]
    assert [number for numbers in steps for number in numbers] == [*range(1, 201)]
    assert next(scene("samm_long").pictures())[1].shape == (2 * faces.HEIGHT, 2 * faces.WIDTH)  # grey
    assert {name: long_scene.held(name) for name in generate.VIDEOS} == {
        "casme3_long": 1, "casme_sq": 1, "samm_long": 7, "smic_long": 3}  # fmt: skip


@pytest.mark.parametrize("dataset", generate.VIDEOS)
def test_the_face_of_every_subject_is_found(dataset):
    for subject in long_cast.subject_numbers(dataset, 6):
        face = faces.make(long_events.random_stream(0, dataset, str(subject)))
        made = long_scene.Scene(
            face, Video(subject, "a", 5, ()), dataset, np.random.default_rng(0), 5, motion.AS_FILMED
        )
        picture = next(made.pictures())[1]
        grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        assert detect.find(grey) is not None, subject
