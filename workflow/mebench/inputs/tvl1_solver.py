"""TV-L1 optical flow in torch, for many pairs of frames at once, on a GPU or the CPU.

C. Zach, T. Pock, H. Bischof: A Duality Based Approach for Realtime TV-L1 Optical Flow, DAGM 2007; discretisation as in
J. Sánchez Pérez, E. Meinhardt-Llopis, G. Facciolo: TV-L1 Optical Flow Estimation, IPOL 2013.

Sought is the flow u that minimises the sum over the picture of |grad u_x| + |grad u_y| + lambda |I1(x + u) - I0(x)|.
From coarse to fine, I1 is warped by the flow so far and linearised there, rho(u) = c + g.u, and two convex problems
take turns until u rests: v(u) minimises lambda |rho(v)| + |u - v|^2 / (2 theta) in each pixel by itself, and u(v) is v
freed of noise by total variation, through the dual p of its gradient.

Parameters mean what they mean in OpenCV's DualTVL1 (``tvl1.py``). Three things differ: frames are interpolated at the
exact place and not at 1/32 pixel; where the flow leads out of the picture nothing is compared; and the stopping rule is
looked at every ``check`` iterations, since a GPU that is asked after each one waits. Every pair stops by itself, so its
flow does not depend on the pairs it shares a batch with.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F

from mebench.inputs.median import median5

SETTINGS = {
    "tau": 0.25,  # time step of the dual
    "lambda": 0.15,  # weight of the data against smoothness, for grey values 0..255
    "theta": 0.3,  # how freely u and v may differ
    "scales": 5,  # at most; none is smaller than 16 pixels
    "scale_step": 0.8,
    "warps": 5,
    "outer": 10,  # each begins with a median filter of 5 x 5
    "inner": 30,
    "epsilon": 0.01,  # u rests when an iteration changes it by less, root mean square over the picture, in pixels
    "check": 5,
}
LEAST = 16  # pixels: side of the smallest scale
FLAT = 1e-6  # squared slope, grey values per pixel, below which a pixel says nothing
BYTES = 640  # of memory per pixel of a pair; 604 were measured with a batch of 128 pairs on the CPU
PIXELS = 1 << 28  # of a batch at most, so that no index leaves 32 bits


def flow_batch(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Flows float32 (B, 2, H, W) between grey frames (uint8, B x H x W); as many at once as the device takes."""
    if first.shape != second.shape:
        raise ValueError(f"frames of different size: {first.shape} and {second.shape}")
    where = device()
    size = batch_size(where, *first.shape[1:])
    with torch.inference_mode(), _one_thread():
        parts = []
        for i in range(0, len(first), size):
            pair = [torch.tensor(frames[i : i + size, None], device=where) for frames in (first, second)]
            parts.append(_solve(*(frames.float() for frames in pair)).cpu().numpy())
    return np.concatenate(parts)


@cache
def device() -> torch.device:
    """The GPU if one is visible, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def batch_size(where: torch.device, height: int, width: int) -> int:
    """How many pairs at once: one on the CPU, whose cache holds no more; on a GPU what half of its free memory takes
    at 640 bytes per pixel."""
    if where.type == "cpu":
        return 1
    room = torch.cuda.mem_get_info(where)[0] // 2 // BYTES
    return max(1, min(room, PIXELS) // (height * width))


def settings() -> dict[str, object]:
    """SETTINGS, and what computes: the numbers of a GPU are not bit for bit those of a CPU."""
    name = torch.cuda.get_device_name(device()) if device().type == "cuda" else "cpu"
    return {**SETTINGS, "device": name, "torch": torch.__version__}


@contextmanager
def _one_thread() -> Iterator[None]:
    """One process per core is faster than threads in each, as with OpenCV."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


# --- from coarse to fine; frames are (B, 1, H, W), flows (B, 2, H, W) ------------------------------------------------


