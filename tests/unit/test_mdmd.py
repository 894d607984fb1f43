"""MDMD's score beside a plain calculation of its definition, and on faces that move and come back."""

from __future__ import annotations

import math
from random import Random

import numpy as np
import pytest

from mebench.inputs import mdmd_feature
from mebench.inputs.farneback import flow as farneback
from mebench.metrics.intervals import Interval, iou
from mebench.models import build
from mebench.spotting import mdmd
from mebench.spotting.recording import Footage, Pace


def uniform(u: float, v: float, side: int = 12) -> np.ndarray:
    return np.stack([np.full((side, side), u), np.full((side, side), v)])


def plain_feature(rise: np.ndarray, rest: np.ndarray) -> float:
    """The definition, pixel by pixel: four sectors of 90 degrees from -180 on."""
    side = rise.shape[1] // 6
    means = []
    for top in range(0, 6 * side, side):
        for left in range(0, 6 * side, side):
            sectors = {0: [], 1: [], 2: [], 3: []}
            for y in range(top, top + side):
                for x in range(left, left + side):
                    (u, v), (s, t) = rise[:, y, x], rest[:, y, x]
                    degrees = math.degrees(math.atan2(v, u))
                    sectors[min(3, int((degrees + 180) // 90))].append(math.hypot(u, v) - math.hypot(s, t))
            main = sorted(max(sectors.values(), key=len), reverse=True)
            third = max(1, round(len(main) / 3))
            means.append(sum(main[:third]) / third)
    return sum(sorted(means, reverse=True)[:12]) / 12


@pytest.mark.parametrize("side", [12, 20, 31])
def test_the_feature_is_that_of_the_definition(side):
    rise, rest = np.random.default_rng(side).normal(size=(2, 2, side, side))
    assert mdmd_feature.feature(rise, rest) == pytest.approx(plain_feature(rise, rest))


@pytest.mark.parametrize("direction", [(3, 4), (-3, 4), (3, -4), (-3, -4), (5, 0), (-5, 0), (0, 5), (0, -5)])
def test_a_motion_that_comes_back_counts_in_every_direction_and_one_that_stays_does_not(direction):
    assert mdmd_feature.feature(uniform(*direction), uniform(0, 0)) == pytest.approx(5)
    assert mdmd_feature.feature(uniform(*direction), uniform(*direction)) == pytest.approx(0)


def test_the_largest_third_of_the_blocks_counts():
    """12 of 36 blocks that move give the whole; more give no more."""
    rise = uniform(0, 0)
    rise[0, :4] = 2  # 2 x 6 blocks
    assert mdmd_feature.feature(rise, uniform(0, 0)) == pytest.approx(2)
    rise[0, :2] = 0
    assert mdmd_feature.feature(rise, uniform(0, 0)) == pytest.approx(1)


def test_no_motion_at_all_scores_0():
    assert mdmd_feature.feature(uniform(0, 0), uniform(0, 0)) == 0


@pytest.mark.parametrize(
    ("frames", "wanted", "k"), [(480, 80, 80), (479, 80, 40), (100, 80, 10), (6, 80, 1), (2, 80, 1)]
)
def test_the_half_window_is_halved_until_the_video_has_six_of_it(frames, wanted, k):
    assert mdmd_feature.half_window(frames, wanted) == k
    assert k == 1 or frames - 2 * k >= 4 * k


def test_the_contrast_is_the_feature_without_its_neighbours():
    values = np.array([np.nan, np.nan, 1, 2, 9, 4, 5, np.nan, np.nan])
    found = mdmd.relative(values, 2)
    assert found == pytest.approx([np.nan] * 3 + [2 - 5, 9 - 3, 4 - 7] + [np.nan] * 3, nan_ok=True)
    assert np.isnan(mdmd.relative(values, 9)).all()
    assert mdmd.contrast(values) == pytest.approx(found, nan_ok=True)  # two are missing at the start: k is 2
    assert np.isnan(mdmd.contrast(np.full(4, np.nan))).all()


def test_intervals_are_runs_above_the_threshold_that_are_as_long_as_allowed():
    contrast = np.array([np.nan, 1, 1, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1, np.nan])
    allowed = mdmd.Lengths(2, 3)
    assert mdmd.intervals(contrast, allowed, 0.5) == [Interval(1, 2), Interval(4, 6)]
    assert mdmd.intervals(contrast, mdmd.Lengths(4, None), 0.5) == [Interval(9, 12)]
    assert mdmd.intervals(np.full(5, np.nan), allowed) == []
    assert mdmd.intervals(np.ones(5), allowed) == []


@pytest.mark.parametrize(
    ("rate", "expression", "k", "shortest", "longest"),
    [
        (30, "micro", 12, 7, 16),
        (30, "macro", 39, 17, None),
        (200, "micro", 80, 47, 105),
        (200, "macro", 260, 106, None),
    ],
)
def test_the_settings_of_megc2020_are_the_same_in_seconds(rate, expression, k, shortest, longest):
    """docs/model-sources.md, MDMD: CAS(ME)^2 and SAMM Long Videos."""
    assert round(mdmd_feature.SECONDS[expression] * rate) == k
    assert mdmd.lengths(rate, expression) == mdmd.Lengths(shortest, longest)


@pytest.fixture(scope="module")
def video() -> list[np.ndarray]:
    """60 frames of a texture of which a quarter moves by 3 pixels and comes back, in frames 25 to 33, with noise."""
    import cv2

    draw = np.random.default_rng(0)
    texture = cv2.GaussianBlur(draw.integers(0, 255, (72, 72)).astype(np.float32), (0, 0), 2)
    texture = (texture - texture.min()) / np.ptp(texture) * 255
    rows, columns = np.mgrid[0:72, 0:72].astype(np.float32)
    frames = []
    for number in range(60):
        shift = 3 * max(0, 1 - abs(number - 29) / 5)
        moved = cv2.remap(texture, (columns - shift * ((columns < 36) & (rows < 36))).astype(np.float32), rows,
                          cv2.INTER_LINEAR)  # fmt: skip
        frames.append(np.clip(moved + draw.normal(0, 0.5, moved.shape), 0, 255).astype(np.uint8))
    return frames


def spotted(frames, share):
    """Intervals of 4 to 16 frames, with k = 6."""
    values = mdmd_feature.features(frames, 6, farneback)
    return mdmd.intervals(mdmd.contrast(values), mdmd.Lengths(4, 16), share)


def test_a_movement_that_comes_back_is_spotted(video):
    found = spotted(video, 0.01)
    assert len(found) == 1
    assert iou(found[0], Interval(25, 33)) >= 0.5


def test_a_movement_that_stays_is_not(video):
    """From frame 29 on the face stays where it is."""
    assert spotted([*video[:29], *[video[29]] * 31], 0.5) == []


# --- the model --------------------------------------------------------------------------------------------------------


def footage(name, bumps, labels=(), fps=200.0, step=7):
    """A recording of 120 positions, k = 6, whose feature is high around positions; the higher ones last longer."""
    values = np.zeros(120, np.float32)
    for middle, height in bumps:
        values[middle - 4 : middle + 5] = height
    values[:6] = values[-6:] = np.nan
    return Footage(name, fps, Pace(1, step, 120), list(labels), lambda: values[:, None])


def test_intervals_are_frames_of_the_recording_and_as_long_as_its_rate_asks_for():
    (found,) = build("mdmd", num_classes=3).spot([], [footage("a", [(50, 5.0)])], Random(0))
    assert found == [Interval(1 + 46 * 7, 1 + 54 * 7)]  # 9 positions, 7 to 15 are allowed at 200 / 7 fps
    assert build("mdmd", num_classes=3, expression="macro").spot([], [footage("a", [(50, 5.0)])], Random(0)) == [[]]
    assert build("mdmd", num_classes=3).spot([], [footage("a", [(50, 5.0)], step=1)], Random(0)) == [[]]  # 47 are asked
    assert build("mdmd", num_classes=3).spot([], [footage("a", [])], Random(0)) == [[]]


def test_the_share_of_the_training_subjects():
    """Of two bumps the lower one is no label there. At the edges of a bump, 9 positions wide, neighbours at 5 positions
    halve the contrast: about 1 of 5 for the lower one and 2.5 of 5 for the other."""
    bumps, label = [(30, 2.0), (80, 5.0)], Interval(1 + 76 * 7, 1 + 84 * 7, "negative")
    training, tested = [footage("a", bumps, [label])], [footage("b", bumps)]
    model = build("mdmd", num_classes=3, share="train")
    assert 0.15 < model.best(training) < 0.5
    assert model.spot(training, tested, Random(0)) == [[Interval(label.onset, label.offset)]]
    assert len(build("mdmd", num_classes=3).spot(training, tested, Random(0))[0]) == 2
    assert model.best([footage("c", bumps)]) == 0.01
