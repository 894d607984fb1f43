"""Several folds at once: processes of one job that share its folds, on the cores of a CPU or on one GPU.

Small networks do not use all of a GPU, and on a CPU two processes with one thread are faster than one with two. The
result of a fold does not depend on the process that trains it.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from multiprocessing.sharedctypes import Synchronized

from mebench.errors import UserError
from mebench.runs.progress import ShardProgress
from mebench.runs.records import FoldRecord
from mebench.runs.stop import watched
from mebench.training.limits import Stopped

POLL = 0.5  # seconds between two looks at the workers


class Relay:
    """Takes the place of the progress bar in a worker, and sends its events to the bar of the job."""

    def __init__(self, events: Connection):
        self.events, self.run, self.fold = events, "", ""

    def turn_to(self, run: str) -> None:
        self.run = run

    def fold_begins(self, fold: str) -> None:
        self.fold = fold

    def epoch(self, epoch: int, loss: float) -> None:
        self._send("epoch", self.run, self.fold, epoch, loss)

    def fold_done(self, record: FoldRecord) -> None:
        self._send("done", self.run, record)

    def say(self, text: str) -> None:
        self._send("say", self.run, text)

    def _send(self, *event: object) -> None:
        with contextlib.suppress(OSError):  # the job is gone; the worker sees that elsewhere
            self.events.send(event)


# the task of a worker: train these folds, given with their fingerprints, send events, and stop when asked to
Todo = dict[tuple[int, str], str]
Train = Callable[[Todo, Relay, Callable[[], bool]], None]


def share(train: Train, todo: Todo, most: int, bar: ShardProgress, stop: Callable[[], bool]) -> None:
    """Train the folds ``todo``, given with their fingerprints, in at most ``most`` processes. ``train`` is the function
    of each process; it must pickle.

    Each worker has its own pipe, so that a killed worker holds nothing that another waits for. Raises :class:`Stopped`
    when the job was asked to stop, and a UserError when a worker died.
    """
    context = multiprocessing.get_context("spawn")  # a forked process cannot use a GPU
    count = min(most, len(todo))
    # a killed worker never releases the lock of an Event, so a plain value is used
    stopping = context.Value("b", 0, lock=False)
    pipes = [context.Pipe(duplex=False) for _ in range(count)]
    dealt = [dict(list(todo.items())[i::count]) for i in range(count)]
    arguments = [(train, dealt[i], pipes[i][1], stopping, os.getpid()) for i in range(count)]
    processes = [context.Process(target=_work, args=mine) for mine in arguments]
    for process, (_, writer) in zip(processes, pipes, strict=True):
        process.start()
        writer.close()  # the worker has its own end, so that the pipe closes when the worker ends
    try:
        readers = [reader for reader, _ in pipes]
        while readers:
            ready = wait(readers, timeout=POLL)
            readers = [reader for reader in readers if reader not in ready or _pass_on(reader, bar)]
            if stop() or any(process.exitcode not in (None, 0) for process in processes):
                stopping.value = 1  # the other workers keep their state
    finally:
        stopping.value = 1
        for process in processes:
            process.join()
    if stop():
        raise Stopped("with several folds at once")
    dead = [process.exitcode for process in processes if process.exitcode]
    if dead:
        raise UserError(f"{len(dead)} of {count} workers died (exit status {dead[0]}), see the lines above; "
                        "finished folds are kept, run the same command again")  # fmt: skip


def _pass_on(reader: Connection, bar: ShardProgress) -> bool:
    """Show an event of a worker in the bar; False when the worker has ended."""
    try:
        kind, run, *facts = reader.recv()
    except (EOFError, OSError):
        return False
    bar.turn_to(run)
    if kind == "epoch":
        bar.fold_begins(facts[0])
        bar.epoch(*facts[1:])
    elif kind == "done":
        bar.fold_done(*facts)
    else:
        bar.say(*facts)
    return True


def _work(train: Train, todo: Todo, events: Connection, stopping: Synchronized, parent: int) -> None:
    """The main function of a worker. It stops when it is asked to, when its job is asked to, and when its job is
    gone."""
    with watched() as asked:
        try:
            train(todo, Relay(events), lambda: bool(asked() or stopping.value or os.getppid() != parent))
        except Stopped:
            pass
        except (UserError, OSError) as error:
            sys.exit(str(error))
