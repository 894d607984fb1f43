"""SLSTT's long-term flow: which frames (facts on SLSTT, section 1.2), and how the flow is coded (section 1.4)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mebench.clips.clip import Clip
from mebench.config import input_names
from mebench.errors import UserError
from mebench.inputs import build, farneback, long_flow, store
from mebench.inputs.long_flow import as_pictures, as_pixels, fill, halvings, mixes, window
from mebench.media.unavailable import Unavailable


def chosen(onset, apex, offset, count=11):
    return fill(window(onset, apex, offset, count), count)


# --- which frames ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("onset", "apex", "offset", "first", "last"),
    [
        (10, 30, 60, 25, 35),  # five before the apex, five after
        (10, 15, 60, 11, 21),  # the apex is five after the onset: 10 would be the onset itself
        (10, 16, 60, 11, 21),  # the first apex with all five before it
        (10, 17, 60, 12, 22),
        (10, 11, 60, 11, 21),  # the apex follows the onset
        (10, 55, 60, 50, 60),  # ends just at the offset
        (10, 14, 21, 11, 21),  # a clip of exactly 11 frames after the onset
    ],
)
def test_eleven_neighbouring_frames_around_the_apex(onset, apex, offset, first, last):
    assert chosen(onset, apex, offset) == list(range(first, last + 1))


@pytest.mark.parametrize(
    ("onset", "apex", "offset", "places"),
    [
        # 10 frames 51..60, 9 gaps, one more: gap 5
        (10, 56, 60, [51, 52, 53, 54, 55, 56, 56.5, 57, 58, 59, 60]),
        # 8 frames 53..60, 7 gaps, three more: gaps 3, 4, 5
        (10, 58, 60, [53, 54, 55, 56, 56.5, 57, 57.5, 58, 58.5, 59, 60]),
        # 6 frames 55..60, 5 gaps, five more: every gap
        (10, 60, 60, [55, 55.5, 56, 56.5, 57, 57.5, 58, 58.5, 59, 59.5, 60]),
        # 5 frames, 4 gaps, six more: one each, gaps 1 and 2 have two, of the places 1/4, 1/2, 3/4 the first two
        (10, 12, 15, [11, 11.5, 12, 12.25, 12.5, 13, 13.25, 13.5, 14, 14.5, 15]),
        # 3 frames, 2 gaps, eight more: four each, of the seven eighths the central ones
        (10, 12, 13, [11, 11.25, 11.375, 11.5, 11.625, 12, 12.25, 12.375, 12.5, 12.625, 13]),
        # 2 frames, 1 gap, nine more: of the fifteen sixteenths the central nine
        (10, 11, 12, [11, *(11 + i / 16 for i in range(4, 13)), 12]),
        # 1 frame: nothing lies between
        (10, 11, 11, [11] * 11),
    ],
)
def test_gaps_are_filled_from_the_middle(onset, apex, offset, places):
    assert chosen(onset, apex, offset) == places


@pytest.mark.parametrize(
    ("count", "places"),
    [(0, []), (1, [1 / 2]), (2, [1 / 4, 1 / 2]), (3, [1 / 4, 1 / 2, 3 / 4]), (5, [i / 8 for i in range(2, 7)])],
)
def test_places_in_a_gap_come_from_halving(count, places):
    assert halvings(count) == places


def test_other_lengths_follow_the_same_rule():
    assert chosen(10, 30, 60, 1) == [30]
    assert chosen(10, 30, 60, 4) == [28, 29, 30, 31]
    assert chosen(10, 30, 60, 5) == [28, 29, 30, 31, 32]


timings = st.tuples(st.integers(0, 10**7), st.integers(1, 200), st.integers(0, 200), st.integers(1, 32))


@given(timings)
def test_always_as_many_as_asked_for_in_order_after_the_onset(timing):
    onset, rise, fall, count = timing
    apex, offset = onset + rise, onset + rise + fall
    places = chosen(onset, apex, offset, count)
    assert len(places) == count
    assert places == sorted(places)
    assert onset < places[0] <= places[-1] <= offset
    assert {float(number) for number in window(onset, apex, offset, count)} <= set(places)
    if len(window(onset, apex, offset, count)) == count:
        assert apex in places
        assert all(place.is_integer() for place in places)


@given(timings)
def test_every_gap_has_as_many_as_every_other_or_one_more(timing):
    onset, rise, fall, count = timing
    numbers = window(onset, onset + rise, onset + rise + fall, count)
    between = Counter(int(place) for place in fill(numbers, count) if not place.is_integer())
    if len(numbers) > 1:
        filled = [between[number] for number in numbers[:-1]]
        assert max(filled) - min(filled) <= 1
        more = [i for i, n in enumerate(filled) if n > min(filled)]
        if more and len(more) < len(filled):
            assert more == list(range(more[0], more[-1] + 1))  # neighbours, and as near the middle as can be
            assert abs((more[0] + more[-1]) / 2 - (len(filled) - 1) / 2) <= 1


@pytest.mark.parametrize(("frames", "blended"), [(11, 1), (12, 0), (34, 0), (58, 0)])
def test_clips_of_smic_need_a_blend_only_at_the_least_length(frames, blended):
    """Facts, 1.1 and 1.2: apex in the middle, 11 to 58 frames, one clip of 164 is too short."""
    onset, offset = 1000, 1000 + frames - 1
    places = chosen(onset, (onset + offset) // 2, offset)
    assert sum(not place.is_integer() for place in places) == blended


# --- what they are blended from --------------------------------------------------------------------------------------


def test_a_place_is_a_frame_or_a_mix_of_its_neighbours_on_disk():
    on_disk = [10, 11, 12, 15]
    assert mixes([11, 11.25, 13, 14, 14.5, 15], on_disk) == [
        {11: 1.0},
        {11: 0.75, 12: 0.25},
        {12: pytest.approx(2 / 3), 15: pytest.approx(1 / 3)},  # 13 and 14 are missing on disk
        {12: pytest.approx(1 / 3), 15: pytest.approx(2 / 3)},
        {12: pytest.approx(1 / 6), 15: pytest.approx(5 / 6)},
        {15: 1.0},
    ]
    assert mixes([16, 9], on_disk) == [{15: 1.0}, {10: 1.0}]  # nothing beyond: the nearest


@given(st.sets(st.integers(0, 60), min_size=1), st.lists(st.floats(0, 60), max_size=5))
def test_shares_sum_to_one_and_meet_the_place(numbers, places):
    for place, mix in zip(places, mixes(places, numbers), strict=True):
        assert sum(mix.values()) == pytest.approx(1)
        assert all(0 < share <= 1 for share in mix.values())
        wanted = np.clip(place, min(numbers), max(numbers))
        assert sum(number * share for number, share in mix.items()) == pytest.approx(wanted)


# --- from frames to arrays -------------------------------------------------------------------------------------------

SIZE = (48, 40)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A clip of frames 10 to 30, its picture moving to the right by a tenth of a pixel per frame."""
    root = tmp_path_factory.mktemp("clip")
    (root / "s/a").mkdir(parents=True)
    for number in range(10, 31):
        Image.fromarray(frame(number)).save(root / f"s/a/img{number}.png")
    return root


