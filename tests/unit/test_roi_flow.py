"""The input ``roi_flow``: windows, face regions and their motion. Numbers are those of facts, ME-TST, section 1."""

from __future__ import annotations

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from mebench import cli, formats
from mebench.clips.clip import Clip
from mebench.config import input_names
from mebench.errors import UserError
from mebench.files import read_csv, write_csv
from mebench.inputs import roi_flow, store
from mebench.inputs import roi_regions as roi
from mebench.media.unavailable import Unavailable
from mebench.synthetic import faces as made_faces
from mebench.synthetic import generate, motion

# --- time -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fps", "step", "length"),
    [
        (30, 1, 50),  # CAS(ME)^3, table of 1.1
        (200, 7, 30),  # SAMM Long Videos, table of 1.1
        (100, 3, 30),  # SMIC: 33.3 fps is nearer to 30 than 50 or 25
        (25, 1, 50),
        (60, 2, 30),
        (90.0, 3, 30),
    ],
)
def test_how_a_recording_is_read(fps, step, length):
    assert roi_flow.pace(Clip("x", "samm", "samm/1", fps=fps)) == roi_flow.Pace(step, length)


def test_a_recording_needs_its_fps():
    with pytest.raises(UserError, match="x/s/v has no fps"):
        roi_flow.pace(Clip("x/s/v", "x", "x/s"))


def test_missing_frames_are_filled_with_the_next():
    assert roi_flow.positions([1, 2, 5, 6], 1) == [1, 2, 5, 5, 5, 6]
    assert roi_flow.positions([1, *range(9, 23)], 7) == [1, 9, 15, 22]  # 8 is missing
    assert roi_flow.positions([4], 7) == [4]


@pytest.mark.parametrize(
    ("count", "length", "starts"),
    [
        (100, 50, [0, 25, 50]),  # n = T // (k/2) - 1
        (124, 50, [0, 25, 50]),  # the last 24 frames are in no window
        (125, 50, [0, 25, 50, 75]),
        (50, 50, [0]),
        (49, 50, [0]),  # too short: one window, padded
        (1, 50, [0]),
        (100, 30, [0, 15, 30, 45, 60]),
    ],
)
def test_windows_overlap_by_half(count, length, starts):
    assert list(roi_flow.windows(count, length)) == starts


def test_a_short_window_repeats_its_last_column():
    assert roi_flow.padded(np.array([[0, 1, 2], [0, 3, 4]]), 5).tolist() == [[0, 1, 2, 2, 2], [0, 3, 4, 4, 4]]


@pytest.mark.parametrize(
    ("seen", "tried"),
    [({10}, [10]), ({4, 13}, [10, 7, 4]), ({16}, [10, 7, 4, 1, 13, 16]), (set(), [10, 7, 4, 1, 13, 16, 19])],
)
def test_where_a_face_is_looked_for(seen, tried):
    """Three back at a time, then three forward at a time (1.2)."""
    asked = []

    def look(position):
        asked.append(position)
        return f"face {position}" if position in seen else None

    found = roi_flow.nearest_face(look, 10, 20)
    assert found == (f"face {tried[-1]}" if seen else None)
    assert asked == tried


# --- the face in a frame ----------------------------------------------------------------------------------------------


def inner_corners(left, right):
    points = np.zeros((68, 2))
    points[39], points[42] = left, right
    return points


def test_the_box_of_a_face():
    """g = 20: 70 px above and 110 below the middle (120, 82), 90 to each side."""
    assert roi.face_box(inner_corners((100, 80), (140, 84))) == (12, 192, 30, 210)
    assert roi.face_box(inner_corners((100, 80), (141, 84))) == (12, 192, 30, 210)  # int(41 / 2) = 20
    assert roi.face_box(inner_corners((50, 30), (90, 34))) == (0, 142, 0, 160)  # top and left stop at the border
    with pytest.raises(roi.Unusable):
        roi.face_box(inner_corners((50, 30), (51, 30)))


