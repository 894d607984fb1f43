"""Generated datasets: their known flow is right, and the same parameters give the same pictures."""

from __future__ import annotations

import re
import zipfile

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mebench import cards
from mebench.errors import UserError
from mebench.synthetic import cast, faces, formulas, generate, motion, writers


def face_and_motion(seed: int, pixels: float = 2.5):
    rng = np.random.default_rng(seed)
    face = faces.make(rng)
    return face, motion.from_units([("", 1), ("", 2), ("L", 12)], face.landmarks, pixels)


@settings(max_examples=20, deadline=None)
@given(
    units=st.lists(
        st.tuples(st.sampled_from(["", "L", "R"]), st.sampled_from(sorted(motion.UNITS))), min_size=1, max_size=3
    ),
    pixels=st.floats(0.5, 3),
    amount=st.floats(0, 1),
    drift=st.builds(motion.Drift, st.floats(-0.03, 0.03), st.floats(-3, 3), st.floats(-3, 3)),
)
def test_drawn_backwards_and_known_forwards_agree(units, pixels, amount, drift):
    landmarks = face_and_motion(0)[0].landmarks
    local = motion.from_units(units, landmarks, pixels)
    source = motion.came_from(local, amount, drift).astype(float)
    there = drift(source + amount * local(source))
    assert np.abs(there - motion.grid()).max() < 0.01
    again = motion.came_from(local, amount, drift, source + 0.3)  # a first guess does not change the answer
    assert np.abs(again - source).max() < 0.01


def test_largest_displacement_is_what_was_asked_for():
    _, local = face_and_motion(1, pixels=1.7)
    assert np.isclose(np.sqrt((local(motion.grid()) ** 2).sum(0)).max(), 1.7)


def test_apex_frame_shows_the_onset_frame_moved_by_the_flow():
    """The picture itself, not only the formula: warping the apex back by the flow gives the onset frame."""
    face, local = face_and_motion(2)
    drift = motion.Drift(0.012, 1.4, -0.8)
    onset = face.look_up(motion.came_from(local, 0, motion.Drift(0, 0, 0)))
    apex = face.look_up(motion.came_from(local, 1, drift))
    place = (motion.grid() + motion.flow(local, 1, drift)).astype(np.float32)
    back = cv2.remap(apex, place[0], place[1], cv2.INTER_CUBIC)
    inner = (slice(6, -6), slice(6, -6))
    left, still = np.abs(back - onset)[inner].mean(), np.abs(apex - onset)[inner].mean()
    assert left < 0.25 * still
    # a flow that is wrong by a third of a pixel explains the pictures worse
    for wrong in ((0.33, 0), (0, 0.33), (-0.33, 0), (0, -0.33)):
        off = place + np.float32(wrong).reshape(2, 1, 1)
        assert np.abs(cv2.remap(apex, off[0], off[1], cv2.INTER_CUBIC) - onset)[inner].mean() > 1.3 * left


def test_left_and_right_are_the_subjects_own():
    face, _ = face_and_motion(3)
    local = motion.from_units([("L", 12)], face.landmarks, 2.0)
    length = np.sqrt((local(motion.grid()) ** 2).sum(0))
    assert np.unravel_index(length.argmax(), length.shape)[1] > faces.WIDTH / 2


def test_motion_starts_at_the_onset_and_peaks_at_the_peak():
    amount = motion.rise_and_fall(np.arange(10, 41), 10, 22, 40)
    assert amount[0] == 0
    assert amount.argmax() == 12
    assert amount[12] == 1
    assert np.all(np.diff(amount[:13]) > 0)
    assert np.all(np.diff(amount[12:]) < 0)


@pytest.mark.parametrize("dataset", generate.NAMES)
def test_default_cast_is_skewed_like_the_real_one(dataset):
    clips = cast.draw_clips(dataset, **generate.DEFAULTS)
    per_subject = [sum(c.subject == s for c in clips) for s in {c.subject for c in clips}]
    assert len(clips) == 48
    assert min(per_subject) == 1
    assert max(per_subject) > 2 * len(clips) / len(per_subject)
    assert len({(c.subject, c.name) for c in clips}) == len(clips)
    assert {c.emotion for c in clips} <= set(cards.card("datasets", dataset)["emotions"])
    assert all(c.onset < c.peak < c.offset for c in clips)
    # each class that a task of three classes needs is shown by two subjects, so that no training fold lacks it
    for emotion in ("surprise", "happiness", "positive", "negative", "disgust", "anger"):
        subjects = {c.subject for c in clips if c.emotion == emotion}
        assert len(subjects) >= 2 or emotion not in cast.MIX[dataset]