def frame(number):
    picture = np.random.default_rng(0).uniform(0, 255, SIZE).astype(np.float32)
    picture = cv2.normalize(cv2.GaussianBlur(picture, (0, 0), 2), None, 0, 255, cv2.NORM_MINMAX)
    shift = np.float32([[1, 0, 0.1 * (number - 10)], [0, 1, 0]])
    return np.uint8(cv2.warpAffine(picture, shift, SIZE[::-1], borderMode=cv2.BORDER_REFLECT))


def clip(onset=10, apex=20, offset=30):
    return Clip("s/a", "", "s", frames="s/a", onset=onset, apex=apex, offset=offset)


def maker(root, name):
    return long_flow.Input(input_names.parse(name), root)


@pytest.mark.parametrize("flow", input_names.FLOWS)
def test_flow_leads_from_the_onset_to_each_frame(root, flow):
    words = "" if flow == "farneback" else f".{flow}"
    made = maker(root, f"long_flow-40.uv.t5{words}").make(clip())
    assert made.array.shape == (5, 2, 40, 40)
    assert made.array.dtype == np.float16
    assert made.extras == {"blended": 0}
    moved = np.median(made.array[:, 0, 8:-8, 8:-8], axis=(1, 2))
    np.testing.assert_allclose(moved, [0.8, 0.9, 1.0, 1.1, 1.2], atol=0.12)  # frames 18 to 22, to the right