def test_landmarks_are_carried_into_the_face():
    points = np.array([[100.0, 90.0], [20.0, 10.0]])
    assert roi.inside(points, (10, 170, 20, 180), (400, 400)).tolist() == [[160, 160], [0, 0]]
    # the frame ends at 100 x 90: the face is what lies in it, 80 x 80 px
    assert roi.inside(points, (10, 170, 20, 180), (90, 100)).tolist() == [[320, 320], [0, 0]]


def test_a_box_follows_the_head():
    box, head = (100, 260, 100, 260), np.array([4.0, -2.4])
    assert roi.shifted(box, head, (400, 400), scaled=False) == (98, 258, 104, 264)  # as many pixels of the frame
    assert roi.shifted(box, head, (400, 400), scaled=True) == (99, 259, 102, 262)  # a pixel of the face is half a pixel
    assert roi.shifted((1, 161, 3, 163), np.array([-5.0, -5.0]), (400, 400), scaled=False) == (0, 156, 0, 158)


# --- regions ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def points():
    """Landmarks of an upright face of 320 x 320."""
    points = np.full((68, 2), 160)
    points[17:22] = [(40, 90), (55, 84), (70, 82), (85, 84), (100, 88)]
    points[22:27] = [(200, 88), (215, 84), (230, 82), (245, 84), (260, 90)]
    points[27:31] = [(160, 110), (160, 130), (158, 150), (160, 170)]
    points[31:36] = [(130, 190), (145, 195), (160, 198), (175, 195), (190, 190)]
    points[36:42] = [(60, 128), (80, 120), (100, 120), (120, 128), (100, 136), (80, 136)]
    points[42:48] = points[36:42] + np.array([140, 0])
    points[48:67] = (160, 240)
    points[[48, 54, 51, 57, 62]] = [(110, 240), (210, 240), (160, 220), (160, 260), (160, 238)]
    points[67] = (20, 300)  # is left out of the mouth
    return points


def test_regions_of_ten_channels(points):
    found = [(region.box, [(p.name, p.box, p.share) for p in region.patches]) for region in roi.regions(points, 10)]
    assert found == [
        ((67, 95, 35, 100), [("brow_left", (10, 18, 10, 55), 0.3)]),
        ((67, 95, 200, 260), [("brow_right", (10, 18, 10, 50), 0.3)]),
        ((205, 270, 90, 230), [("mouth", (10, 55, 10, 130), 0.3)]),
        ((150, 203, 100, 220), [("wing_left", (20, 45, 10, 40), 0.2), ("wing_right", (20, 45, 80, 110), 0.2)]),
    ]
    assert roi.bridge(points) == roi.Region((137, 183, 145, 173), (roi.Patch("bridge", (15, 36, 5, 23), 0.7),))


def test_regions_of_thirty_six_channels(points):
    brow_left, brow_right, mouth, nose, lid_left, lid_right = roi.regions(points, 36)
    assert brow_left.patches[1:] == (
        roi.Patch("point20", (7, 27, 40, 60), 0.2),
        roi.Patch("point19", (5, 25, 25, 45), 0.2),
        roi.Patch("point18", (7, 27, 10, 30), 0.2),
    )
    assert brow_right.patches[1:] == (
        roi.Patch("point23", (7, 27, 5, 25), 0.3),
        roi.Patch("point24", (5, 25, 20, 40), 0.3),
        roi.Patch("point25", (7, 27, 35, 55), 0.3),
    )
    assert mouth.patches[1:] == (
        roi.Patch("point48", (25, 45, 10, 40), 0.2),
        roi.Patch("point54", (25, 45, 100, 130), 0.2),
        roi.Patch("point51", (5, 25, 60, 80), 0.2),
        roi.Patch("point57", (45, 65, 60, 80), 0.2),
        roi.Patch("point62", (23, 43, 60, 80), 0.2),
    )
    # eye 60 wide, its middle at 128: rows 128 + 15 to 128 + 45
    assert lid_left == roi.Region((143, 173, 60, 120), (roi.Patch("lid_left", (5, 25, 5, 55), 0.3),))
    assert lid_right == roi.Region((143, 173, 200, 260), (roi.Patch("lid_right", (5, 25, 5, 55), 0.3),))
    assert nose == roi.regions(points, 10)[3]


