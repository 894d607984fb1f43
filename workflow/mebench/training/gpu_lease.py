"""GPU cards of its own for each job: those that a scheduler gives it, else cards of this machine that it leases.

Snakemake's resource ``gpu`` only counts cards. Left to themselves, all jobs of a workstation use the first one. A lease
is a lock (flock) on a file that is named after the card, so it ends with the process that holds it, however that ends.
The files lie in a folder of the machine that all its users share: cards are shared by users too. Cards are listed
without CUDA, because a process that has started CUDA no longer reads ``CUDA_VISIBLE_DEVICES``.
"""

from __future__ import annotations

import contextlib
import fcntl
import getpass
import json
import os
import random
import re
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mebench.errors import UserError

VISIBLE, ORDER, PLACE = "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "MEBENCH_GPU_LEASES"
FOLDER = "/tmp/mebench-gpu-leases"  # not $TMPDIR, which differs between users and jobs
# set by a scheduler that gives cards to a job, with or without CUDA_VISIBLE_DEVICES
SCHEDULER_GIVES = ("SLURM_JOB_GPUS", "SLURM_STEP_GPUS", "SGE_HGR_gpu", "PBS_GPUFILE")
DRIVER = Path("/proc/driver/nvidia/gpus")
PATIENCE = 60  # seconds for nvidia-smi, which is slow where many cards wake up for it
LOOK_AGAIN = 1.0  # seconds between two looks at cards that are all in use

_held: set[int] = set()  # descriptors of the leases of this process


@dataclass(frozen=True)
class Card:
    """A GPU, or a part of one (MIG): its name in ``CUDA_VISIBLE_DEVICES``, and the name of its lease on any machine."""

    visible: str
    lease: str


@contextlib.contextmanager
def lease(wanted: int, job: str, say: Callable[[str], object] = print) -> Iterator[list[str]]:
    """Hold ``wanted`` cards for the block, in which CUDA sees no others; gives their names in CUDA_VISIBLE_DEVICES.

    Waits while other jobs hold them, and tells ``say`` which; ``job`` is what others are told of this one. No card is
    leased, and the environment stays as it is, where a scheduler or the user gives no more cards than are wanted, and
    on a machine without cards. A job that wants 0 sees none; but of a scheduler that gives it one it sees that one.
    To be entered before torch is imported. Raises a UserError where the machine has fewer cards than are wanted, and
    where its folder of leases cannot be used.
    """
    cards = to_choose_from(wanted, os.environ)
    if cards is None:
        yield []
        return
    held = _wait_for(cards, wanted, job, say) if wanted else {}
    changes = {VISIBLE: ",".join(card.visible for card in held)}
    if any(card.visible.isdecimal() for card in held) and VISIBLE not in os.environ:
        changes[ORDER] = "PCI_BUS_ID"  # numbers of cards are those of the driver, not those by speed
    try:
        with _environment(changes):
            yield [card.visible for card in held]
    finally:
        _release(held.values())


def to_choose_from(wanted: int, environment: Mapping[str, str]) -> list[Card] | None:
    """The cards of which a job may lease ``wanted``; None where it has to lease nothing."""
    given = _given(environment)
    if given is None and any(environment.get(name) for name in SCHEDULER_GIVES):
        return None
    if given is not None and len(given) <= max(wanted, 1):
        return None
    if wanted == 0:
        return []
    known = cards_of_this_machine()
    if given is not None:
        return list({card.lease: card for card in (_named(name, known) for name in given)}.values())
    if known and len(known) < wanted:
        raise UserError(f"the job wants {wanted} GPUs, but this machine has {len(known)}; ask for fewer (--gpus)")
    return known or None


def cards_of_this_machine() -> list[Card]:
    """All cards in the order of their PCI addresses, as the driver tells; none where there is no NVIDIA driver."""
    return parse_list(_output("nvidia-smi", "-L")) or _listed_by_driver(DRIVER)


def parse_list(text: str) -> list[Card]:
    """The cards in what ``nvidia-smi -L`` prints; a card that is cut into MIG instances counts as those."""
    cards: list[list[str]] = []
    for line in text.splitlines():
        if whole := re.match(r"GPU \d+: .*\(UUID: (GPU-[^)\s]+)\)", line):
            cards.append([whole[1]])
        elif (part := re.match(r"\s+MIG .*\(UUID: (MIG-[^)\s]+)\)", line)) and cards:
            cards[-1].append(part[1])
    return [Card(name, name) for names in cards for name in (names[1:] or names)]


def _listed_by_driver(folder: Path) -> list[Card]:
    """The cards that the driver lists in /proc, where nvidia-smi is not installed; by number where no UUID is told."""
    cards = []
    for number, path in enumerate(sorted(folder.glob("*/information"))):
        with contextlib.suppress(OSError):
            told = re.search(r"^GPU UUID:\s*(GPU-[0-9a-f-]+)\s*$", path.read_text(errors="replace"), re.MULTILINE)
            here = f"{socket.gethostname()}-{path.parent.name}"
            cards.append(Card(told[1], told[1]) if told else Card(str(number), here))
    return cards


