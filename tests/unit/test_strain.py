"""Optical strain of flows whose strain is known."""

from __future__ import annotations

import numpy as np
import pytest

from mebench.media.flow_field import resize, strain_magnitude

Y, X = np.mgrid[0:12, 0:17].astype(float)


@pytest.mark.parametrize(
    ("u", "v", "strain"),
    [
        (-Y, X, 0.0),  # small rigid rotation
        (X, 0 * X, 1.0),  # pure stretch
        (0 * X, -Y, 1.0),  # pure compression, the other axis
        (Y, 0 * X, 1 / np.sqrt(2)),  # simple shear
        (0 * X, X, 1 / np.sqrt(2)),  # the other simple shear: exchanged axes would not notice the first
        (X, Y, np.sqrt(2)),  # isotropic
    ],
)
@pytest.mark.parametrize("shift", [0.0, 3.25])
def test_strain_of_linear_flows(u, v, strain, shift):
    magnitude = strain_magnitude(np.stack([u + shift, v - 2 * shift]))
    assert magnitude.shape == (12, 17)
    np.testing.assert_allclose(magnitude, strain, atol=1e-12)


def test_strain_turns_with_the_face():
    rng = np.random.default_rng(0)
    flow = rng.normal(size=(2, 9, 9))
    # a quarter turn: position (x, y) -> (-y, x), vectors likewise
    turned = np.stack([-np.rot90(flow[1], -1), np.rot90(flow[0], -1)])
    np.testing.assert_allclose(strain_magnitude(turned), np.rot90(strain_magnitude(flow), -1), atol=1e-12)


@pytest.mark.parametrize("shape", [(9, 9), (3, 9, 9), (2, 1, 9)])
def test_strain_refuses_what_is_no_flow(shape):
    with pytest.raises(ValueError, match="expected a flow"):
        strain_magnitude(np.zeros(shape))


def test_resize_keeps_pixels_of_the_full_frame():
    stretch = 0.1 * np.stack([np.mgrid[0:56, 0:56][1], np.zeros((56, 56))]).astype(np.float32)
    small = resize(stretch, 28)
    assert small.shape == (3, 28, 28)
    assert small.dtype == np.float32
    np.testing.assert_allclose(small[0].mean(), stretch[0].mean(), rtol=1e-5)
    np.testing.assert_allclose(small[2], 0.1, rtol=1e-4)  # strain of the full resolution, not twice that