def _solve(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    levels = list(zip(_pyramid(first), _pyramid(second), strict=True))
    coarsest = levels[-1][0]
    u = coarsest.new_zeros(len(coarsest), 2, *coarsest.shape[2:])
    for still, moved in reversed(levels):
        u = u if still is coarsest else _enlarge(u, still.shape[2:])
        dual = Dual.zero(u)
        looked_up = torch.cat([moved, _slopes(moved)], 1)
        for _ in range(int(SETTINGS["warps"])):
            u, dual = _alternate(_linearise(still, looked_up, u), u, dual)
    return u


def _pyramid(frame: torch.Tensor) -> list[torch.Tensor]:
    levels = [frame]
    while len(levels) < SETTINGS["scales"]:
        size = [round(side * SETTINGS["scale_step"]) for side in levels[-1].shape[2:]]
        if min(size) < LEAST:
            break
        levels.append(F.interpolate(levels[-1], size, mode="bilinear", align_corners=False))
    return levels


def _enlarge(u: torch.Tensor, size: Sequence[int]) -> torch.Tensor:
    (height, width), (high, wide) = u.shape[2:], size
    ratio = u.new_tensor([wide / width, high / height]).view(2, 1, 1)
    return F.interpolate(u, (high, wide), mode="bilinear", align_corners=False) * ratio


def _slopes(frame: torch.Tensor) -> torch.Tensor:
    """Central differences (B, 2, H, W) in x and y; the border is repeated."""
    wide = F.pad(frame, (1, 1, 1, 1), mode="replicate")
    x, y = wide[..., 1:-1, 2:] - wide[..., 1:-1, :-2], wide[..., 2:, 1:-1] - wide[..., :-2, 1:-1]
    return torch.cat([x, y], 1) / 2


@dataclass
class Data:
    """rho(u) = c + g.u as ``slope`` g (B, 2, H, W), and divided by -|g|^2: ``gain`` (B, 2, H, W), ``shift``
    (B, 1, H, W). ``shift + gain.u`` is then how many times g carries u to rho = 0."""

    slope: torch.Tensor
    gain: torch.Tensor
    shift: torch.Tensor

    def __getitem__(self, pairs: torch.Tensor) -> Data:
        return Data(self.slope[pairs], self.gain[pairs], self.shift[pairs])


def _linearise(still: torch.Tensor, looked_up: torch.Tensor, u: torch.Tensor) -> Data:
    """The second frame and its slopes, ``looked_up`` (B, 3, H, W), where ``u`` leads to, against the first."""
    height, width = still.shape[2:]
    x = torch.arange(width, dtype=u.dtype, device=u.device) + u[:, 0]
    y = torch.arange(height, dtype=u.dtype, device=u.device)[:, None] + u[:, 1]
    places = torch.stack([x * (2 / (width - 1)) - 1, y * (2 / (height - 1)) - 1], -1)
    moved = F.grid_sample(looked_up, places, mode="bicubic", padding_mode="border", align_corners=True)
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    slope = moved[:, 1:] * inside[:, None]
    scale = -1 / (slope * slope).sum(1, keepdim=True).clamp_(min=FLAT)
    constant = moved[:, :1] - still - (slope * u).sum(1, keepdim=True)
    return Data(slope, slope * scale, constant * scale)


class Dual:
    """theta p, one (B, 2, H, W) for each direction, ``x`` and ``y``, with views of their left and upper neighbours.

    In the last column p_x is always 0, and in the last row p_y; so what lies before a pixel in memory is its
    neighbour, or the 0 that stands for none.
    """

    def __init__(self, x: torch.Tensor, y: torch.Tensor) -> None:
        self.x, self.left = _with_view_before(x, 1)
        self.y, self.up = _with_view_before(y, x.shape[-1])

    @classmethod
    def zero(cls, u: torch.Tensor) -> Dual:
        return cls(torch.zeros_like(u), torch.zeros_like(u))

    def __getitem__(self, pairs: torch.Tensor) -> Dual:
        return Dual(self.x[pairs], self.y[pairs])


def _with_view_before(values: torch.Tensor, steps: int) -> tuple[torch.Tensor, torch.Tensor]:
    """A copy of ``values`` and a view of what lies ``steps`` before each in memory, 0 before the first."""
    memory = values.new_zeros(steps + values.numel())
    memory[steps:] = values.flatten()
    return memory[steps:].view(values.shape), memory[: values.numel()].view(values.shape)


# --- at one scale and warp --------------------------------------------------------------------------------------------


def _alternate(data: Data, u: torch.Tensor, dual: Dual) -> tuple[torch.Tensor, Dual]:
    """v(u) and u(v) in turns, until u rests or the iterations are used up; a pair that rests leaves the batch."""
    rested, rested_dual = torch.empty_like(u), Dual.zero(u)
    left = torch.arange(len(u), device=u.device)

    def leave(pairs: torch.Tensor, u: torch.Tensor, dual: Dual) -> None:
        rested[pairs], rested_dual.x[pairs], rested_dual.y[pairs] = u, dual.x, dual.y

    space = _Space(u)
    for _ in range(int(SETTINGS["outer"])):
        u = median5(u)
        for _ in range(0, int(SETTINGS["inner"]), int(SETTINGS["check"])):
            for _ in range(int(SETTINGS["check"])):
                before, u = u, _step(data, u, dual, space)
            change = ((u - before) ** 2).sum(3).sum((1, 2)) / u[0, 0].numel()
            still = change > SETTINGS["epsilon"] ** 2
            remain = int(still.sum())
            if remain == len(left):
                continue
            rest = ~still
            leave(left[rest], u[rest], dual[rest])
            if not remain:
                return rested, rested_dual
            left, u, dual, data = left[still], u[still], dual[still], data[still]
            space = _Space(u)
    leave(left, u, dual)
    return rested, rested_dual


class _Space:
    """Memory of one iteration, used again by the next."""

    def __init__(self, u: torch.Tensor) -> None:
        self.flows = [torch.empty_like(u), torch.empty_like(u)]
        self.steps = torch.empty_like(u[:, :1])
        self.x, self.y, self.length = torch.zeros_like(u), torch.zeros_like(u), torch.empty_like(u)
        self.one = torch.ones((), dtype=u.dtype)


def _step(data: Data, u: torch.Tensor, dual: Dual, space: _Space) -> torch.Tensor:
    """One iteration: the new u (B, 2, H, W), in memory of ``space``; ``dual`` changes in place."""
    reach = SETTINGS["lambda"] * SETTINGS["theta"]
    speed = SETTINGS["tau"] / SETTINGS["theta"]
    # v = u + g t: as far along g as rho = 0 asks for, at most lambda theta
    t = torch.addcmul(data.shift[:, 0], data.gain[:, 0], u[:, 0], out=space.steps[:, 0])
    t.addcmul_(data.gain[:, 1], u[:, 1]).clamp_(-reach, reach)
    space.flows.reverse()
    new = torch.addcmul(u, data.slope, space.steps, out=space.flows[0])
    # u = v + theta div p
    new.add_(dual.x).sub_(dual.left).add_(dual.y).sub_(dual.up)
    # p = (p + tau/theta grad u) / (1 + tau/theta |grad u|)
    flat, width = new.view(-1), new.shape[-1]
    torch.sub(flat[1:], flat[:-1], out=space.x.view(-1)[:-1])
    torch.sub(flat[width:], flat[:-width], out=space.y.view(-1)[:-width])
    space.x[..., -1] = 0
    space.y[..., -1, :] = 0
    length = torch.mul(space.x, space.x, out=space.length).addcmul_(space.y, space.y).sqrt_()
    torch.add(space.one, length, alpha=speed, out=length)
    dual.x.add_(space.x, alpha=SETTINGS["tau"]).div_(length)
    dual.y.add_(space.y, alpha=SETTINGS["tau"]).div_(length)
    return new
