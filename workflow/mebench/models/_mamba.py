"""A Mamba layer and its selective scan in plain PyTorch (Gu, Dao; Mamba: Linear-Time Sequence Modeling with Selective
State Spaces; COLM 2024, arXiv 2312.00752, section 3 and algorithm 2)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from einops import rearrange, repeat
from torch import nn
from torch.autograd.function import FunctionCtx, once_differentiable

from mebench.errors import UserError

if TYPE_CHECKING:

    class Context(FunctionCtx):
        """What the forward pass of the scan keeps for the backward pass."""

        chunk: int
        saved_tensors: tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor | None]


# how many numbers the states of clips that are scanned together may have: they fit a core's cache, or keep a GPU busy
CHUNK = {"cpu": 2**19, "cuda": 2**27}


class Mamba(nn.Module):
    """Sequences (N, T, d_model) -> the same shape. The output at t depends on the inputs up to t.

    Weights have the names of the package ``mamba_ssm``: its class ``Mamba`` takes the same ``state_dict``. On a GPU the
    scan of that package is used where it is installed. ``scan_used`` is the scan of the last batch, ``torch`` or
    ``mamba_ssm``. ``recompute``: see :func:`selective_scan`.
    """

    def __init__(self, d_model: int, d_state: int = 64, d_conv: int = 4, expand: int = 2, recompute: bool = True):
        super().__init__()
        inner, self.rank, self.d_state = expand * d_model, math.ceil(d_model / 16), d_state
        self.recompute, self.scan_used = recompute, ""
        self.in_proj = nn.Linear(d_model, 2 * inner, bias=False)
        self.conv1d = nn.Conv1d(inner, inner, d_conv, groups=inner, padding=d_conv - 1)
        self.x_proj = nn.Linear(inner, self.rank + 2 * d_state, bias=False)
        self.dt_proj = nn.Linear(self.rank, inner)
        self.A_log = nn.Parameter(repeat(torch.arange(1, d_state + 1).float().log(), "s -> d s", d=inner).clone())
        self.D = nn.Parameter(torch.ones(inner))
        self.out_proj = nn.Linear(inner, d_model, bias=False)
        self.reset_dt_bias()

    @torch.no_grad()
    def reset_dt_bias(self) -> None:
        """Biases that let the step sizes start between 0.001 and 0.1, uniform in their logarithm."""
        low, high = math.log(0.001), math.log(0.1)
        step = (low + (high - low) * torch.rand_like(self.dt_proj.bias)).exp()
        self.dt_proj.bias.copy_(step + torch.log(-torch.expm1(-step)))  # the inverse of softplus

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        u, gate = self.in_proj(x).chunk(2, dim=-1)  # n t d each, d = expand * d_model
        u = self.conv1d(rearrange(u, "n t d -> n d t"))[..., : x.shape[1]]  # the padding's end looks ahead: cut off
        u = F.silu(rearrange(u, "n d t -> n t d"))
        r, b, c = self.x_proj(u).split([self.rank, self.d_state, self.d_state], dim=-1)
        return self.out_proj(self._scanned(u, r, b, c) * F.silu(gate))

    def _scanned(self, u: torch.Tensor, r: torch.Tensor, b: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
        """Step sizes, scan and skip in float32 (or float64), also under autocast, because states add up over time."""
        with torch.autocast("cuda" if u.is_cuda else "cpu", enabled=False):
            u, r, b, c = (v.to(torch.promote_types(v.dtype, torch.float32)) for v in (u, r, b, c))
            self.scan_used, scan = scan_for(u.device, u.dtype)
            delta = F.softplus(self.dt_proj(r))
            return scan(u, delta, -self.A_log.exp(), b, c, self.recompute) + self.D * u


def scan_for(device: torch.device, dtype: torch.dtype) -> tuple[str, Callable[..., torch.Tensor]]:
    """Name and function of the scan for a device: that of ``mamba_ssm`` on a GPU where it is installed, for float32.
    Its backward pass adds in no fixed order, so that the last bits of a fold differ between two runs."""
    if device.type == "cuda" and dtype == torch.float32 and fused_scan():
        return "mamba_ssm", scan_of_mamba_ssm
    return "torch", selective_scan


@cache
def fused_scan() -> Callable[..., torch.Tensor] | None:
    """``selective_scan_fn`` of ``mamba_ssm``, or None where that package is not installed or does not load."""
    try:
        from mamba_ssm.ops.selective_scan_interface import selective_scan_fn
    except ImportError:
        return None
    return selective_scan_fn


def scan_of_mamba_ssm(
    x: torch.Tensor, delta: torch.Tensor, a: torch.Tensor, b: torch.Tensor, c: torch.Tensor, recompute: bool = True
) -> torch.Tensor:
    """:func:`selective_scan` by ``mamba_ssm``, which has time as the last dimension and always recomputes."""
    scan = fused_scan()
    if scan is None:
        raise UserError("the package mamba_ssm is not installed here")
    x, delta, b, c = (rearrange(v, "n t d -> n d t").contiguous() for v in (x, delta, b, c))
    return rearrange(scan(x, delta, a.contiguous(), b, c), "n d t -> n t d")


def selective_scan(
    x: torch.Tensor,
    delta: torch.Tensor,
    a: torch.Tensor,
    b: torch.Tensor,
    c: torch.Tensor,
    recompute: bool = True,
    chunk: int | None = None,
) -> torch.Tensor:
    """The diagonal state space y (N, T, D) of inputs ``x`` and step sizes ``delta`` (N, T, D), poles ``a`` < 0 (D, S)
    and ``b`` and ``c`` (N, T, S), which say what is written to the states and read from them.

        state[t] = exp(delta[t] a) state[t-1] + delta[t] x[t] b[t],  state[-1] = 0,  y[t] = sum over S of c[t] state[t]

    Memory: N T D S numbers are kept for the backward pass. With ``recompute`` none are kept, and the backward pass
    computes the states again. ``chunk`` clips are scanned at a time; None chooses a number for the device. The results
    are the same.
    """
    if chunk is None:
        chunk = max(1, CHUNK.get(x.device.type, CHUNK["cpu"]) // (x.shape[1] * a.numel()))
    return _Scan.apply(x, delta, a, b, c, recompute, chunk)


class _Scan(torch.autograd.Function):
    """The scan with its backward pass written out. Autograd would keep several (N, D, S) tensors of each time step.
    Clips are scanned in chunks: a chunk that stays in the cache is several times as fast."""

    # parameters: the arguments of apply(), which are the symbols of the paper
    @staticmethod
    def forward(ctx: Context, x, delta, a, b, c, recompute: bool, chunk: int) -> torch.Tensor:
        y, kept = torch.empty_like(x), None if recompute else x.new_empty(*x.shape, a.shape[1])
        for rows in _chunks(len(x), chunk):
            decay, place = _decay(delta[rows], a), None if kept is None else kept[rows]
            y[rows] = _dot(_states(decay, x[rows], delta[rows], b[rows], place), c[rows][:, :, None])
        ctx.save_for_backward(x, delta, a, b, c, kept)  # type: ignore[arg-type]  # None is allowed
        ctx.chunk = chunk
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Context, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, delta, a, b, c, kept = ctx.saved_tensors
        parts, grad_a = [], torch.zeros_like(a)
        with torch.autocast("cuda" if x.is_cuda else "cpu", enabled=False):
            for rows in _chunks(len(x), ctx.chunk):
                xs, deltas, bs, cs = (v[rows] for v in (x, delta, b, c))
                decay = _decay(deltas, a)
                states = _states(decay, xs, deltas, bs) if kept is None else kept[rows]
                *part, more = _gradients(grad[rows], xs, deltas, a, bs, cs, decay, states)
                parts.append(part)
                grad_a += more
        grad_x, grad_delta, grad_b, grad_c = (torch.cat(part) for part in zip(*parts, strict=True))
        return grad_x, grad_delta, grad_a, grad_b, grad_c, None, None


def _chunks(clips: int, chunk: int) -> Iterator[slice]:
    return (slice(start, start + chunk) for start in range(0, clips, chunk))


def _decay(delta: torch.Tensor, a: torch.Tensor) -> torch.Tensor:
    """exp(delta a), the factor of a state in each step, (n, T, D, S).

    It is computed as 2^x, which is three times as fast in torch. Smaller factors than the smallest normal number of the
    dtype are replaced by that number: smaller numbers are slow to compute with, and both are practically zero.
    """
    exponent = delta[..., None] * (a / math.log(2))
    return exponent.clamp_(min=math.log2(torch.finfo(a.dtype).tiny)).exp2_()


def _states(
    decay: torch.Tensor, x: torch.Tensor, delta: torch.Tensor, b: torch.Tensor, place: torch.Tensor | None = None
) -> torch.Tensor:
    """The states (n, T, D, S), one time step after the other, in ``place`` if one is given."""
    states = torch.mul((delta * x)[..., None], b[:, :, None], out=place)  # what each step writes
    state, kept = states.unbind(1), decay.unbind(1)
    for t in range(1, len(state)):
        state[t].addcmul_(kept[t], state[t - 1])
    return states


# parameters: the symbols of the recurrence
def _gradients(grad, x, delta, a, b, c, decay, states) -> tuple[torch.Tensor, ...]:
    """Gradients of x, delta, b, c and a from ``grad``, that of y (n, T, D)."""
    grad_c = (grad[:, :, None] @ states)[:, :, 0]  # sum over D
    later = grad[..., None] * c[:, :, None]  # gradient of each state, n t d s: from y, then from the state after it
    state, kept = later.unbind(1), decay.unbind(1)
    for t in range(len(state) - 2, -1, -1):
        state[t].addcmul_(kept[t + 1], state[t + 1])
    written = _dot(later, b[:, :, None])  # gradient of delta * x
    grad_b = ((delta * x)[:, :, None] @ later)[:, :, 0]
    faded = later[:, 1:].mul_(decay[:, 1:]).mul_(states[:, :-1])  # gradient of delta * a; in place of ``later``
    grad_a = (faded * delta[:, 1:, :, None]).sum((0, 1))
    grad_delta = written * x
    grad_delta[:, 1:] += _dot(faded, a)
    return written * delta, grad_delta, grad_b, grad_c, grad_a


def _dot(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Sum of a product over the states. It is several times as fast as a matrix product with one column."""
    return (one * other).sum(-1)