def test_a_flat_brow_keeps_more_of_its_height(points):
    """28 px less 3 are more than 10 + 10. A flat brow is 20 px high, 17 are fewer: its lower margin is 4, not 10; that
    of the left one alone, so that nothing is left of a flat right one."""
    points[17:22, 1] = 84
    left, right, *_ = roi.regions(points, 10)
    assert left.box[:2] == (69, 89)
    assert left.patches[0].box[:2] == (10, 16)
    assert right.patches[0].box[:2] == (10, 18)
    points[22:27, 1] = 84
    with pytest.raises(roi.Unusable, match="brow_right does not lie in the face"):
        roi.regions(points, 10)


def test_a_brow_at_the_border_has_less_margin_there(points):
    points[17:27, 1] -= 74  # the highest point at 8: the region would begin at -7
    left, right, *_ = roi.regions(points, 10)
    assert left.box == (0, 21, 35, 100)
    assert left.patches[0].box[:2] == (3, 11)
    assert right.patches[0].box[:2] == (3, 11)


def test_a_face_that_is_not_whole_is_unusable(points):
    points[48:67, 1] += 100
    with pytest.raises(roi.Unusable, match="mouth does not lie in the face"):
        roi.regions(points, 10)


def test_names_of_the_channels(points):
    assert roi.names(10) == ["brow_left_u", "brow_left_v", "brow_right_u", "brow_right_v", "mouth_u", "mouth_v",
                             "wing_left_u", "wing_left_v", "wing_right_u", "wing_right_v"]  # fmt: skip
    for count in (10, 36):
        patches = [patch.name for region in roi.regions(points, count) for patch in region.patches]
        assert roi.names(count) == [f"{patch}_{axis}" for patch in patches for axis in "uv"]
        assert len(set(roi.names(count))) == count


# --- motion -----------------------------------------------------------------------------------------------------------


def test_the_fastest_pixels_speak_for_a_patch():
    flow = np.zeros((2, 5, 2))
    flow[..., 0].flat = range(10)  # the fastest three move by 7, 8 and 9 to the right
    flow[1, 4] = (-9, 3)  # ... and the last one by (-9, 3): the fastest of all
    assert roi.descriptor(flow, 0.3) == pytest.approx([(7 + 8 - 9) / 3, 1.0])
    assert roi.descriptor(flow, 0.2) == pytest.approx([(8 - 9) / 2, 1.5])
    assert roi.descriptor(flow[:1, :1], 0.3) == pytest.approx([0, 0])  # one pixel: int(0.7) = 0 are left out


@pytest.fixture(scope="module")
def portrait():
    """A grey photograph with a face of about 320 px: astronaut(), enlarged; public domain."""
    from skimage import data

    grey = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2GRAY)
    return cv2.resize(grey[20:220, 100:350], None, fx=2.75, fy=2.75, interpolation=cv2.INTER_CUBIC)


@pytest.fixture(scope="module")
def face(portrait):
    return roi_flow.find(portrait, roi_flow.face_landmarks(portrait), 36)


