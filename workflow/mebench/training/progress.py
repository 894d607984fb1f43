"""Progress of a shard: a bar on a terminal, plain lines in a log."""

from __future__ import annotations

import sys
import time
from typing import Any

QUIET_SECONDS = 30  # between two epoch lines in a log


def duration(seconds: float) -> str:
    """``1 h 02 min``, ``3 min 20 s``, ``4 s``."""
    seconds = round(seconds)
    if seconds >= 3600:
        return f"{seconds // 3600} h {seconds % 3600 // 60:02d} min"
    return f"{seconds // 60} min {seconds % 60:02d} s" if seconds >= 60 else f"{seconds} s"


class Progress:
    """Folds done, epoch, loss and time left. Use as a context manager; the engine calls the three event methods."""

    def __init__(self, title: str, folds: int, finished: int, epochs: int):
        self.title, self.folds, self.epochs = title, folds, epochs
        self.finished = finished  # folds that are done, those of earlier runs included
        self.worked = 0  # epochs of this run, from which the time left follows
        self.todo = (folds - finished) * epochs
        self.fold, self.bar = "", None

    def __enter__(self) -> Progress:
        self.begin = self.last_line = time.monotonic()
        if sys.stderr.isatty():
            self._open_bar()
        else:
            self._line(f"{self.folds} folds, {self.finished} of them finished before")
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar:
            self.bar.stop()

    def _open_bar(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as RichProgress

        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[state]}"))
        self.bar = RichProgress(*columns, console=Console(stderr=True))
        self.task = self.bar.add_task(self.title, total=self.folds * self.epochs, state="",
                                      completed=self.finished * self.epochs)  # fmt: skip
        self.bar.start()

    def fold_begins(self, fold: str) -> None:
        """A fold starts."""
        self.fold = fold

    def epoch(self, epoch: int, loss: float) -> None:
        """An epoch of the current fold is over."""
        self.worked += 1
        if self.bar:
            where = f"fold {self.finished + 1}/{self.folds} {self.fold}  epoch {epoch}/{self.epochs}"
            state = f"{where}  loss {loss:.4f}  {self._left()}"
            self.bar.update(self.task, completed=self.finished * self.epochs + epoch, state=state)
        elif time.monotonic() - self.last_line > QUIET_SECONDS:
            self._line(f"{self.fold}: epoch {epoch}/{self.epochs}, loss {loss:.4f}, {self._left()}")

    def say(self, text: str) -> None:
        """A line of its own, above the bar where there is one."""
        if self.bar:
            self.bar.console.print(f"{self.title}: {text}")
        else:
            self._line(text)

    def fold_done(self, record: dict[str, Any]) -> None:
        """A fold has its record."""
        self.finished += 1
        over = self.todo - (self.folds - self.finished) * self.epochs  # epochs that a failed fold never ran included
        self.worked = max(self.worked, over)
        if self.bar:
            self.bar.update(self.task, completed=self.finished * self.epochs)
        if not self.bar or record["status"] != "done":
            status = record["status"]
            problem = "" if status == "done" else f" {status.upper()}: {record['message']},"
            begin = f"fold {self.finished}/{self.folds} {record['fold']}:{problem}"
            self._line(f"{begin} {record['seconds']:.1f} s, {self._left()}")

    def _left(self) -> str:
        rate = (time.monotonic() - self.begin) / max(1, self.worked)
        return f"{duration(rate * (self.todo - self.worked))} left"

    def _line(self, text: str) -> None:
        self.last_line = time.monotonic()
        print(f"{self.title}: {text}", file=sys.stderr, flush=True)
