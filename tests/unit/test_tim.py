"""Temporal interpolation: the closed form is what the definition gives, and what it tends to where it gives nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mebench.inputs import tim

COUNT = st.integers(1, 60)


def by_definition(frames: np.ndarray, wanted: int) -> np.ndarray:
    """TIM step by step, as in the facts (baselines, 5): ``frames`` (n, pixels), linearly independent."""
    columns = frames.T.astype(float)
    n = columns.shape[1]
    mean = columns.mean(axis=1, keepdims=True)
    u, s, vt = np.linalg.svd(columns - mean, full_matrices=False)
    u, q = u[:, :-1], s[:-1, None] * vt[:-1]
    path = np.diag(np.ones(n - 1), 1)
    path += path.T
    _, eigenvectors = np.linalg.eigh(np.diag(path.sum(axis=0)) - path)
    w = np.linalg.lstsq(q @ q.T, q @ eigenvectors[:, 1:], rcond=None)[0]
    k = np.arange(1, n)

    def y(t):
        return np.sin(np.pi * k * t + np.pi * (n - k) / (2 * n))

    m = (q[:, 0] @ w) / y(1 / n)
    back = u @ np.linalg.pinv(w.T)
    return np.stack([back @ (m * y(t)) + mean[:, 0] for t in np.linspace(1 / n, 1, wanted)])


@pytest.mark.parametrize(("count", "wanted"), [(2, 10), (3, 10), (7, 10), (10, 10), (25, 10), (25, 4)])
def test_independent_frames_are_interpolated_as_defined(count, wanted):
    frames = np.random.default_rng(count).uniform(0, 255, (count, 90))
    np.testing.assert_allclose(tim.interpolate(frames, wanted), by_definition(frames, wanted), atol=1e-9)


def test_dependent_frames_are_the_limit_of_the_definition():
    """Frames on one line, two of them the same: the definition divides by zero; a little noise makes it work."""
    rng = np.random.default_rng(0)
    frames = np.array([0.0, 1, 1, 3, 4, 7])[:, None] * rng.uniform(0, 20, 90) + rng.uniform(0, 255, 90)
    noise = rng.normal(size=frames.shape)
    errors = [np.abs(by_definition(frames + e * noise, 10) - tim.interpolate(frames, 10)).max() for e in (1e-1, 1e-3)]
    assert errors[1] < 1e-2 < errors[0]


@given(COUNT)
def test_as_many_frames_as_there_are_come_back_unchanged(count):
    np.testing.assert_allclose(tim.weights(count, count), np.eye(count), atol=1e-12)


@given(COUNT, st.integers(2, 60))
def test_first_and_last_frame_stay(count, wanted):
    ends = np.zeros((2, count))
    ends[0, 0] = ends[1, -1] = 1
    np.testing.assert_allclose(tim.weights(count, wanted)[[0, -1]], ends, atol=1e-12)


@given(COUNT, COUNT)
def test_shares_sum_to_one_and_time_may_run_backwards(count, wanted):
    shares = tim.weights(count, wanted)
    assert shares.shape == (wanted, count)
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-12)
    if wanted > 1:
        np.testing.assert_allclose(shares[::-1, ::-1], shares, atol=1e-12)


def test_four_of_two_frames_by_hand():
    """Shares of the first: 1/2 + cos(pi (s - 1/2) / 2) cos(pi / 4) at s = 1, 4/3, 5/3, 2."""
    inner = np.cos(np.radians(75)) * np.cos(np.radians(45))
    expected = [1, 0.5 + inner, 0.5 - inner, 0]
    np.testing.assert_allclose(tim.weights(2, 4)[:, 0], expected, atol=1e-12)


def test_pictures_keep_their_shape():
    frames = np.random.default_rng(0).integers(0, 256, (5, 4, 6), dtype=np.uint8)
    result = tim.interpolate(frames, 9)
    assert (result.shape, result.dtype) == ((9, 4, 6), np.float64)
    np.testing.assert_allclose(result[::2], frames, atol=1e-9)  # every second of 9 places is a frame of 5


@pytest.mark.parametrize(("count", "wanted"), [(0, 10), (5, 0)])
def test_nothing_cannot_be_interpolated(count, wanted):
    with pytest.raises(ValueError, match=f"cannot interpolate {wanted} of {count} frames"):
        tim.weights(count, wanted)


def test_grey_levels_are_rounded_half_up_and_limited():
    levels = tim.grey_levels(np.array([-3.0, 0.49, 0.5, 1.5, 2.5 - 1e-9, 99 - 1e-12, 254.5, 300]))
    assert levels.dtype == np.uint8
    assert levels.tolist() == [0, 0, 1, 2, 3, 99, 255, 255]
