"""The inputs ``pair_flow`` and ``mdmd_feature``: which frames are compared, and what is cut out of them. Numbers are
those of docs/model-sources.md, MEAN and MDMD."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mebench.clips.clip import Clip
from mebench.config import input_names
from mebench.errors import UserError
from mebench.faces.detect import Detection
from mebench.inputs import dis, flow, mdmd_feature, pair_flow, pairs
from mebench.media.flow_field import strain_magnitude
from mebench.media.unavailable import Unavailable
from mebench.synthetic import faces as made_faces
from mebench.synthetic import motion

FRAMES = 34


def maker(root, name):
    module = {"pair_flow": pair_flow, "mdmd_feature": mdmd_feature}[name.split("-")[0].split(".")[0]]
    return module.Input(input_names.parse(name), root)


def clip(fps=30, last=FRAMES, frames="s1"):
    return Clip("samm/1/s1", "samm", "samm/1", onset=1, offset=last, fps=fps, frames=frames)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A video of 34 frames, 1 to 34, without frame 5: a generated face whose mouth is pulled up until frame 17 and
    back."""
    folder = tmp_path_factory.mktemp("pairs")
    (folder / "s1").mkdir()
    rng = np.random.default_rng(1)
    face = made_faces.make(rng)
    local = motion.from_units([("L", 12)], face.landmarks, 3.0)
    for number in {*range(1, FRAMES + 1)} - {5}:
        skin = motion.came_from(local, max(0.0, 1 - abs(number - 17) / 8), motion.Drift(0, 0, 0))
        picture = np.clip(face.look_up(skin) + rng.normal(0, 1.0, size=(*skin.shape[1:], 1)), 0, 255)
        cv2.imwrite(str(folder / "s1" / f"{number}.png"), cv2.cvtColor(picture.astype(np.uint8), cv2.COLOR_RGB2GRAY))
    return folder


@pytest.mark.parametrize(
    ("fps", "pace", "step", "later"),
    [(30, "full", 1, 3), (100, "full", 1, 10), (200, "full", 1, 20), (200, "fps30", 7, 3), (30, "fps30", 1, 3)],
)
def test_a_frame_is_compared_with_that_a_tenth_of_a_second_later(fps, pace, step, later, tmp_path):
    one = maker(tmp_path, "pair_flow-42" if pace == "full" else "pair_flow-42.fps30")
    assert one.step(clip(fps)) == step
    assert round(pair_flow.SECONDS * one.rate(clip(fps))) == later


def test_the_box_is_what_lies_in_the_frame():
    assert pairs.Box.within((-3, 4, 90, 70), (60, 80)) == pairs.Box(4, 60, 0, 80)
    assert pairs.Box.within((70, 4, 90, 70), (60, 80)) is None  # 10 columns are no face
    box = pairs.Box(10, 74, 20, 84)
    assert box.points(np.array([[20.0, 10.0], [83.0, 73.0]]), 128).tolist() == [[0.5, 0.5], [126.5, 126.5]]


def test_bands_are_those_of_the_landmarks_and_twelve_pixels():
    points = np.zeros((68, 2), np.float32)
    points[17], points[26] = (20, 40), (108, 40)
    points[19, 1], points[24, 1], points[41, 1], points[46, 1] = 30, 34, 52, 56
    points[60], points[64] = (44, 100), (84, 100)
    points[50, 1], points[57, 1] = 92, 120
    detection = Detection(0, 0, 127, 127, 1.0, "front", 1, 1)
    face, eyes, mouth = pair_flow.cut((128, 128), detection, points)
    assert face == pairs.Box(0, 128, 0, 128)
    assert eyes == pairs.Box(18, 69, 8, 121)
    assert mouth == pairs.Box(80, 128, 32, 97)  # the face ends at 128
    points[19, 1] = points[24, 1] = 150
    points[41, 1] = points[46, 1] = 160
    assert pair_flow.cut((128, 128), detection, points) is None


def test_channels_are_stretched_over_the_face_and_eyes_stand_above_the_mouth():
    u, v = np.mgrid[0:128, 0:128].astype(np.float32)
    found = pair_flow.banded(np.stack([u, 0 * v]), [pairs.Box(0, 42, 0, 84), pairs.Box(64, 128, 0, 128)], 42)
    assert (found.shape, found.dtype) == (((3, 42, 42)), np.uint8)
    assert found[0, 0, 0] == round(0.5 / 127 * 255)  # the mean of rows 0 and 1
    assert found[0, 20, 0] == round(40.5 / 127 * 255)
    assert found[0, 21, 0] > 128  # the mouth begins at row 64
    assert found[0, 41, 0] > 250
    assert not found[1:].any()  # nothing moves down, and the stretch is the same everywhere


