"""A convolution, ReLU, batch norm and max-pooling as one layer, for training small pictures on a CPU.

One after another these layers pass eleven times over maps that fit into no cache. Batch norm with positive weights
keeps the order of numbers, so the largest number of a window is normalised alone: a ninth of all. The gradient of the
maps is the sum of a linear function of them, from the statistics, and of numbers at the largest of each window; it is
made for a few clips at a time, and stays in the cache until the convolution has used it.
"""

from __future__ import annotations

from typing import cast

import torch
import torch.nn.functional as F
from torch import nn
from torch.autograd.function import FunctionCtx

PART = 32  # clips whose gradient is computed together: 2 MB for 16 maps of 30 x 30
WINDOW = 3  # side and stride of a window of the pooling, which begins one row and column outside


def fits(x: torch.Tensor, norm: nn.BatchNorm2d) -> bool:
    """Whether :func:`conv_norm_pool` can train on the batch ``x``, which has no gradient."""
    on_cpu = x.device.type == "cpu" and not torch.is_autocast_enabled("cpu")
    return on_cpu and torch.is_grad_enabled() and not x.requires_grad and bool((norm.weight > 0).all())


def conv_norm_pool(x: torch.Tensor, conv: nn.Conv2d, norm: nn.BatchNorm2d) -> torch.Tensor:
    """What training gives of max-pool(norm(relu(conv(x)))) with windows of 3 x 3: (n, c, h, w), but for its last bits.
    The running statistics of ``norm`` move as they do there."""
    return _ConvNormPool.apply(x, conv, norm, conv.weight, conv.bias, norm.weight, norm.bias)


class _Kept(FunctionCtx):
    """What is kept for the gradient."""

    padding: tuple[int, int]
    saved_tensors: tuple[torch.Tensor, ...]


class _ConvNormPool(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: _Kept, x: torch.Tensor, conv: nn.Conv2d, norm: nn.BatchNorm2d, *parameters: torch.Tensor
    ) -> torch.Tensor:
        maps, momentum = torch.relu_(conv(x)), cast(float, norm.momentum)
        cast(torch.Tensor, norm.num_batches_tracked).add_(1)
        mean, variance = torch.batch_norm_update_stats(maps, norm.running_mean, norm.running_var, momentum)
        largest, where = F.max_pool2d(maps, WINDOW, padding=1, return_indices=True)
        ctx.padding, rate = cast(tuple[int, int], conv.padding), (variance + norm.eps).rsqrt()
        ctx.save_for_backward(x, maps, largest, where, mean, rate, conv.weight, norm.weight)
        return F.batch_norm(largest, mean, variance, norm.weight, norm.bias, eps=norm.eps)

    @staticmethod
    def backward(ctx: _Kept, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, maps, largest, where, mean, rate, kernel, weight = ctx.saved_tensors
        centred = (largest - mean[:, None, None]) * rate[:, None, None]
        d_offset, d_weight = grad.sum((0, 2, 3)), (grad * centred).sum((0, 2, 3))
        scale, count = weight * rate, maps.numel() / len(mean)
        slope = -scale * rate * d_weight / count
        line = (slope, -scale * d_offset / count - slope * mean)  # of all numbers of a map, because of the statistics
        at_largest = grad * scale[:, None, None]
        parts = zip(*(t.split(PART) for t in (x, maps, where, at_largest)), strict=True)
        found = [_of_convolution(part, kernel, line, ctx.padding) for part in parts]
        d_kernel, d_bias = (sum(gradients) for gradients in zip(*found, strict=True))
        return None, None, None, d_kernel, d_bias, d_weight, d_offset


def _of_convolution(
    part: tuple[torch.Tensor, ...], kernel: torch.Tensor, line: tuple[torch.Tensor, torch.Tensor],
    padding: tuple[int, int],
) -> tuple[torch.Tensor, torch.Tensor]:  # fmt: skip
    """The gradients of the convolution's weights and biases of a few clips."""
    aten = torch.ops.aten
    x, maps, where, at_largest = part
    d_maps = F.batch_norm(maps, torch.zeros_like(line[0]), torch.ones_like(line[0]), *line, eps=0.0)
    window, padded, dense = [WINDOW] * 2, [1, 1], [1, 1]
    d_maps += aten.max_pool2d_with_indices_backward(at_largest, maps, window, window, padded, dense, False, where)
    aten.threshold_backward.grad_input(d_maps, maps, 0, grad_input=d_maps)
    wanted = [False, True, True]
    return aten.convolution_backward(
        d_maps, x, kernel, [len(kernel)], dense, list(padding), dense, False, [0, 0], 1, wanted
    )[1:]