def test_pictures_are_those_of_single_flows(root):
    made = maker(root, "long_flow-56").make(clip(apex=13))
    assert made.array.shape == (11, 3, 56, 56)
    assert made.array.dtype == np.uint8
    for i, number in enumerate(range(11, 22)):
        np.testing.assert_array_equal(made.array[i], as_picture(farneback.flow(frame(10), frame(number)), 56))


def test_frames_that_a_clip_lacks_are_blended_and_counted(root):
    made = maker(root, "long_flow-40.uv").make(clip(apex=29))  # 24..30 are 7 frames, the gaps 1 to 4 get one each
    assert made.extras == {"blended": 4}
    between = np.rint((frame(25).astype(float) + frame(26)) / 2).astype(np.uint8)
    for i, picture in ((0, frame(24)), (1, frame(25)), (2, between), (3, frame(26)), (10, frame(30))):
        np.testing.assert_array_equal(made.array[i], as_pixels(farneback.flow(frame(10), picture), 40))


def test_frames_missing_on_disk_are_blended_and_counted(root, tmp_path):
    (tmp_path / "s/a").mkdir(parents=True)
    for path in (root / "s/a").iterdir():
        if path.stem not in ("img18", "img20"):
            (tmp_path / "s/a" / path.name).symlink_to(path)
    made = maker(tmp_path, "long_flow-40.uv.t5").make(clip())
    assert made.extras == {"blended": 2}
    between = np.rint((frame(19).astype(float) + frame(21)) / 2).astype(np.uint8)
    np.testing.assert_array_equal(made.array[2], as_pixels(farneback.flow(frame(10), between), 40))


def test_a_single_frame_is_repeated(root):
    made = maker(root, "long_flow-40").make(clip(onset=10, apex=11, offset=11))
    assert made.extras == {"blended": 10}
    assert (made.array == made.array[0]).all()


@pytest.mark.parametrize("apex", [10, 9])
def test_an_apex_that_is_not_after_the_onset_has_no_flow(root, apex):
    """As CASME II, subject 5, EP09_05f, the one clip that SLSTT's code skips."""
    with pytest.raises(Unavailable) as reason:
        maker(root, "long_flow-40").make(clip(apex=apex))
    assert reason.value.status == "no_motion"


def test_an_apex_after_the_offset_is_an_error(root):
    with pytest.raises(UserError, match="the apex 30 of s/a is after its offset 25"):
        maker(root, "long_flow-40").make(clip(apex=30, offset=25))


def test_a_clip_that_stands_still_is_an_error(tmp_path):
    (tmp_path / "s/a").mkdir(parents=True)
    for number in range(10, 31):
        Image.new("L", (40, 48), 90).save(tmp_path / f"s/a/img{number}.png")
    with pytest.raises(UserError, match="the flow of s/a .* is constant"):
        maker(tmp_path, "long_flow-40").make(clip())


def test_frames_of_two_sizes_are_an_error(root, tmp_path):
    (tmp_path / "s/a").mkdir(parents=True)
    for path in (root / "s/a").iterdir():
        (tmp_path / "s/a" / path.name).symlink_to(path)
    (tmp_path / "s/a/img20.png").unlink()
    Image.new("L", (41, 48)).save(tmp_path / "s/a/img20.png")
    with pytest.raises(UserError, match=r"img10.png and .*img20.png differ in size \(40 x 48 and 41 x 48\)"):
        maker(tmp_path, "long_flow-40").make(clip())


def test_what_it_depends_on(root):
    """Another window is another input, another file too; frames outside the window do not matter."""
    of = maker(root, "long_flow-40.t3")
    assert of.made_from(clip()) == of.made_from(clip(offset=29))
    assert of.made_from(clip()) != of.made_from(clip(apex=21))
    assert of.made_from(clip()) != of.made_from(clip(onset=11))


def test_it_is_kept_with_the_clips_that_have_none(root, tmp_path):
    clips = [clip(), replace(clip(apex=10), clip_id="s/b")]
    job = build.InputJob(input_names.parse("long_flow-24"), root, "frames")
    build.make(job, clips, tmp_path / "out")
    build.finish(job, clips, tmp_path / "out")
    kept = store.load(tmp_path / "out")
    assert kept.meta["channels"] == ["red", "green", "blue"]
    assert kept.meta["scale"] == "picture"
    assert kept.meta["settings"] == {**farneback.SETTINGS, "version": farneback.Input.VERSION}
    assert kept.get("s/a").shape == (11, 3, 24, 24)
    assert kept.extra("s/a", "blended") == 0
    assert kept.without == {"s/b": "no_motion: its apex, frame 10, is not after its onset, frame 10"}


