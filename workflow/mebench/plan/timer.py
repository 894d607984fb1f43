"""One timer at a time, for Snakemake's scheduler.

Snakemake (9.27) limits how many jobs start within a second. After each look for jobs that may start it sets a timer for
the next look. Each end of a job is a look as well, so timers add up: after 300 jobs Snakemake looks 300 times a second,
and spends more than half of its time on that.
"""

from __future__ import annotations

import threading
from collections.abc import Callable


class OneTimer:
    """Calls ``act`` some seconds after it is called itself, once for all calls in between."""

    def __init__(self, act: Callable[[], object]):
        self._act, self._waiting = act, threading.Lock()

    def __call__(self, seconds: float) -> None:
        if self._waiting.acquire(blocking=False):
            timer = threading.Timer(seconds, self._ring)
            timer.daemon = True  # it holds up no end of the workflow
            timer.start()

    def _ring(self) -> None:
        self._waiting.release()
        self._act()
