"""One job per fold: a lock that says which job trains the fold, and that a dead job does not hold for ever.

The lock is a file ``<fold>.running.json`` beside the fold's folder. It is made by a hard link, because a file system
makes the same link only once. The holder writes the file again every 20 seconds. Another job takes the lock over if it
was not written for a long time, or if its process is gone from this node. Ages are taken from the clock of the file
system, because clocks of nodes differ. If two jobs work on one fold nevertheless, nothing breaks: whole folders are
renamed into place.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from mebench.errors import UserError

NOBODY = -1  # the process number of a file without one in its name
BEAT, DEAD = 20.0, 300.0  # seconds between two writes, and after which a silent job counts as dead


class Held(Exception):
    """Another live job holds the lock."""


@dataclass(frozen=True)
class Told:
    """What the lock says about the work: the ``fold``, its number of ``epochs``, the last ``epoch`` and its ``loss``,
    the scheduler's ``job``, and ``threads``."""

    fold: str | None = None
    epochs: int = 0
    epoch: int = 0
    loss: float | None = None
    job: str | None = None
    threads: int = 1


@dataclass(frozen=True)
class Lock:
    """The content of a lock: its ``path``, the time when it was last written (``beat``), its holder, and what was
    ``told``. Of an unreadable lock only the age is known: token and node are empty."""

    path: Path
    beat: float
    token: str = ""
    node: str = ""
    pid: int = 0
    begun: str | None = None
    since: float | None = None
    told: Told = field(default_factory=Told)

    def as_json(self) -> dict[str, object]:
        """What the file holds."""
        own = {"token": self.token, "node": self.node, "pid": self.pid, "begun": self.begun, "since": self.since}
        return {key: value for key, value in (asdict(self.told) | own).items() if value is not None}


class Holder:
    """Holds a lock and writes it again at each beat, with the newest epoch and loss."""

    def __init__(self, path: Path, about: Told):
        process, self.path, self.about = os.getpid(), path, about
        since, token = round(time.time(), 3), uuid.uuid4().hex
        self.lock = Lock(path, since, token, socket.gethostname(), process, _begun(process), since, about)
        self.over, self.thread = threading.Event(), threading.Thread(target=self._beat, daemon=True)

    def tell(self, epoch: int, loss: float) -> None:
        """Set the epoch and loss of the lock. They are written with the next beat."""
        self.lock = replace(self.lock, told=replace(self.lock.told, epoch=epoch, loss=loss))

    def _beat(self) -> None:
        while not self.over.wait(BEAT):
            current = read(self.path)
            if current is None or current.token not in ("", self.lock.token):
                return  # another job has taken over, because this one seemed dead
            with contextlib.suppress(OSError):  # a disk that is full now does not lose the fold
                self.write()
                os.replace(self.own, self.path)

    @property
    def own(self) -> Path:
        """A file of this process beside the lock. Its name has node and process, so that others can remove it later."""
        return self.path.with_name(f".{self.path.name}.{self.lock.node}.{self.lock.pid}")

    def write(self) -> None:
        self.own.write_text(json.dumps(self.lock.as_json()))


@contextlib.contextmanager
def hold(path: Path, about: Told) -> Iterator[Holder]:
    """Hold the lock ``path`` during the block; :class:`Held` where another live job has it."""
    holder = Holder(path, about)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        holder.write()
        _sweep(path, now=_changed(holder.own))
        _link(holder, path)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}; nothing was changed") from error
    finally:
        holder.own.unlink(missing_ok=True)
    holder.thread.start()
    try:
        yield holder
    finally:
        holder.over.set()
        holder.thread.join()
        current = read(path)
        if current and current.token == holder.lock.token:
            path.unlink(missing_ok=True)


def _link(holder: Holder, path: Path) -> None:
    for _ in range(10):
        with contextlib.suppress(FileExistsError):
            os.link(holder.own, path)
            return
        current = read(path)
        if current is None:
            continue  # its holder has just removed it
        if current.token == holder.lock.token:
            return  # it was made, but the answer was lost, and a network file system asked again
        if alive(current, now=_changed(holder.own)):
            raise Held(f"{current.node}, process {current.pid}")
        _remove_dead(path, current.token)
    raise Held("a job that comes and goes")


def _sweep(path: Path, now: float) -> None:
    """Remove files beside the lock that jobs left when they were killed while they took it."""
    for leftover in path.parent.glob(f".{path.name}.*"):
        node, _, process = leftover.name.removeprefix(f".{path.name}.").rpartition(".")
        owner = Lock(path, _changed(leftover), node=node, pid=int(process) if process.isdecimal() else NOBODY)
        if not alive(owner, now):
            leftover.unlink(missing_ok=True)


def _remove_dead(path: Path, token: str) -> None:
    """Remove a dead job's lock, and no other. Several jobs may see it; only one can move it away."""
    moved = path.with_name(f".{path.name}.{uuid.uuid4().hex}.{socket.gethostname()}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        os.rename(path, moved)
        current = read(moved)
        if current is None or current.token != token:  # another job was faster and has a new lock: give it back
            with contextlib.suppress(FileExistsError):
                os.link(moved, path)
        moved.unlink()


def read(path: Path) -> Lock | None:
    """The lock in a file; None where there is none."""
    beat = _changed(path)
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
        if {"token", "node", "pid"} <= set(written):
            return _lock_from(path, beat, written)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError):
        pass
    return Lock(path, beat)  # unreadable: only its age counts


# any: JSON that another version, or nobody, wrote
def _lock_from(path: Path, beat: float, written: dict[str, Any]) -> Lock:
    told = {one.name: written[one.name] for one in fields(Told) if written.get(one.name) is not None}
    about = {name: written.get(name) for name in ("begun", "since")}
    return Lock(path, beat, written["token"], written["node"], int(written["pid"]), told=Told(**told), **about)


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def alive(lock: Lock, now: float | None = None) -> bool:
    """Whether the job of a lock is still at work, as far as this machine can know. ``now`` is the time by the clock of
    the file system with the lock, where it was just measured with another file."""
    if (time.time() if now is None else now) - lock.beat > DEAD:
        return False
    if lock.node != socket.gethostname():
        return True
    return _runs(lock.pid, lock.begun)


def _runs(process: int, begun: str | None) -> bool:
    """Whether a process of this node is at work. A process that ended and was not collected (a zombie) is not, nor is
    another process that got the same number later, as the first process of a restarted container does."""
    if process == NOBODY:
        return False
    try:
        os.kill(process, 0)
        state = _state(process)[0]
    except ProcessLookupError:
        return False
    except OSError:
        return True  # another user's process, or a system without /proc
    return state not in "ZX" and begun in (None, _begun(process))


def _state(process: int) -> list[str]:
    """The fields of /proc/<process>/stat, from the state on."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()


def _begun(process: int) -> str | None:
    """When a process began, in ticks since the boot of the machine; None on systems without /proc."""
    try:
        return _state(process)[19]
    except (OSError, IndexError):
        return None