def test_pairs_of_a_recording(root):
    made = maker(root, "pair_flow-42.dis").make(clip())
    assert (made.array.shape, made.array.dtype) == ((FRAMES - 3, 3, 42, 42), np.uint8)
    assert made.extras == {"windows": FRAMES - 3, "step": 1, "first": 1, "length": 1}
    one = maker(root, "pair_flow-42.dis")
    reel = pairs.roi_flow.Reel(one.reel(clip())[1], 1)
    box, *bands = one.looked_for(clip(), reel, pair_flow.cut)
    first, second = (box.cut(reel(i), 128) for i in (10, 13))
    np.testing.assert_array_equal(made.array[10], pair_flow.banded(dis.flow(first, second), bands, 42))
    assert strain_magnitude(dis.flow(first, second)).max() > 0


def test_each_frame_is_read_once_and_the_memory_is_that_of_few_faces(root, monkeypatch):
    read = []
    one = pairs.roi_flow.Reel.__call__
    monkeypatch.setattr(pairs.roi_flow.Reel, "__call__", lambda self, i: read.append(i) or one(self, i))
    monkeypatch.setattr(pair_flow, "TOGETHER", 4)
    maker(root, "pair_flow-42.dis").make(clip())
    assert sorted(read[1:]) == list(range(FRAMES))  # the first was looked at for a face
    read.clear()
    maker(root, "mdmd_feature-96").make(clip())
    assert sorted(read[1:]) == list(range(FRAMES))


def test_pairs_are_computed_together_where_the_estimator_can(monkeypatch):
    seen = []
    monkeypatch.setattr(dis, "flow_batch", lambda a, b: seen.append((a.shape, b.shape)) or a, raising=False)
    flow.estimate_pairs("dis", [np.zeros((4, 4))] * 3, [np.ones((4, 4))] * 3)
    assert seen == [((3, 4, 4), (3, 4, 4))]


def test_the_feature_of_each_frame_of_a_recording(root):
    made = maker(root, "mdmd_feature-96").make(clip())
    assert made.array.shape == (FRAMES, 1)
    assert made.extras == {"windows": FRAMES, "step": 1, "first": 1, "length": 1}
    values = made.array[:, 0]
    k = mdmd_feature.half_window(FRAMES, 12)  # 34 frames have not six of 12, nor of 6
    assert k == 3
    assert np.flatnonzero(np.isnan(values)).tolist() == [0, 1, 2, 31, 32, 33]
    assert abs(np.nanargmax(values) - 16) <= 1  # frame 17: the mouth is back at 3 frames before and after


@pytest.mark.parametrize(("name", "shape"), [("pair_flow-20.dis", (1, 3, 20, 20)), ("mdmd_feature-60", (2, 1))])
def test_a_recording_of_two_frames_has_positions(root, name, shape):
    array = maker(root, name).make(clip(last=2)).array
    assert array.shape == shape


def test_what_a_recording_lacks_is_said(root, tmp_path):
    with pytest.raises(UserError, match="samm/1/s1 has no fps"):
        maker(root, "pair_flow-42").make(clip(fps=None))
    with pytest.raises(UserError, match="holds none of the frames 1 to 0"):
        maker(root, "mdmd_feature-96").made_from(clip(last=0))
    (tmp_path / "s1").mkdir()
    for number in range(1, 4):
        cv2.imwrite(str(tmp_path / "s1" / f"{number}.png"), np.full((90, 90), 90, np.uint8))
    for name in ("pair_flow-42.dis", "mdmd_feature-96"):
        with pytest.raises(Unavailable, match="no face is found in 3 frames of samm/1/s1"):
            maker(tmp_path, name).make(clip(last=3))


def test_a_missing_frame_is_the_next_one(root):
    numbers, files = maker(root, "pair_flow-42").reel(clip())
    assert numbers[3:6] == [4, 6, 6]
    assert len(files) == FRAMES


def test_names_of_the_inputs():
    assert input_names.parse("pair_flow-42.dis.fps30").options == {"flow": "dis", "pace": "fps30"}
    assert input_names.parse("mdmd_feature-227.macro.fps30").options["expression"] == "macro"
    with pytest.raises(UserError, match="needs a size of 60 to 1024 pixels"):
        input_names.parse("mdmd_feature")
