"""The one line that shows a running workflow: drawn anew on a terminal, written now and then into a log."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from typing import TextIO

TICK = 1.0  # seconds between two looks
FIRST = 30.0  # seconds between the first lines in a log
SLOWER = 0.1  # of the time that the workflow has run: later lines in a log are so far apart
CLEAR = "\r\x1b[K"


class RunLine:
    """Shows ``text(width)`` from :meth:`start` to :meth:`stop`, every second on a terminal, more and more rarely in a
    log. What else is written there goes through :meth:`above`."""

    def __init__(self, stream: TextIO, text: Callable[[int], str], clock: Callable[[], float] = time.time):
        self.stream, self.text, self.clock = stream, text, clock
        self.terminal = stream.isatty()
        self._lock, self._over, self._drawn = threading.RLock(), threading.Event(), False
        self._begun = self._said = clock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look every second."""
        self._begun = self._said = self.clock()
        self._thread = threading.Thread(target=self._watch, name="the line of the run", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take the line away; nothing is shown from now on."""
        self._over.set()
        with self._lock:
            self._clear()

    def above(self, write: Callable[[], object]) -> None:
        """Let something be written where the line stands, and draw the line below it."""
        with self._lock:
            self._clear()
            write()
            if self._thread and not self._over.is_set() and self.terminal:
                self._draw()

    def tick(self) -> None:
        """Show the line, if it is time to."""
        with self._lock:
            if self._over.is_set():
                return
            if self.terminal:
                self._draw()
            elif self.clock() - self._said >= max(FIRST, SLOWER * (self.clock() - self._begun)):
                self._said = self.clock()
                self._write(self.text(0) + "\n")

    def _watch(self) -> None:
        while not self._over.wait(TICK):
            self.tick()

    def _draw(self) -> None:
        width = shutil.get_terminal_size().columns - 1
        self._write(CLEAR + self.text(width)[:width])
        self._drawn = True

    def _clear(self) -> None:
        if self._drawn:
            self._write(CLEAR)
            self._drawn = False

    def _write(self, text: str) -> None:
        try:
            self.stream.write(text)
            self.stream.flush()
        except (OSError, ValueError):  # whoever read it is gone
            self._over.set()
