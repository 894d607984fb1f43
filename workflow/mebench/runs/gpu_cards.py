"""The GPU cards that a job may use: those of this machine, or those that a scheduler or the user gives it.

Cards are listed without CUDA, because a process that has started CUDA ignores later changes of
``CUDA_VISIBLE_DEVICES``.
"""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mebench.errors import UserError

VISIBLE, ORDER = "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER"
# set by a scheduler that gives cards to a job, with or without CUDA_VISIBLE_DEVICES
SCHEDULER_GIVES = ("SLURM_JOB_GPUS", "SLURM_STEP_GPUS", "SGE_HGR_gpu", "PBS_GPUFILE")
DRIVER = Path("/proc/driver/nvidia/gpus")
PATIENCE = 60  # seconds for nvidia-smi, which is slow where many cards have to wake up


@dataclass(frozen=True)
class GpuCard:
    """A GPU, or a part of one (MIG): its name in ``CUDA_VISIBLE_DEVICES``, and the name of its lease."""

    visible: str
    lease: str


def to_choose_from(wanted: int, environment: Mapping[str, str]) -> list[GpuCard] | None:
    """The cards from which a job may lease ``wanted``; None where it needs no lease."""
    given = _given(environment)
    if given is None and any(environment.get(name) for name in SCHEDULER_GIVES):
        return None
    if given is not None and len(given) <= max(wanted, 1):
        return None
    if wanted == 0:
        return []
    known = cards_of_this_machine()
    if given is not None:
        cards = list({card.lease: card for card in (_named(name, known) for name in given)}.values())
        return cards if len(cards) > wanted else None  # there are fewer where one is named twice
    if known and len(known) < wanted:
        raise UserError(f"the job wants {wanted} GPUs, but this machine has {len(known)}; ask for fewer (--gpus)")
    return known or None


def cards_of_this_machine() -> list[GpuCard]:
    """All cards in the order of their PCI addresses, as the driver lists them; empty where there is no NVIDIA
    driver."""
    return parse_list(_output("nvidia-smi", "-L")) or _listed_by_driver(DRIVER)


def parse_list(text: str) -> list[GpuCard]:
    """The cards in the output of ``nvidia-smi -L``. A card with MIG instances counts as these instances."""
    cards: list[list[str]] = []
    for line in text.splitlines():
        if whole := re.match(r"GPU \d+: .*\(UUID: (GPU-[^)\s]+)\)", line):
            cards.append([whole[1]])
        elif (part := re.match(r"\s+MIG .*\(UUID: (MIG-[^)\s]+)\)", line)) and cards:
            cards[-1].append(part[1])
    return [GpuCard(name, name) for names in cards for name in (names[1:] or names)]


def _listed_by_driver(folder: Path) -> list[GpuCard]:
    """The cards that the driver lists in /proc, for machines without nvidia-smi. A card is named by its number where
    there is no UUID."""
    cards = []
    for number, path in enumerate(sorted(folder.glob("*/information"))):
        with contextlib.suppress(OSError):
            told = re.search(r"^GPU UUID:\s*(GPU-[0-9a-f-]+)\s*$", path.read_text(errors="replace"), re.MULTILINE)
            here = f"{socket.gethostname()}-{path.parent.name}"
            cards.append(GpuCard(told[1], told[1]) if told else GpuCard(str(number), here))
    return cards


def _given(environment: Mapping[str, str]) -> list[str] | None:
    """The cards in CUDA_VISIBLE_DEVICES; None where it is not set. CUDA reads the list up to the first wrong name."""
    if VISIBLE not in environment:
        return None
    names: list[str] = []
    for name in environment[VISIBLE].split(","):
        if not re.fullmatch(r"\d+|(GPU|MIG)-\S+", name.strip()):
            break
        names.append(name.strip())
    return names


def _named(name: str, known: Sequence[GpuCard]) -> GpuCard:
    """A card that the environment names by its number, by its UUID, or by the first letters of the UUID."""
    if name.isdecimal():
        # CUDA counts cards of different models in an order of its own, unless CUDA_DEVICE_ORDER is PCI_BUS_ID: the
        # lease may then be called after another card, but jobs that are given numbers still share none.
        in_parts = any(card.lease.startswith("MIG-") for card in known)  # then a number names none of `known`
        if not in_parts and int(name) < len(known):
            return GpuCard(name, known[int(name)].lease)
        return GpuCard(name, f"{socket.gethostname()}-{name}")
    matching = [card for card in known if card.lease.startswith(name)]
    return GpuCard(name, matching[0].lease if len(matching) == 1 else re.sub(r"[^\w.-]", "-", name))


def _output(*command: str) -> str:
    """The output of a program; empty where it is missing, fails or hangs."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, errors="replace", check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout if done.returncode == 0 else ""
