"""Messages of the logger ``mebench`` on standard error: what the program tells people while it works."""

from __future__ import annotations

import logging
import sys
from typing import TextIO

log = logging.getLogger("mebench")


class _Lines(logging.StreamHandler[TextIO]):
    """Writes each message as a plain line, because programs read logs. Standard error is looked up for each message."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def show() -> None:
    """Show messages from ``info`` on: in the colours of their level on a terminal, as plain lines elsewhere."""
    handler: logging.Handler = _Lines()
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.highlighter import NullHighlighter
        from rich.logging import RichHandler

        console = Console(stderr=True)
        handler = RichHandler(console=console, show_time=False, show_path=False, highlighter=NullHighlighter())
    log.handlers[:] = [handler]
    log.propagate = False  # a library that logs to the root does not say it twice
    log.setLevel(logging.INFO)
