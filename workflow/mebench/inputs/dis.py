"""Dense inverse search: OpenCV's DISOpticalFlow with its preset medium.

T. Kroeger, R. Timofte, D. Dai, L. Van Gool: Fast Optical Flow using Dense Inverse Search, ECCV 2016.
"""

from __future__ import annotations

import numpy as np

from mebench.inputs.flow import FlowInput

# what the preset stands for in this OpenCV, written out so that it is recorded and cannot change behind our back
SETTINGS = {
    "CoarsestScale": -1,  # as coarse as the frame's size allows
    "FinestScale": 1,
    "PatchSize": 8,
    "PatchStride": 3,
    "GradientDescentIterations": 25,
    "VariationalRefinementIterations": 5,
    "VariationalRefinementAlpha": 20.0,
    "VariationalRefinementDelta": 5.0,
    "VariationalRefinementGamma": 10.0,
    "VariationalRefinementEpsilon": 0.01,
    "UseMeanNormalization": True,
    "UseSpatialPropagation": True,
}


def flow(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Flow float32 (2, H, W) between two grey frames (uint8, H x W), u right and v down, in pixels."""
    import cv2

    if first.shape != second.shape:
        raise ValueError(f"frames of different size: {first.shape} and {second.shape}")
    estimator = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)  # type: ignore[attr-defined]  # not in the stubs
    for name, value in SETTINGS.items():
        getattr(estimator, f"set{name}")(value)
    return np.ascontiguousarray(estimator.calc(first, second, None).transpose(2, 0, 1))


class Input(FlowInput):
    """``dis``: the flow of each clip from onset to apex."""

    SETTINGS = SETTINGS
