"""Being asked to stop: by a scheduler before a time limit or a preemption, by a person with Ctrl-C."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)  # USR1: what sbatch --signal is often told to send


class Stop:
    """``asked`` is the number of the signal that asked this process to stop, or 0."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> bool:
        return bool(self.asked)

    def ask(self, number: int, _frame: object = None) -> None:
        """A signal came; the second one of the same kind is not waited for."""
        if self.asked:
            raise KeyboardInterrupt
        self.asked = number


@contextlib.contextmanager
def watched() -> Iterator[Stop]:
    """Note signals to stop instead of dying of them, for the block; only the main thread can."""
    stop, before = Stop(), {}
    try:
        for number in SIGNALS:
            with contextlib.suppress(ValueError):
                before[number] = signal.signal(number, stop.ask)
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
