"""Bytes on their way: a bar on a terminal, otherwise a few plain lines."""

from __future__ import annotations

import sys

EVERY = 2**30  # bytes between two lines where the total is not known
LEAST = 100 * 2**20  # a smaller total is not worth ten lines


class Bytes:
    """``with Bytes('downloading x.zip', total) as progress: progress.advance(n)``; ``total`` 0 means unknown."""

    def __init__(self, what: str, total: int = 0, done: int = 0) -> None:
        self.what, self.total, self.done = what, total, done
        self._bar = None

    def __enter__(self) -> Bytes:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, console=Console(stderr=True))
            self._bar.start()
            self._task = self._bar.add_task(self.what, total=self.total or None, completed=self.done)
        return self

    def advance(self, count: int) -> None:
        """``count`` more bytes have come."""
        before, self.done = self.done, self.done + count
        if self._bar:
            self._bar.update(self._task, completed=self.done, total=self.total or None)
        elif self._line_is_due(before):
            of = f" of {self.total / 2**20:,.0f}" if self.total else ""
            print(f"{self.what}: {self.done / 2**20:,.0f}{of} MiB", file=sys.stderr, flush=True)

    def _line_is_due(self, before: int) -> bool:
        if not self.total:
            return self.done // EVERY > before // EVERY
        return self.total >= LEAST and self.done * 10 // self.total > before * 10 // self.total

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()
