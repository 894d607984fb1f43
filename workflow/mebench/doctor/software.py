"""The packages, programs and hardware of this machine."""

from __future__ import annotations

import importlib
import os
import platform
import shutil
from importlib import metadata

MISSING = "MISSING"


def software() -> dict[str, str]:
    """What is installed, by name; a value that begins with MISSING or WRONG says what to do."""
    return {
        "python": platform.python_version(),
        "torch": _version("torch"),
        "torchvision": _torchvision(),
        "opencv": _opencv(),
        "dlib": _dlib(),
        "snakemake": _version("snakemake"),
        "archives": _archives(),
        "mebench": _version("mebench"),
    }


def machine() -> dict[str, str]:
    """Cores, memory, GPU and free disk."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    free = shutil.disk_usage(".").free / 2**30
    return {"cores": str(cores), "memory": f"{memory:.1f} GiB", "GPU": _gpu(), "free disk": f"{free:.1f} GiB here"}


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return f"{MISSING}; install {package}"


def _torchvision() -> str:
    installed, torch = _version("torchvision"), _version("torch")
    if installed.startswith(MISSING) or torch.startswith(MISSING):
        return installed
    wanted = matching_torchvision(torch)
    if wanted and ".".join(installed.split(".")[:2]) != wanted:
        return f"WRONG: {installed} does not fit torch {torch}; install torchvision {wanted}"
    try:
        importlib.import_module("torchvision")  # its operators are bound to torch only here
    except (ImportError, RuntimeError) as error:
        return f"WRONG: {installed} cannot be imported ({str(error).splitlines()[0]}); install the one of torch {torch}"
    return f"{installed}, fits torch"


def matching_torchvision(torch: str) -> str:
    """The release of torchvision that goes with a torch: 2.11.0 -> 0.26; '' where the rule is not known."""
    major, minor = torch.split("+")[0].split(".")[:2]
    return f"0.{int(minor) + 15}" if major == "2" and minor.isdigit() else ""


def _opencv() -> str:
    wanted = "install opencv-contrib-python-headless"
    try:
        import cv2
    except ImportError as error:
        return f"{MISSING} ({error}); {wanted}"
    if hasattr(cv2, "optflow"):
        return f"{cv2.__version__} with contrib modules"
    return (
        f"WRONG: {cv2.__version__} has no contrib modules, so no TV-L1 flow; uninstall all opencv packages and {wanted}"
    )


def _dlib() -> str:
    from mebench.errors import UserError
    from mebench.faces import detect

    try:
        version, file = detect.version(), detect.predictor_file()
    except UserError as error:
        return f"{MISSING}: {error}"
    return f"{version} with the landmark model {file.name}"


def _archives() -> str:
    from mebench.acquisition.programs import installed

    by_kind = {kind: [program.name for program in installed(kind)] for kind in ("7z", "rar")}
    shown = [f"{kind} by {' or '.join(names)}" for kind, names in by_kind.items() if names]
    lacking = [kind for kind, names in by_kind.items() if not names]
    advice = f"; no program for {' and '.join(lacking)} (needed only for such archives: install 7zip, unrar or unar)"
    return ", ".join(["zip and tar", *shown]) + (advice if lacking else "")


def _gpu() -> str:
    try:
        import torch
    except ImportError as error:
        return f"unknown, torch cannot be imported ({error})"
    if not torch.cuda.is_available():
        return "none that torch can use; training runs on the CPU"
    names = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return f"{', '.join(names)} (CUDA {torch.version.cuda})"
