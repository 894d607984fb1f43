"""Look at this machine and at the configured datasets: what is there, what is missing, and where to get it."""

from __future__ import annotations

import argparse
from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="configuration to check (default: config.yaml here)"
    )


def main(args: argparse.Namespace) -> None:
    from mebench.config import load_config

    config = args.config or (Path("config.yaml") if Path("config.yaml").is_file() else None)
    datasets = load_config(config)["datasets"] if config else {}
    for title, lines in (("Software", _software()), ("Machine", _machine())):
        print(title)
        for name, value in lines:
            print(f"  {name:<11}{value}")
    print("Datasets" if datasets else "Datasets: no config.yaml here; name one with --config")
    for name, entry in sorted(datasets.items()):
        _dataset(name, entry["source"])


def _software() -> list[tuple[str, str]]:
    import platform
    from importlib import metadata

    def version(package: str) -> str:
        try:
            return metadata.version(package)
        except metadata.PackageNotFoundError:
            return "MISSING"

    return [
        ("python", platform.python_version()),
        ("torch", version("torch")),
        ("opencv", _opencv()),
        ("snakemake", version("snakemake")),
        ("mebench", version("mebench")),
    ]


def _opencv() -> str:
    try:
        import cv2
    except ImportError as error:
        return f"MISSING ({error}); install opencv-contrib-python-headless"
    if hasattr(cv2, "optflow"):
        return f"{cv2.__version__} with contrib modules"
    return (
        f"{cv2.__version__} WITHOUT contrib modules, so without TV-L1 flow; uninstall all opencv packages and "
        "install opencv-contrib-python-headless"
    )


def _machine() -> list[tuple[str, str]]:
    import os
    import shutil

    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    free = shutil.disk_usage(".").free / 2**30
    return [
        ("cores", str(cores)),
        ("memory", f"{memory:.1f} GiB"),
        ("GPU", _gpu()),
        ("free disk", f"{free:.1f} GiB here"),
    ]


def _gpu() -> str:
    try:
        import torch
    except ImportError as error:
        return f"unknown, torch cannot be imported ({error})"
    if not torch.cuda.is_available():
        return "none that torch can use; training runs on the CPU"
    names = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return f"{', '.join(names)} (CUDA {torch.version.cuda})"


def _dataset(name: str, source: str) -> None:
    from mebench import cards
    from mebench.errors import UserError

    card = cards.card("datasets", name)
    if source == "synthetic":
        print(f"  {name:<13}synthetic: generated here, nothing needed")
        return
    try:
        print(f"  {name:<13}{source}: {_look(name, Path(source))}")
    except UserError as error:
        print(f"  {name:<13}{source}: NOT USABLE: {error}")
        print(f"  {'':<13}expected: {card['layout']}")
        print(f"  {'':<13}licence: {card['licence']}; {card['homepage']}")


def _look(name: str, path: Path) -> str:
    from mebench import cards
    from mebench.datasets._source import ARCHIVES
    from mebench.errors import UserError

    if path.is_file() and path.name.lower().endswith(ARCHIVES):
        return f"archive of {path.stat().st_size / 2**20:.0f} MiB, unpacked by `mebench fetch`"
    reading = cards.load("datasets", name).read(path)
    if not reading.clips:
        raise UserError("no clips were found")
    found, expected = len(reading.clips), cards.card("datasets", name)["expected"]["clips"]
    return f"{found} clips read ({expected} expected), {len(reading.dropped)} rows dropped"
