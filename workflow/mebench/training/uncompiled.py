"""PyTorch's optimisers without its compiler.

PyTorch imports the compiler when the first optimiser is made, only to tell it what not to compile. Nothing is compiled
here, and the import takes a second of each job.
"""

from __future__ import annotations

import inspect

import torch
from torch.optim import Optimizer


class Adam(torch.optim.Adam):
    """``torch.optim.Adam``."""

    step = torch.no_grad()(inspect.unwrap(torch.optim.Adam.step))


class AdamW(torch.optim.AdamW):
    """``torch.optim.AdamW``."""

    step = torch.no_grad()(inspect.unwrap(torch.optim.AdamW.step))


class SGD(torch.optim.SGD):
    """``torch.optim.SGD``."""

    step = torch.no_grad()(inspect.unwrap(torch.optim.SGD.step))


def _keep_uncompiled() -> None:
    """Note beside methods of the base class that nothing has to be done for the compiler, where PyTorch looks for what
    it did (``torch/_compile.py``)."""
    for method in (Optimizer.add_param_group, Optimizer.zero_grad, Optimizer.state_dict, Optimizer.load_state_dict):
        plain = inspect.unwrap(method)
        setattr(plain, "__dynamo_disable", plain)


_keep_uncompiled()
