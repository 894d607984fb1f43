"""One function over many items in several processes, with progress that a person can watch."""

from __future__ import annotations

import multiprocessing
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any

from mebench.errors import UserError


def each(function: Callable[[Any], Any], items: Sequence[Any], jobs: int, what: str) -> Iterator[tuple[int, Any]]:
    """Yield (index, ``function(items[index])``) as they finish; ``function`` and items must pickle.

    One job runs in this process. On a terminal a bar is shown, otherwise one plain line per tenth of the
    work. ``what`` names the items, for example 'subjects'.
    """
    if jobs < 1:
        raise UserError(f"--jobs must be at least 1, not {jobs}")
    with _progress(what, len(items)) as advance:
        if jobs == 1 or len(items) < 2:
            for index, item in enumerate(items):
                yield index, function(item)
                advance()
            return
        # spawn, not fork: the parent may hold threads of OpenCV or torch, which a fork copies in any state
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(min(jobs, len(items)), mp_context=context) as pool:
            futures = {pool.submit(function, item): index for index, item in enumerate(items)}
            try:
                for future in as_completed(futures):
                    yield futures[future], future.result()
                    advance()
            finally:
                pool.shutdown(cancel_futures=True)


def parse_shard(text: str) -> tuple[int, int]:
    """(index, count) of a share of the work, written '2-of-4'; the first is 1."""
    match = re.fullmatch(r"(\d+)-of-(\d+)", text)
    if not match:
        raise UserError(f"--shard is '{text}'; write it as INDEX-of-COUNT, for example 1-of-4")
    index, count = int(match[1]), int(match[2])
    if not 1 <= index <= count:
        raise UserError(f"there is no shard {index} of {count}; the first is 1, the last {count}")
    return index, count


class _progress:
    """Context manager that gives a function to call after each finished item."""

    def __init__(self, what: str, total: int) -> None:
        self.what, self.total, self.done, self.bar = what, total, 0, None

    def __enter__(self) -> Callable[[], None]:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
            )
            self.bar = Progress(*columns, console=Console(stderr=True))
            self.bar.start()
            self.task = self.bar.add_task(self.what, total=self.total)
        return self._advance

    def _advance(self) -> None:
        self.done += 1
        if self.bar:
            self.bar.advance(self.task)
        elif self.done == self.total or self.done * 10 // self.total > (self.done - 1) * 10 // self.total:
            print(f"{self.what}: {self.done} of {self.total}", file=sys.stderr, flush=True)

    def __exit__(self, *_: object) -> None:
        if self.bar:
            self.bar.stop()
