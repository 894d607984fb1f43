"""Being asked to stop: by a scheduler before a time limit or a preemption, by a person with Ctrl-C."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator

# USR1: what sbatch --signal is often told to send; USR2: what LSF sends at a time limit
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGUSR2)


class Stop:
    """``asked`` is the number of the signal that asked this process to stop, or 0."""

    def __init__(self) -> None:
        self.asked = 0
        self.interrupted = False

    def __call__(self) -> bool:
        return bool(self.asked)

    def ask(self, number: int, _frame: object = None) -> None:
        """A signal came. A second Ctrl-C is not waited for; schedulers send several kinds in turn, and at a time limit
        Slurm sends TERM twice, to the job and through srun."""
        if number == signal.SIGINT and self.interrupted:
            raise KeyboardInterrupt
        self.interrupted = self.interrupted or number == signal.SIGINT
        self.asked = self.asked or number


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
