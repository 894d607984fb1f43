"""Optical flow as a field: its strain (how much the skin is stretched and sheared, whatever the head does as a whole),
and u, v and strain at another size."""

from __future__ import annotations

import numpy as np


def strain_magnitude(flow: np.ndarray) -> np.ndarray:
    """Magnitude (H, W) of the infinitesimal strain of a flow (2, H, W), u right and v down, in pixels.

    sqrt(u_x^2 + v_y^2 + (u_y + v_x)^2 / 2), the Frobenius norm of (grad w + grad w^T) / 2 with w = (u, v).
    A pure stretch u = x gives 1, a simple shear u = y gives 1/sqrt(2), a small rotation (u, v) = (-y, x)
    gives 0, and a constant added to the flow changes nothing. Derivatives are central differences per pixel
    (one-sided at the border); a side shorter than 2 pixels is a ValueError.
    """
    if flow.ndim != 3 or flow.shape[0] != 2 or min(flow.shape[1:]) < 2:
        raise ValueError(f"expected a flow (2, H, W) with sides of at least 2 pixels, got {flow.shape}")
    u_y, u_x = np.gradient(flow[0])
    v_y, v_x = np.gradient(flow[1])
    return np.sqrt(u_x**2 + v_y**2 + (u_y + v_x) ** 2 / 2)


def resize(flow: np.ndarray, size: int) -> np.ndarray:
    """u, v and strain at size x size from a flow (2, H, W) in pixels: float32 (3, S, S).

    Strain is taken at full resolution; then all three are averaged over areas. u and v stay in pixels of the
    full-size frame: a resize changes where the motion is sampled, not how far the face moved.
    """
    import cv2

    planes = np.stack([flow[0], flow[1], strain_magnitude(flow)]).astype(np.float32)
    shrink = size <= min(flow.shape[1:])
    method = cv2.INTER_AREA if shrink else cv2.INTER_LINEAR  # INTER_AREA enlarges by nearest neighbour
    return np.stack([cv2.resize(plane, (size, size), interpolation=method) for plane in planes])
