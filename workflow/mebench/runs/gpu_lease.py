"""GPU cards for one job alone: those that a scheduler gives it, or cards of this machine that it leases.

Snakemake's resource ``gpu`` only counts cards: without leases all jobs of a workstation would use the first one. A
lease is a lock (flock) on a file that is named after the card. It ends with the process that holds it, even if that is
killed. All users of the machine share the folder of these files, because they share the cards.
"""

from __future__ import annotations

import contextlib
import fcntl
import getpass
import json
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from mebench.errors import UserError
from mebench.runs.gpu_cards import ORDER, VISIBLE, GpuCard, to_choose_from

PLACE = "MEBENCH_GPU_LEASES"
FOLDER = "/tmp/mebench-gpu-leases"  # not $TMPDIR, which differs between users and jobs
LOOK_AGAIN = 1.0  # seconds between two looks at cards that are all in use

_held: set[int] = set()  # descriptors of the leases of this process


@contextlib.contextmanager
def lease(wanted: int, job: str, say: Callable[[str], object] = print) -> Iterator[list[str]]:
    """Hold ``wanted`` cards during the block; CUDA sees no others. Gives their names in CUDA_VISIBLE_DEVICES.

    It waits while other jobs hold the cards, and tells ``say`` which jobs; ``job`` is the name that others see of this
    one. No card is leased, and the environment stays as it is, on a machine without cards, and where a scheduler or the
    user gives no more cards than are wanted. A job that wants 0 cards sees none, but a card that a scheduler gave to it
    stays visible. Enter it before torch is imported. Raises a UserError where the machine has fewer cards than are
    wanted, or where the folder of leases cannot be used.
    """
    cards = to_choose_from(wanted, os.environ)
    if cards is None:
        yield []
        return
    held = _wait_for(cards, wanted, job, say) if wanted else {}
    changes = {VISIBLE: ",".join(card.visible for card in held)}
    if any(card.visible.isdecimal() for card in held) and VISIBLE not in os.environ:
        changes[ORDER] = "PCI_BUS_ID"  # cards have the numbers of the driver, and are not sorted by speed
    try:
        with _environment(changes):
            yield [card.visible for card in held]
    finally:
        _release(held.values())


def _wait_for(cards: Sequence[GpuCard], wanted: int, job: str, say: Callable[[str], object]) -> dict[GpuCard, int]:
    """Leases (open descriptors) of ``wanted`` cards. They are taken all at once, because two jobs that each hold one
    card and wait for another could wait for each other."""
    folder, told = _folder(), ""
    while True:
        held: dict[GpuCard, int] = {}
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
    """The folder of leases for all users of the machine; it is made where it is missing."""
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
    """An open descriptor that holds the lock of ``path``; None where another process holds it."""
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
        os.close(descriptor)  # somebody emptied the folder between opening and locking


def _opened(path: Path) -> int:
    """The open file of a lease. A new file gets permissions at once with which other users can open it."""
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
    """Let the leases of this process outlive its next ``exec``. They end with that program and all processes that it
    starts."""
    for descriptor in _held:
        os.set_inheritable(descriptor, True)


def _forget() -> None:
    """Close the copies of the leases in a forked process. Otherwise they would outlive the job."""
    for descriptor in _held:
        with contextlib.suppress(OSError):
            os.close(descriptor)
    _held.clear()


os.register_at_fork(after_in_child=_forget)


def _holder(path: Path) -> str:
    """The job that holds a lease, in words for people."""
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
