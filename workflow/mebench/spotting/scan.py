"""One pass of a network over a whole recording, from windows that were cut from one series and back to windows."""

from __future__ import annotations

from collections.abc import Callable

import torch
from einops import rearrange


def in_one_pass(windows: torch.Tensor, over: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
    """What ``over``, (1, channels, P) -> (1, P, numbers), makes of a recording, as windows (W, k, numbers). ``windows``
    (W, channels, k) are all of it, each half a window after the one before."""
    length = windows.shape[-1]
    half = length // 2
    later = rearrange(windows[1:, :, length - half :], "w c h -> c (w h)")
    outputs = over(torch.cat([windows[0], later], dim=-1)[None])[0]
    return rearrange(outputs.unfold(0, length, half), "w n k -> w k n")
