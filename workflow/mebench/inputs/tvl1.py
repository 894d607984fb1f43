"""TV-L1 optical flow: OpenCV's DualTVL1, the benchmark's reference.

C. Zach, T. Pock, H. Bischof: A Duality Based Approach for Realtime TV-L1 Optical Flow, DAGM 2007. The numbers differ
between OpenCV releases, so the release is recorded and part of every fingerprint.
"""

from __future__ import annotations

import numpy as np

from mebench.errors import UserError
from mebench.inputs.flow import FlowInput

# OpenCV's defaults, written out so that they are recorded and cannot change behind our back
SETTINGS = {
    "tau": 0.25,
    "lambda_": 0.15,
    "theta": 0.3,
    "nscales": 5,
    "warps": 5,
    "epsilon": 0.01,
    "innnerIterations": 30,
    "outerIterations": 10,
    "scaleStep": 0.8,
    "gamma": 0.0,
    "medianFiltering": 5,
    "useInitialFlow": False,
}


def flow(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Flow float32 (2, H, W) between two grey frames (uint8, H x W), u right and v down, in pixels."""
    import cv2

    if not hasattr(cv2, "optflow"):
        raise UserError(
            "this OpenCV has no TV-L1 flow: opencv-python is installed where opencv-contrib-python-headless "
            "is needed; uninstall all opencv packages and install that one"
        )
    if first.shape != second.shape:
        raise ValueError(f"frames of different size: {first.shape} and {second.shape}")
    estimator = cv2.optflow.DualTVL1OpticalFlow_create(**SETTINGS)  # type: ignore[attr-defined]  # a contrib module
    return np.ascontiguousarray(estimator.calc(first, second, None).transpose(2, 0, 1))


class Input(FlowInput):
    """``tvl1``: the flow of each clip from onset to apex."""

    SETTINGS = SETTINGS
