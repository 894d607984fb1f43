"""Requests to stop: from a scheduler before a time limit or a preemption, or from a person with Ctrl-C."""

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
        """Handle a signal. A second Ctrl-C ends the process at once. Other signals may come several times: schedulers
        send several kinds, and Slurm sends TERM twice at a time limit, to the job and through srun."""
        if number == signal.SIGINT and self.interrupted:
            raise KeyboardInterrupt
        self.interrupted = self.interrupted or number == signal.SIGINT
        self.asked = self.asked or number


@contextlib.contextmanager
def watched() -> Iterator[Stop]:
    """During the block a signal to stop is noted and does not end the process. This works in the main thread only."""
    stop, before = Stop(), {}
    try:
        for number in SIGNALS:
            with contextlib.suppress(ValueError):
                before[number] = signal.signal(number, stop.ask)
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
