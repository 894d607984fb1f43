"""Calls a function for many items in several processes, and shows the progress."""

from __future__ import annotations

import multiprocessing
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TypeVar

from mebench.errors import UserError
from mebench.progress import Progress

T = TypeVar("T")
R = TypeVar("R")


def each(function: Callable[[T], R], items: Sequence[T], jobs: int, title: str) -> Iterator[tuple[int, R]]:
    """Yield (index, ``function(items[index])``) as they finish; ``function`` and items must pickle.

    With one job all is done in this process. A terminal shows a bar; a log gets a line for each tenth of the work.
    ``title`` says what the items are, for example 'subjects'.
    """
    if jobs < 1:
        raise UserError(f"--jobs must be at least 1, not {jobs}")
    with Progress(title, len(items)) as progress:
        if jobs == 1 or len(items) < 2:
            for index, item in enumerate(items):
                yield index, function(item)
                progress.advance()
            return
        # spawn, not fork: a fork would copy threads of OpenCV or torch in any state
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(min(jobs, len(items)), mp_context=context) as pool:
            futures = {pool.submit(function, item): index for index, item in enumerate(items)}
            try:
                for future in as_completed(futures):
                    yield futures[future], future.result()
                    progress.advance()
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