def test_same_parameters_same_bytes_with_any_number_of_jobs(tmp_path):
    for name, jobs in (("a", 1), ("b", 2)):
        generate.write("samm", tmp_path / name, tmp_path / f"{name}_truth", subjects=2, clips=2, seed=3, jobs=jobs)
    files = sorted(p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*.jpg"))
    assert len(files) > 40
    assert all((tmp_path / "a" / f).read_bytes() == (tmp_path / "b" / f).read_bytes() for f in files)
    assert files == sorted(p.relative_to(tmp_path / "b") for p in (tmp_path / "b").rglob("*.jpg"))
    known = [sorted((tmp_path / f"{n}_truth").rglob("*.npz")) for n in "ab"]
    assert all(p.read_bytes() == q.read_bytes() for p, q in zip(*known, strict=True))


def test_clear_clips_are_the_small_ones_with_larger_expressions_and_little_else(tmp_path):
    """Of the first clip: the same face and frames, the known flow about twice as long, less of it at the border."""
    flows, files = {}, {}
    for size in ("small", "clear"):
        generate.write("smic", tmp_path / size, tmp_path / f"{size}_truth", subjects=2, clips=2, size=size)
        file = min((tmp_path / f"{size}_truth").rglob("*.npz"))
        flows[size] = np.linalg.norm(np.load(file)["flow"], axis=0)
        files[size] = sorted(path.relative_to(tmp_path / size) for path in (tmp_path / size).rglob("*.*"))
    assert files["small"] == files["clear"]
    border = {size: flow[:3].mean() for size, flow in flows.items()}  # above the forehead only the head moves
    assert border["clear"] < 0.2 * border["small"]
    assert flows["clear"].max() > 1.8


def test_a_furrow_darkens_its_place_on_its_side_as_far_as_the_expression_shows():
    face, _ = face_and_motion(3)
    points = motion.grid()
    drawn = motion.furrows(motion.parsed_units("L14"), face.landmarks, 0.25)
    light = drawn(points, 1.0)[..., 0]
    y, x = np.unravel_index(light.argmin(), light.shape)
    assert light.min() == pytest.approx(0.75, abs=0.01)
    assert np.hypot(*(np.array([x, y]) - face.landmarks["mouth_l"])) < 8 or np.hypot(
        *(np.array([x, y]) - face.landmarks["mouth_r"])) < 8  # fmt: skip
    assert light[:40].min() > 0.999  # the brows do not change
    assert (drawn(points, 0.0) == 1).all()
    assert set(motion.FURROWS) == set(motion.UNITS)


def test_a_subject_does_not_depend_on_the_others():
    first, second = (faces.make(cast.random_stream(0, "casme2", name)) for name in ("sub01", "sub02"))
    assert np.array_equal(first.appearance, faces.make(cast.random_stream(0, "casme2", "sub01")).appearance)
    # people differ by more than any of them moves
    assert np.abs(first.appearance - second.appearance).mean() > 10


def test_frame_names_are_the_native_ones():
    clip = cast.draw_clips("samm", 2, 2, 0)[0]
    name = writers.frame_path("samm", clip, 562).rsplit("/", 1)[1]
    assert name in ("006_0562.jpg", "006_00562.jpg")
    assert writers.frame_path("casme2", cast.draw_clips("casme2", 2, 2, 0)[0], 46).endswith("/reg_img46.jpg")
    assert writers.frame_path("smic", cast.draw_clips("smic", 2, 2, 0)[0], 76518).endswith("/image076518.bmp")


@pytest.mark.parametrize("wrong", [{"subjects": 1}, {"clips": 0}, {"seed": -1}, {"subjects": 2.5}, {"clips": True}])
def test_impossible_parameters_are_refused(tmp_path, wrong):
    with pytest.raises(UserError, match=next(iter(wrong))):
        generate.write("smic", tmp_path / "d", tmp_path / "t", **{**generate.DEFAULTS, **wrong})
    assert list(tmp_path.iterdir()) == []


def test_a_workbook_does_not_say_when_it_was_written(generated_casme2):
    """Else the digest of the labels, which stands on the report, would differ from run to run."""
    books = list(generated_casme2.rglob("*.xlsx"))
    assert books
    for path in books:
        with zipfile.ZipFile(path) as file:
            assert {part.date_time for part in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
            core = file.read("docProps/core.xml").decode()
        assert set(re.findall(r"\d{4}-\d\d-\d\dT[\d:]+Z", core)) == {formulas.DAY}
