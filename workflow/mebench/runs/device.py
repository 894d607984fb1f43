"""The device that a job trains on, set up for repeatable and fast training."""

from __future__ import annotations

import ctypes
import platform

import numpy as np
import torch

from mebench import __version__
from mebench.checkout import version_of
from mebench.errors import UserError
from mebench.runs.begun import memory_of_process


def prepared(wanted: str, threads: int) -> torch.device:
    """The device. The process is set up for repeatable and fast training on it."""
    device = choose_device(wanted)
    torch.set_num_threads(threads)
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
    keep_freed_memory()
    return device


def choose_device(wanted: str) -> torch.device:
    """The device for ``auto`` (a CUDA GPU where one is visible, else the CPU), ``cpu`` or ``cuda``. A UserError where
    ``cuda`` is asked for and there is none."""
    if wanted == "cuda" and not torch.cuda.is_available():
        raise UserError(
            "the device 'cuda' was asked for but no CUDA GPU is visible; use --device cpu or check nvidia-smi"
        )
    return torch.device("cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu")


def device_name(device: torch.device) -> str:
    """The name of the device, for the record."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else f"cpu ({platform.machine()})"


def peak_memory_mb(device: torch.device) -> float:
    """Peak memory so far: of the fold on a GPU, of the whole process on the CPU."""
    if device.type == "cuda":
        return round(torch.cuda.max_memory_allocated(device) / 2**20, 1)
    return memory_of_process()


def versions() -> dict[str, str]:
    """Versions of packages that can change the last bits of a result."""
    return {
        "mebench": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "timm": version_of("timm"),
        "scikit-learn": version_of("scikit-learn"),
        "mamba_ssm": version_of("mamba_ssm"),  # ME-TST uses it on a GPU, where it is installed
    }


def keep_freed_memory() -> None:
    """Tell glibc to keep freed blocks instead of giving each back to the kernel.

    A training step frees and allocates the same few large activations again and again. With the default setting each of
    them is mapped and zeroed again by page faults, which is a fifth of STSTNet's time on a CPU. Results do not change.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "gnu_get_libc_version"):
        m_trim_threshold, m_mmap_threshold = -1, -3
        libc.mallopt(m_mmap_threshold, 32 << 20)
        libc.mallopt(m_trim_threshold, 2**31 - 1)
