"""Progress that a person can watch: a bar of rich on a terminal, a few plain lines in a log."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import ProgressColumn

Unit = Literal["items", "bytes", "state"]
MEBIBYTE, GIBIBYTE = 2**20, 2**30
WORTH_LINES = 100 * MEBIBYTE  # smaller totals are done before anybody reads ten lines


def line(text: str) -> None:
    """One line on standard error, at once."""
    print(text, file=sys.stderr, flush=True)


class Bar:
    """``with Bar(title, total) as bar: bar.show(done)``. Shows nothing where standard error is no terminal.

    With the ``unit`` ``state`` a text of the caller stands behind the bar. A ``total`` of 0 means that it is not known.
    """

    def __init__(self, title: str, total: int = 0, done: int = 0, unit: Unit = "items") -> None:
        self.title, self.total, self.done, self.unit = title, total, done, unit
        self.state = ""
        self._rich: RichProgress | None = None

    @property
    def shown(self) -> bool:
        """Whether there is a terminal to show it on. It is known after ``with`` has begun."""
        return self._rich is not None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import Progress

            self._rich = Progress(*_columns(self.unit), console=Console(stderr=True))
            self._task = self._rich.add_task(self.title, total=self.total or None, completed=self.done, state="")
            self._rich.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._rich:
            self._rich.stop()

    def show(self, done: int, state: str | None = None) -> None:
        """Show how much of the total is done. Without a ``state`` the text behind the bar stays."""
        self.done = done
        if self._rich:
            self.state = self.state if state is None else state
            self._rich.update(self._task, completed=done, state=self.state)

    def say(self, text: str) -> None:
        """Print a line; it stands above the bar, where there is one."""
        if self._rich:
            self._rich.console.print(text)
        else:
            line(text)


class Progress(Bar):
    """A bar that writes a line to a log for each tenth of its total."""

    def advance(self, count: int = 1) -> None:
        """Say that ``count`` more are done."""
        before = self.done
        self.show(before + count)
        if not self.shown and self._line_is_due(before):
            line(f"{self.title}: {self._amount()}")

    def _line_is_due(self, before: int) -> bool:
        if not self.total:
            return self.done // GIBIBYTE > before // GIBIBYTE
        worth_it = self.unit != "bytes" or self.total >= WORTH_LINES
        return worth_it and self.done * 10 // self.total > before * 10 // self.total

    def _amount(self) -> str:
        if self.unit != "bytes":
            return f"{self.done} of {self.total}"
        whole = f" of {self.total / MEBIBYTE:,.0f}" if self.total else ""
        return f"{self.done / MEBIBYTE:,.0f}{whole} MiB"


def _columns(unit: Unit) -> list[ProgressColumn]:
    from rich import progress

    text, bar = progress.TextColumn("{task.description}"), progress.BarColumn()
    if unit == "state":
        return [text, bar, progress.TextColumn("{task.fields[state]}")]
    amount = progress.DownloadColumn() if unit == "bytes" else progress.MofNCompleteColumn()
    return [text, bar, amount, progress.TimeRemainingColumn()]