def moved(picture, dx, dy, bump=(0.0, 0.0), at=(0, 0), width=18):
    """``picture`` shifted by (dx, dy), and by ``bump`` more around ``at``."""
    x, y = np.meshgrid(*(np.arange(side, dtype=np.float32) for side in picture.shape[::-1]))
    near = np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / (2 * width**2))
    place = [(axis - d - b * near).astype(np.float32) for axis, d, b in zip((x, y), (dx, dy), bump, strict=True)]
    return cv2.remap(picture, *place, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


def named(series, count=36):
    return dict(zip(roi.names(count), series, strict=True))


def test_the_face_fills_its_box(portrait, face):
    top, bottom, left, right = face.box
    assert 250 < bottom - top < 400
    assert roi.SIDE == 320
    assert face.picture.shape == (320, 320)
    assert 0 <= top < bottom <= portrait.shape[0]
    assert 0 <= left < right <= portrait.shape[1]


@pytest.mark.parametrize("scaled", [False, True])
def test_a_head_that_moves_as_a_whole_does_not_count(portrait, face, scaled):
    """Up to 12 px: the box follows, and what remains is subtracted."""
    steps = [(0, 0), (0.4, -0.3), (1.5, 1), (4, 2), (8, 4), (12, 5)]
    series = roi_flow.series(face, [moved(portrait, *step) for step in steps], scaled)
    assert series.shape == (36, len(steps))
    assert (series[:, 0] == 0).all()
    assert np.abs(series).max() < 0.4


def test_the_box_stays_where_the_head_went(portrait, face):
    """Its shift persists to later frames of the window (1.4): one that jumped 12 px is not found again from 0."""
    frames = [moved(portrait, *step) for step in [(4, 0), (8, 0), (12, 0)]]
    box, boxes = face.box, []
    for frame in frames:
        _, box, head = roi_flow.follow(face, frame, box, scaled=True)
        boxes.append(box[2] - face.box[2])
        assert np.abs(head).max() <= 1
    assert boxes == pytest.approx([4, 8, 12], abs=1)


def test_a_box_moves_three_times_at_most(portrait, face, monkeypatch):
    """1.4: a head that would always be five pixels further on."""
    monkeypatch.setattr(roi, "motions", lambda *_: iter([np.array([5.0, 0.0])]))
    _, box, head = roi_flow.follow(face, portrait, face.box, scaled=False)
    assert (box[2] - face.box[2], head.tolist()) == (15, [5, 0])


def test_flow_of_a_region_is_farnebacks_of_the_part_that_is_cut_out(face):
    """1.4: with the settings of the released code, blind to what is beside the region."""
    other = moved(face.picture, 1.5, -1)
    top, bottom, left, right = (region := face.regions[0]).box
    parts = [picture[top:bottom, left:right] for picture in (face.picture, other)]
    flow = cv2.calcOpticalFlowFarneback(*parts, None, pyr_scale=0.5, levels=3, winsize=15, iterations=5, poly_n=7,
                                        poly_sigma=1.5, flags=0)  # fmt: skip
    np.testing.assert_array_equal(roi.farneback(face.picture, other, region), flow)


def test_a_corner_of_the_mouth_that_is_pulled_up_and_outwards(portrait, face):
    """The corner at the right of the picture (54) moves by (3, -4) while the head moves by (1, 1)."""
    landmarks = roi_flow.face_landmarks(portrait)
    smile = [moved(portrait, 1, 1, bump=(3 * a, -4 * a), at=landmarks[54]) for a in (0, 0.5, 1)]
    series = named(roi_flow.series(face, [portrait, *smile], scaled=False))
    assert 1.5 < series["point54_u"][-1] < 4
    assert -5 < series["point54_v"][-1] < -2
    assert series["mouth_u"][-1] > 0.7
    assert series["mouth_v"][-1] < -1
    assert (np.diff(series["point54_v"][1:]) < 0).all()  # more and more
    for name in ("point48_u", "point48_v", "brow_left_u", "brow_left_v", "brow_right_u", "brow_right_v", "lid_left_v"):
        assert np.abs(series[name]).max() < 0.3, name


def test_a_brow_that_is_raised(portrait, face):
    landmarks = roi_flow.face_landmarks(portrait)
    raised = moved(portrait, 0, 0, bump=(0, -4), at=landmarks[19])
    series = named(roi_flow.series(face, [portrait, raised], scaled=False))
    assert series["brow_left_v"][-1] < -1.5
    assert np.abs(series["brow_right_v"][-1]) < 0.2
    assert np.abs(series["mouth_v"][-1]) < 0.2


def test_ten_channels_are_among_the_thirty_six(portrait, face):
    few = roi_flow.find(portrait, roi_flow.face_landmarks(portrait), 10)
    frames = [portrait, moved(portrait, 1, 0, bump=(2, 2), at=(300, 300), width=60)]
    ten, all_of_them = (roi_flow.series(f, frames, scaled=False) for f in (few, face))
    for name, values in named(ten, 10).items():
        np.testing.assert_array_equal(values, named(all_of_them)[name])


# --- recordings -------------------------------------------------------------------------------------------------------

FRAMES, PEAK = 80, 40


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """A folder with a generated video of 80 frames at 30 fps, numbers 1 to 80: the corner of the mouth at the right of
    the picture is pulled up from frame 31 to 41 and back; frames 5 and 60 are missing. Its rows of clips and videos."""
    root = tmp_path_factory.mktemp("recording")
    (root / "s1").mkdir()
    (root / "SYNTHETIC.json").write_text(json.dumps({"dataset": "samm", "size": "small"}))
    rng = np.random.default_rng(1)
    face = made_faces.make(rng)
    local = motion.from_units([("L", 12)], face.landmarks, 2.0)
    amounts = motion.rise_and_fall(np.arange(FRAMES), 30, PEAK, 50)
    for i, amount in enumerate(amounts.tolist()):
        skin = motion.came_from(local, amount, motion.Drift(0, 0, 0))
        picture = np.clip(face.look_up(skin) + rng.normal(0, 1.5, size=(*skin.shape[1:], 1)), 0, 255)
        if i + 1 not in (5, 60):
            grey = cv2.cvtColor(picture.astype(np.uint8), cv2.COLOR_RGB2GRAY)
            cv2.imwrite(str(root / "s1" / f"{i + 1}.png"), grey)
    clip = {"clip_id": "samm/1/me", "subject": "samm/1", "frames": "s1", "fps": 30}
    clip |= {"onset": 31, "apex": 41, "offset": 51}
    video = {"video_id": "samm/1/s1", "subject": "samm/1", "first": 1, "last": FRAMES, "fps": 30, "frames": "s1"}
    video |= {"frames_on_disk": FRAMES - 2, "gaps": 2}
    write_csv(root / "clips.csv", formats.CLIPS.names, [dict.fromkeys(formats.CLIPS.names, "") | clip])
    return root, dict.fromkeys(formats.VIDEOS.names, "") | video


def run(root, videos, out, name="roi_flow-36"):
    write_csv(root / "videos.csv", formats.VIDEOS.names, videos)
    arguments = ["--clips", str(root / "clips.csv"), "--root", str(root), "--out", str(out)]
    assert cli.main(["inputs", "samm", name, *arguments]) == 0
    return store.load(out)


def test_a_video_from_the_command_line(recording, tmp_path, capsys):
    root, video = recording
    kept = run(root, [video], tmp_path / "out")
    assert capsys.readouterr().out.splitlines()[-1].startswith("samm: roi_flow-36 of 1 of 1 videos in")
    assert kept.ids == ["samm/1/s1"]
    assert [kept.extra("samm/1/s1", name) for name in ("windows", "step", "first")] == [2, 1, 1]
    array = kept.get("samm/1/s1")
    assert (array.shape, array.dtype) == ((2, 36, 50), np.float32)
    assert (array[:, :, 0] == 0).all()
    assert kept.meta["channels"] == roi.names(36)
    first = dict(zip(kept.meta["channels"], array[0], strict=True))
    # about 2 px of a frame, and the face of 108 px is brought to 320: about 6 px of those
    assert -7 < first["point54_v"][PEAK] < -2.5
    assert first["point54_u"][PEAK] > 2
    assert np.abs(first["point54_v"][1:25]).max() < 1
    assert np.abs(first["brow_left_v"]).max() < 1
    # the second window starts at frame 26, and its flow with it: the same moment, 25 columns earlier
    second = dict(zip(kept.meta["channels"], array[1], strict=True))
    assert second["point54_v"][PEAK - 25] == pytest.approx(first["point54_v"][PEAK], abs=0.8)


def test_the_same_frames_give_the_same_numbers(recording):
    root, video = recording
    few = as_clip(video, onset=31, offset=45)
    first, second = (maker(root).make(few).array for _ in range(2))
    assert first.shape == (1, 10, 50)
    np.testing.assert_array_equal(first, second)


def test_one_reference_for_a_whole_recording(recording):
    """All flow starts at frame 1, so the windows are cut from one series; the first is that of windows of their own."""
    root, video = recording
    whole = maker(root, "roi_flow-10.recording").make(as_clip(video))
    assert whole.array.shape == (2, 10, 50)
    np.testing.assert_array_equal(whole.array[1, :, :25], whole.array[0, :, 25:])
    alone = maker(root).make(as_clip(video))
    np.testing.assert_array_equal(whole.array[0], alone.array[0])
    assert whole.extras == alone.extras
    few = [maker(root, name).make(as_clip(video, offset=20)).array for name in ("roi_flow-10", "roi_flow-10.recording")]
    np.testing.assert_array_equal(*few)  # shorter than a window


def test_a_dataset_of_clips_has_a_recording_per_clip(recording, tmp_path):
    root, _ = recording
    kept = run(root, [], tmp_path / "out", "roi_flow-10.scaled")
    assert kept.ids == ["samm/1/me"]
    assert [kept.extra("samm/1/me", name) for name in ("windows", "step", "first")] == [1, 1, 31]
    array = kept.get("samm/1/me")[0]
    assert array.shape == (10, 50)
    assert (array[:, 21:] == array[:, 20:21]).all()  # frames 31 to 51, and the last one again and again
    assert array[5].argmin() in range(7, 14)  # mouth_v: the apex is at column 10


def test_synthetic_samm_is_read_at_every_seventh_frame(tmp_path, capsys):
    generate.write("samm", tmp_path / "data", tmp_path / "truth", subjects=2, clips=1, seed=0)
    clips = tmp_path / "clips.csv"
    assert cli.main(["index", "samm", "--root", str(tmp_path / "data"), "--out", str(clips)]) == 0
    arguments = ["--clips", str(clips), "--root", str(tmp_path / "data"), "--out", str(tmp_path / "out")]
    assert cli.main(["inputs", "samm", "roi_flow-10", *arguments]) == 0
    kept = store.load(tmp_path / "out")
    for row in read_csv(clips):
        array = kept.get(row["clip_id"])
        assert array.shape == (1, 10, 30)
        used = (int(row["offset"]) - int(row["onset"])) // 7 + 1
        assert (array[..., used:] == array[..., used - 1 : used]).all()
        assert np.abs(array[..., 1:used]).max(axis=1).min() > 0
        assert [kept.extra(row["clip_id"], name) for name in ("step", "first")] == [7, int(row["onset"])]


def maker(root, name="roi_flow-10"):
    return roi_flow.Input(input_names.parse(name), root)


def as_clip(video, **changes):
    """The whole of a video, or a part of it, as a clip."""
    clip = Clip(video["video_id"], "samm", video["subject"], fps=video["fps"], frames=video["frames"])
    return replace(clip, **({"onset": video["first"], "offset": video["last"]} | changes))


def test_missing_frames_and_frame_zero(recording, tmp_path):
    root, video = recording
    numbers, files = maker(root).reel(as_clip(video), 1)
    assert len(files) == FRAMES
    assert numbers[3:6] == [4, 6, 6]  # 5 is missing, the next one stands in
    assert [path.stem for path in files[58:61]] == ["59", "61", "61"]
    (tmp_path / "s1").mkdir()
    for number in (0, 1, 2):
        cv2.imwrite(str(tmp_path / "s1" / f"{number}.png"), np.zeros((40, 40), np.uint8))
    assert maker(tmp_path).reel(as_clip(video, onset=0), 1)[0] == [1, 2]


def frames_of(folder, pictures):
    (folder / "s1").mkdir(parents=True)
    for number, picture in enumerate(pictures, start=1):
        cv2.imwrite(str(folder / "s1" / f"{number}.png"), picture)


def test_a_video_without_a_face_is_a_record(recording, tmp_path):
    _, video = recording
    frames_of(tmp_path, [np.full((120, 120), 90, np.uint8)] * 12)
    with pytest.raises(Unavailable, match="no face is found in 12 frames of samm/1/s1") as raised:
        maker(tmp_path).make(as_clip(video))
    assert raised.value.status == "no_face"


def test_a_face_that_comes_later_is_the_reference(recording, tmp_path):
    """Frames 1 to 4 are blank: frame 1 + 2 * 3 = 7 is the first of those tried that shows a face."""
    root, video = recording
    seen = [cv2.imread(str(root / "s1" / f"{i}.png"), cv2.IMREAD_GRAYSCALE) for i in (31, 36, 41)]
    blank = np.full_like(seen[0], 90)
    frames_of(tmp_path, [*[blank] * 4, *[seen[0]] * 3, seen[1], seen[2]])
    array = maker(tmp_path, "roi_flow-36").make(as_clip(video)).array[0]
    corner = dict(zip(roi.names(36), array, strict=True))["point54_v"]
    assert np.abs(corner[4:7]).max() < 0.01  # the reference frame itself, and copies of it
    assert corner[8] < corner[7] < -0.3


def test_frames_of_two_sizes_damaged_and_missing_frames(recording, tmp_path):
    root, video = recording
    seen = cv2.imread(str(root / "s1" / "1.png"), cv2.IMREAD_GRAYSCALE)
    frames_of(tmp_path, [seen, seen, seen[:-1], seen])
    with pytest.raises(UserError, match=r"3.png is 112 x 127 pixels, but other frames of the recording are 112 x 128"):
        maker(tmp_path).make(as_clip(video))
    (tmp_path / "s1" / "3.png").write_bytes(b"")
    with pytest.raises(UserError, match="3.png cannot be read"):
        maker(tmp_path).make(as_clip(video))
    with pytest.raises(UserError, match="holds none of the frames 5 to 80 of samm/1/s1"):
        maker(tmp_path).make(as_clip(video, onset=5))


def test_recordings_need_videos_csv(recording, tmp_path, capsys):
    root, _ = recording
    (tmp_path / "clips.csv").write_text((root / "clips.csv").read_text())
    arguments = ["--clips", str(tmp_path / "clips.csv"), "--root", str(root), "--out", str(tmp_path / "out")]
    assert cli.main(["inputs", "samm", "roi_flow-10", *arguments]) == 2
    assert "there is no" in (error := capsys.readouterr().err)
    assert "videos.csv; index the dataset again" in error


@pytest.mark.parametrize("digits", [0, 1, 7])  # many, some and no pixels of one speed
def test_the_fastest_pixels_are_those_of_a_stable_sort_bit_by_bit(digits):
    flow = np.random.default_rng(0).normal(size=(20, 30, 2)).round(digits).astype(np.float32)
    pixels = flow.reshape(-1, 2).astype(np.float64)
    order = np.argsort((pixels**2).sum(1), kind="stable")
    for share in (0.2, 0.3, 0.7, 1):
        assert (roi.descriptor(flow, share) == pixels[order[int(600 * (1 - share)) :]].mean(0)).all()
