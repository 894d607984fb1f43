"""Which instruction sets of the processor numerical libraries may use.

torch, oneDNN, MKL, OpenBLAS, numpy and OpenCV choose their code by the processor, and sums that are taken in vectors of
another length end in other bits: after some epochs, in other classes for some clips. Under ``avx2`` all of them use
AVX2 and no more, as on the x86 processors without AVX-512, so that machines of one maker give the same bytes with and
without it; those of Intel and AMD differ all the same (docs/what-a-run-does.md). ``native`` leaves the choice to the
libraries. A library chooses when it is loaded, so this comes before numpy.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import MutableMapping, Set
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from mebench.errors import UserError, did_you_mean

CHOICES = ("avx2", "native")
# Costs nothing but for ResNet-18 on small pictures, see docs/what-a-run-does.md
DEFAULT = "avx2"
LIMITS = {
    "ATEN_CPU_CAPABILITY": "avx2",  # torch's own loops
    "ONEDNN_MAX_CPU_ISA": "AVX2",  # torch's convolutions, and some of its products of matrices
    "MKL_CBWR": "AVX2",  # torch's other products of matrices
    "OPENBLAS_CORETYPE": "Haswell",  # products of matrices and solvers of numpy, SciPy and scikit-learn
    "OPENCV_IPP": "avx2",
}
# only where the processor has AVX-512: these two complain of a set that is not there
LIMITS_OF_AVX512 = {
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",  # arctan2 and powers
    "OPENCV_CPU_DISABLE": "AVX512-SKX",
}
NEEDED = {"avx2", "fma"}  # a processor without them has less than the limits, which would not hold there
LIBRARIES = ("numpy", "torch", "cv2")


def add_option(parser: argparse.ArgumentParser) -> None:
    """Give a verb the option ``--isa``; :func:`mebench.cli.main` obeys it before the verb begins."""
    parser.add_argument("--isa", choices=CHOICES, default=DEFAULT,
                        help="instruction sets of the CPU that libraries use: avx2, for the same bytes on machines "
                             "with and without AVX-512 (default), or native, all that the CPU has")  # fmt: skip


def restrict(choice: str = DEFAULT, environment: MutableMapping[str, str] = os.environ) -> None:
    """Set the limits in this process and in those that it starts, or take them back for ``native``.

    Does nothing on a processor without AVX2, and nothing in a process that has loaded a library already: it would be
    too late, and the record would not be true.
    """
    check(choice)
    if any(name in sys.modules for name in LIBRARIES):
        return
    limits = limits_of(flags())
    if choice == "native":
        for name, value in limits.items():
            if environment.get(name) == value:
                del environment[name]
    else:
        environment.update(limits)


def check(choice: object) -> None:
    """Raise a UserError where ``choice`` is none of :data:`CHOICES`."""
    if choice not in CHOICES:
        raise UserError(f"isa is '{choice}'{did_you_mean(str(choice), CHOICES)}")


def limits_of(processor: Set[str]) -> dict[str, str]:
    """The environment variables that limit libraries to AVX2 on a processor with these flags."""
    if not processor >= NEEDED:
        return {}
    return LIMITS | (LIMITS_OF_AVX512 if "avx512f" in processor else {})


@lru_cache(maxsize=4)
def flags(cpuinfo: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    """What the first core says that it can do, in Linux's words; nothing where that cannot be read."""
    try:
        with open(cpuinfo, encoding="utf-8", errors="replace") as lines:
            line = next((line for line in lines if line.startswith("flags")), "")
    except OSError:
        return frozenset()
    return frozenset(line.partition(":")[2].split())


@dataclass(frozen=True)
class InUse:
    """What a record says: the ``choice`` that holds in this process, the ``limits`` that it set, the code that
    ``torch`` chose (None where torch is not loaded), and the vector instructions of the ``processor``."""

    choice: str
    limits: dict[str, str]
    torch: str | None
    processor: list[str]

    def as_json(self) -> dict[str, object]:
        """What fold.json keeps under ``isa``."""
        return asdict(self)


def in_use() -> InUse:
    """The instruction sets of this process."""
    limits = limits_of(flags())
    held = bool(limits) and all(os.environ.get(name) == value for name, value in limits.items())
    torch = sys.modules.get("torch")
    return InUse(
        choice="avx2" if held else "native",
        limits=limits if held else {},
        torch=torch.backends.cpu.get_cpu_capability() if torch is not None else None,
        processor=sorted(flag for flag in flags() if flag.startswith(("avx", "fma", "amx"))),
    )
