"""The device that a job trains on, set up for repeatable and quick training."""

from __future__ import annotations

import ctypes
import platform
import resource

import numpy as np
import torch

from mebench import __version__
from mebench.checkout import version_of
from mebench.errors import UserError


def prepared(wanted: str, threads: int) -> torch.device:
    """The device, with the process set up for repeatable and quick training on it."""
    device = choose_device(wanted)
    torch.set_num_threads(threads)
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
    keep_freed_memory()
    return device


def choose_device(wanted: str) -> torch.device:
    """``auto`` takes a CUDA GPU when one is visible, else the CPU; asking for ``cuda`` without one is an error."""
    if wanted == "cuda" and not torch.cuda.is_available():
        raise UserError(
            "the device 'cuda' was asked for but no CUDA GPU is visible; use --device cpu or check nvidia-smi"
        )
    return torch.device("cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu")


def device_name(device: torch.device) -> str:
    """What the fold ran on, for the record."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else f"cpu ({platform.machine()})"


def peak_memory_mb(device: torch.device) -> float:
    """Peak memory so far: of the fold on the GPU, of the whole process on the CPU."""
    if device.type == "cuda":
        return round(torch.cuda.max_memory_allocated(device) / 2**20, 1)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10, 1)


def versions() -> dict[str, str]:
    """Versions that can change bits."""
    return {
        "mebench": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "timm": version_of("timm"),
        "scikit-learn": version_of("scikit-learn"),
        "mamba_ssm": version_of("mamba_ssm"),  # where it is, ME-TST scans with it on a GPU
    }


def keep_freed_memory() -> None:
    """Tell glibc to keep freed blocks instead of handing each back to the kernel.

    A training step frees and asks for the same few large activations again and again; with the default setting each of
    them is mapped and zeroed anew by page faults, a fifth of STSTNet's time on a CPU. No result depends on it.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "gnu_get_libc_version"):
        m_trim_threshold, m_mmap_threshold = -1, -3
        libc.mallopt(m_mmap_threshold, 32 << 20)
        libc.mallopt(m_trim_threshold, 2**31 - 1)