def _given(environment: Mapping[str, str]) -> list[str] | None:
    """The cards that CUDA_VISIBLE_DEVICES names, None where it is not set. CUDA reads it up to the first wrong name."""
    if VISIBLE not in environment:
        return None
    names: list[str] = []
    for name in environment[VISIBLE].split(","):
        if not re.fullmatch(r"\d+|(GPU|MIG)-\S+", name.strip()):
            break
        names.append(name.strip())
    return names


def _named(name: str, known: Sequence[Card]) -> Card:
    """A card that the environment names: by its number, its UUID, or the first letters of that."""
    if name.isdecimal():
        in_parts = any(card.lease.startswith("MIG-") for card in known)  # then a number is not one of `known`
        if not in_parts and int(name) < len(known):
            return Card(name, known[int(name)].lease)
        return Card(name, f"{socket.gethostname()}-{name}")
    matching = [card for card in known if card.lease.startswith(name)]
    return Card(name, matching[0].lease if len(matching) == 1 else re.sub(r"[^\w.-]", "-", name))


def _wait_for(cards: Sequence[Card], wanted: int, job: str, say: Callable[[str], object]) -> dict[Card, int]:
    """Leases (open descriptors) of ``wanted`` cards, all at once: who held one and waited for more could wait for a
    job that does the same."""
    folder, told = _folder(), ""
    while True:
        held: dict[Card, int] = {}
        try:
            for card in cards:
                if len(held) < wanted and (descriptor := _take(folder / f"{card.lease}.lease", job)) is not None:
                    held[card] = descriptor
        except OSError as error:
            _release(held.values())
            raise _unusable(folder, error) from error
        if len(held) == wanted:
            return held
        _release(held.values())
        number = "a GPU" if wanted == 1 else f"{wanted} GPUs"
        others = [f"{card.lease} is used by {_holder(folder / f'{card.lease}.lease')}" for card in cards]
        text = f"waiting for {number}: {'; '.join(others)}"
        if text != told:
            say(text)
            told = text
        time.sleep(LOOK_AGAIN * random.uniform(0.5, 1.0))


def _folder() -> Path:
    """The folder of leases, made where it is missing, for all users of the machine."""
    folder = Path(os.environ.get(PLACE) or FOLDER)
    try:
        folder.mkdir(parents=True)
        folder.chmod(0o1777)
    except FileExistsError:
        pass
    except OSError as error:
        raise _unusable(folder, error) from error
    return folder


def _unusable(folder: Path, error: OSError) -> UserError:
    return UserError(f"cannot lease a GPU in {folder}: {error.strerror}; set {PLACE} to a folder on a disk of this "
                     "machine that everybody who uses its GPUs can write to")  # fmt: skip


def _take(path: Path, job: str) -> int | None:
    """An open descriptor that holds the lock of ``path``, or None where another one holds it."""
    while True:
        descriptor = _opened(path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except OSError:
            os.close(descriptor)
            raise
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                _held.add(descriptor)
                about = {"process": os.getpid(), "user": _user(), "job": job}
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, json.dumps(about).encode(), 0)
                return descriptor
        os.close(descriptor)  # somebody cleared the folder between opening and locking


def _opened(path: Path) -> int:
    """The file of a lease, open; made where it is missing, so that other users can open it from its first moment on."""
    while True:
        with contextlib.suppress(FileNotFoundError):
            return os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        descriptor, own = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            os.fchmod(descriptor, 0o666)
            with contextlib.suppress(FileExistsError):
                os.link(own, path)
        finally:
            os.close(descriptor)
            os.unlink(own)


def _release(descriptors: Iterable[int]) -> None:
    for descriptor in descriptors:
        if descriptor in _held:  # else this is a forked process, which has closed its copy
            _held.remove(descriptor)
            os.close(descriptor)


def keep_for_the_next_program() -> None:
    """Let the leases of this process outlive its next ``exec``: they end with that program and all that it starts."""
    for descriptor in _held:
        os.set_inheritable(descriptor, True)


def _forget() -> None:
    """In a forked process: close its copies of the leases, or they would outlive the job in it."""
    for descriptor in _held:
        with contextlib.suppress(OSError):
            os.close(descriptor)
    _held.clear()


os.register_at_fork(after_in_child=_forget)


def _holder(path: Path) -> str:
    """Who says to hold a lease, for people."""
    try:
        about = json.loads(path.read_text())
        return f"{about['job']} (process {about['process']} of {about['user']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another job"


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user without an entry, as in containers
        return str(os.getuid())


@contextlib.contextmanager
def _environment(changes: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _output(*command: str) -> str:
    """What a program prints; nothing where it is not there, fails or hangs."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, errors="replace", check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout if done.returncode == 0 else ""
