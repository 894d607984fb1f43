"""Optical strain: how much the skin is stretched and sheared, whatever the head does as a whole."""

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
