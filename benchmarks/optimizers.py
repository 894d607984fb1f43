"""A step of the optimiser: PyTorch's plain form beside the fused one that mebench uses, for networks on 28x28 flow.

    python benchmarks/optimizers.py

One thread, CPU seconds of the steps alone, gradients being there; the median of some.
"""

from __future__ import annotations

import argparse
import platform
import time
from statistics import median

import torch

from mebench.catalogue.listing import markdown_table
from mebench.models import build

NETWORKS = {
    "off_apexnet": {},
    "off_apexnet (meb)": {"variant": "meb"},
    "resnet18": {"size": "flow28", "pretrained": "none"},
    "vit_tiny": {"size": "flow28", "pretrained": "none"},
    "htnet": {},
}
STEPS = 15


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    torch.set_num_threads(1)
    lines = []
    for name, options in NETWORKS.items():
        parameters = list(build(name.split()[0], num_classes=3, **options).parameters())
        for parameter in parameters:
            parameter.grad = torch.randn_like(parameter)
        plain, fused = (seconds(torch.optim.Adam(parameters, lr=1e-4, fused=fused)) for fused in (False, True))
        count = sum(parameter.numel() for parameter in parameters)
        lines.append([name, f"{count:,}", f"{1000 * plain:.1f}", f"{1000 * fused:.1f}", f"{plain / fused:.1f}"])
    header = ("network", "parameters", "plain Adam, ms a step", "fused, ms a step", "times as fast")
    print(f"{platform.platform()}, torch {torch.__version__}\n")
    print(markdown_table(header, lines, right=header[1:]))


def seconds(optimizer: torch.optim.Optimizer) -> float:
    """CPU seconds of a step, after two that are not counted."""
    found = []
    for _ in range(2 + STEPS):
        begin = time.process_time()
        optimizer.step()
        found.append(time.process_time() - begin)
    return median(found[2:])


if __name__ == "__main__":
    main()
