"""Progress of a shard: a bar on a terminal, plain lines in a log."""

from __future__ import annotations

import time
from typing import Self

from mebench.progress import Bar
from mebench.runs.records import FoldRecord

QUIET_SECONDS = 30  # between two epoch lines in a log


def duration(seconds: float) -> str:
    """``1 h 02 min``, ``3 min 20 s``, ``4 s``."""
    seconds = round(seconds)
    if seconds >= 3600:
        return f"{seconds // 3600} h {seconds % 3600 // 60:02d} min"
    return f"{seconds // 60} min {seconds % 60:02d} s" if seconds >= 60 else f"{seconds} s"


class ShardProgress(Bar):
    """Folds done, epoch, loss and time left. It is a context manager; the engine calls its methods for events."""

    def __init__(self, title: str, folds: int, finished: int, epochs: int):
        super().__init__(title, folds * epochs, finished * epochs, "state")
        self.folds, self.epochs = folds, epochs
        self.finished = finished  # folds that are done, those of earlier runs included
        self.worked = 0  # epochs of this run, from which the time left follows
        self.todo = (folds - finished) * epochs
        self.fold = ""

    def __enter__(self) -> Self:
        super().__enter__()
        self.begin = self.last_line = time.monotonic()
        if not self.shown:
            self.say(f"{self.folds} folds, {self.finished} of them finished before")
        return self

    def turn_to(self, run: str) -> None:
        """What follows is of this run."""
        self.title = run

    def fold_begins(self, fold: str) -> None:
        """A fold starts."""
        self.fold = fold

    def epoch(self, epoch: int, loss: float) -> None:
        """An epoch of the current fold is over."""
        self.worked += 1
        if self.shown:
            where = f"fold {self.finished + 1}/{self.folds} {self.fold}  epoch {epoch}/{self.epochs}"
            state = f"{where}  loss {loss:.4f}  {self._left()}"
            self.show(self.finished * self.epochs + epoch, state)
        elif time.monotonic() - self.last_line > QUIET_SECONDS:
            self.say(f"{self.fold}: epoch {epoch}/{self.epochs}, loss {loss:.4f}, {self._left()}")

    def say(self, text: str) -> None:
        """Print a line; it stands above the bar, where there is one."""
        self.last_line = time.monotonic()
        super().say(f"{self.title}: {text}")

    def fold_done(self, record: FoldRecord) -> None:
        """A fold has its record."""
        self.finished += 1
        over = self.todo - (self.folds - self.finished) * self.epochs  # epochs that a failed fold never ran included
        self.worked = max(self.worked, over)
        self.show(self.finished * self.epochs)
        if not self.shown or not record.done:
            problem = "" if record.done else f" {record.status.upper()}: {record.message},"
            begin = f"fold {self.finished}/{self.folds} {record.fold}:{problem}"
            self.say(f"{begin} {record.seconds or 0:.1f} s, {self._left()}")

    def _left(self) -> str:
        rate = (time.monotonic() - self.begin) / max(1, self.worked)
        return f"{duration(rate * (self.todo - self.worked))} left"
