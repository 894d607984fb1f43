"""One job per fold: a lock that says who is at work, and that a dead job cannot hold for ever.

The lock is a file ``<fold>.running.json`` beside the fold's folder, made by a hard link, which no file system makes
twice. Its holder writes it anew every 20 seconds; a lock that has not been written for long, or whose process is gone
from this node, is taken over. Ages are told by the file system's clock alone, because those of nodes differ. Should two
jobs ever work on one fold all the same, nothing breaks: folders are renamed into place whole.
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
from pathlib import Path
from typing import Any

from mebench.errors import UserError

BEAT, DEAD = 20.0, 300.0  # seconds between two writes, and after which a silent job counts as dead


class Held(Exception):
    """Another live job holds the lock."""


class Holder:
    """What the lock says of its holder; ``tell`` changes it, the next beat writes it."""

    def __init__(self, path: Path, about: dict[str, Any]):
        self.path = path
        self.about = about | {"token": uuid.uuid4().hex, "node": socket.gethostname(), "pid": os.getpid()}
        self.about |= {"begun": _begun(os.getpid()), "since": round(time.time(), 3)}
        self.over, self.thread = threading.Event(), threading.Thread(target=self._beat, daemon=True)

    def tell(self, **facts: Any) -> None:
        """Put facts such as the epoch into the lock; they are written with the next beat."""
        self.about |= facts

    def _beat(self) -> None:
        while not self.over.wait(BEAT):
            found = read(self.path)
            if found is None or found["token"] not in ("", self.about["token"]):
                return  # taken over: this job seemed dead for a while
            with contextlib.suppress(OSError):  # a full disk now is not yet a lost fold
                self.write()
                os.replace(self.own, self.path)

    @property
    def own(self) -> Path:
        """A file of this process alone, beside the lock; its name says whose, so that others can clear it away."""
        return self.path.with_name(f".{self.path.name}.{self.about['node']}.{self.about['pid']}")

    def write(self) -> None:
        self.own.write_text(json.dumps(self.about))


@contextlib.contextmanager
def hold(path: Path, about: dict[str, Any]) -> Iterator[Holder]:
    """Hold the lock ``path`` for the block; :class:`Held` where another live job has it."""
    holder = Holder(path, about)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        holder.write()
        _sweep(path, now=_changed(holder.own))
        _link(holder.own, path)
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
        if (read(path) or {}).get("token") == holder.about["token"]:
            path.unlink(missing_ok=True)


def _link(own: Path, path: Path) -> None:
    for _ in range(10):
        with contextlib.suppress(FileExistsError):
            os.link(own, path)
            return
        found = read(path)
        if found is None:
            continue  # just given up
        if found["token"] == json.loads(own.read_text())["token"]:
            return  # made, though the answer was lost: a network file system then asks twice
        if alive(found, now=_changed(own)):
            raise Held(f"{found['node']}, process {found['pid']}")
        _remove_dead(path, found["token"])
    raise Held("a job that comes and goes")


def _sweep(path: Path, now: float) -> None:
    """Clear away what jobs that were killed in the middle of a lock left beside it."""
    for leftover in path.parent.glob(f".{path.name}.*"):
        node, _, process = leftover.name.removeprefix(f".{path.name}.").rpartition(".")
        if not alive({"node": node, "pid": process, "beat": _changed(leftover)}, now):
            leftover.unlink(missing_ok=True)


def _remove_dead(path: Path, token: str) -> None:
    """Remove a dead job's lock, and only that: of several jobs that find it, one gets to move it away."""
    moved = path.with_name(f".{path.name}.{uuid.uuid4().hex}.{socket.gethostname()}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        os.rename(path, moved)
        if (read(moved) or {}).get("token") != token:  # somebody was faster and holds a new one: give it back
            with contextlib.suppress(FileExistsError):
                os.link(moved, path)
        moved.unlink()


def read(path: Path) -> dict[str, Any] | None:
    """What a lock says and, as ``beat``, when it was last written; None where there is none."""
    beat = {"beat": _changed(path)}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if {"token", "node", "pid"} <= set(found):
            return found | beat
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError):
        pass
    return {"token": "", "node": "", "pid": 0} | beat  # unreadable: it counts by its age


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def alive(found: dict[str, Any], now: float | None = None) -> bool:
    """Whether the job that a lock names is still at work, as far as can be known from here; ``now`` by the clock of the
    file system that holds the lock, where a file of one's own has just told it."""
    if (time.time() if now is None else now) - found["beat"] > DEAD:
        return False
    if found.get("node") != socket.gethostname():
        return True
    return _runs(found["pid"], found.get("begun"))


def _runs(process: int | str, begun: str | None) -> bool:
    """Whether a process of this node is at work: not one that has ended and that nobody has asked about (a zombie), nor
    another one that has got its number since, as the first process of a restarted container does."""
    try:
        os.kill(int(process), 0)
        state = _state(process)[0]
    except (ProcessLookupError, ValueError):
        return False
    except OSError:
        return True  # somebody else's process, or a system without /proc
    return state not in "ZX" and begun in (None, _begun(process))


def _state(process: int | str) -> list[str]:
    """What Linux says of a process, from its state on."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()


def _begun(process: int | str) -> str | None:
    """When a process began, in ticks since its machine did; None on systems that do not say."""
    try:
        return _state(process)[19]
    except (OSError, IndexError):
        return None
