"""Farnebäck's optical flow, with the parameters of SLSTT's released code.

G. Farnebäck: Two-Frame Motion Estimation Based on Polynomial Expansion, SCIA 2003. Each neighbourhood is described by a
quadratic polynomial, and the motion is what carries one frame's polynomials into the other's.
"""

from __future__ import annotations

import numpy as np

from mebench.inputs.flow import FlowInput

# OpenCV has no defaults here; these are SLSTT's
SETTINGS = {
    "pyr_scale": 0.5,
    "levels": 3,
    "winsize": 15,
    "iterations": 3,
    "poly_n": 5,
    "poly_sigma": 1.2,
    "flags": 0,
}


def flow(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Flow float32 (2, H, W) between two grey frames (uint8, H x W), u right and v down, in pixels."""
    import cv2

    if first.shape != second.shape:
        raise ValueError(f"frames of different size: {first.shape} and {second.shape}")
    motion = cv2.calcOpticalFlowFarneback(first, second, None, **SETTINGS)  # type: ignore[call-overload]  # the stubs know no None
    return np.ascontiguousarray(motion.transpose(2, 0, 1))


class Input(FlowInput):
    """``farneback``: the flow of each clip from onset to apex."""

    SETTINGS = SETTINGS