def test_a_name_says_how_the_flow_is_coded():
    for name, channels, scale in (("long_flow-9", 3, "picture"), ("long_flow-9.uv", 2, "pixels")):
        spec = input_names.parse(name)
        assert len(long_flow.Input.channels(spec)) == channels
        assert long_flow.Input.scale(spec) == scale


# --- colours ---------------------------------------------------------------------------------------------------------


def as_picture(flow, size):
    return as_pictures(flow[None], size)[0]


def ramp(u, v, size=32):
    """A flow in one direction, from still on the left to full length on the right."""
    return np.float32([[[u]], [[v]]]) * np.linspace(0, 1, size, dtype=np.float32)[None, None] * np.ones((1, size, 1))


@pytest.mark.parametrize(
    ("u", "v", "degrees", "rgb"),
    [
        (1, 0, 0, (255, 0, 0)),  # right: red
        (0, 1, 90, (128, 255, 0)),  # down
        (-1, 0, 180, (0, 255, 255)),  # left: cyan
        (0, -1, 270, (128, 0, 255)),  # up
        (1, 1, 45, (255, 189, 0)),  # fractions of a hue are cut off: 44 degrees are coded
    ],
)
def test_hue_is_the_direction(u, v, degrees, rgb):
    picture = as_picture(ramp(u, v), 32)
    np.testing.assert_allclose(picture[:, 16, -1], rgb, atol=3)
    hue, saturation, value = cv2.cvtColor(picture.transpose(1, 2, 0).copy(), cv2.COLOR_RGB2HSV)[16, -1]
    assert (hue, saturation) == (degrees // 2, 255)
    assert value >= 254  # 255 may be 254.99998 before its fraction is cut off


def test_brightness_is_stretched_in_each_frame():
    weak, strong = as_picture(ramp(0.1, 0), 32), as_picture(ramp(3, 0), 32)
    np.testing.assert_allclose(weak.astype(int), strong, atol=1)  # how far it moved is lost, as in SLSTT
    red = strong[0, 16].astype(int)
    assert (red[0], red[-1]) == (0, 255)
    np.testing.assert_allclose(red, np.linspace(0, 255, 32), atol=1)
    offset = as_picture(ramp(3, 0) + np.float32([5, 0])[:, None, None], 32)  # least length to black, wherever it is
    np.testing.assert_allclose(offset.astype(int), strong, atol=1)


def test_brightness_may_be_stretched_over_the_whole_clip():
    """The rise and fall of motion, which a stretch of each frame takes away (docs/model-sources.md#slstt)."""
    flows = np.stack([ramp(length, 0) for length in (1, 4, 2)])
    red = as_pictures(flows, 32, "clip")[:, 0, 16].astype(int)
    np.testing.assert_allclose(red[:, -1], [64, 255, 127.5], atol=1)
    assert (red[:, 0] == 0).all()
    np.testing.assert_array_equal(as_pictures(flows[:1], 32, "clip"), as_pictures(flows[:1], 32, "frame"))


def test_a_clip_is_stretched_as_its_name_says(root):
    made = maker(root, "long_flow-56.clip").make(clip(apex=13))
    flows = np.stack([farneback.flow(frame(10), frame(number)) for number in range(11, 22)])
    np.testing.assert_array_equal(made.array, as_pictures(flows, 56, "clip"))
    assert (made.array != maker(root, "long_flow-56").make(clip(apex=13)).array).any()


def test_motion_alike_everywhere_is_black():
    assert not as_picture(np.ones((2, 32, 32), np.float32), 32).any()


def test_resizing_keeps_pixels_of_the_crop():
    half = as_pixels(ramp(2, -1, 64), 32)
    assert half.shape == (2, 32, 32)
    np.testing.assert_allclose(half[0, 5, [0, -1]], [1 / 63, 125 / 63], atol=2e-3)
    np.testing.assert_allclose(half[1], -half[0] / 2, atol=2e-3)
