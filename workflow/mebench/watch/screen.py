"""The state of runs for people: plain columns, or a coloured table on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from mebench.runs.lock import Lock
from mebench.runs.progress import duration
from mebench.runs.records import FoldRecord
from mebench.watch.gpus import GpuUse
from mebench.watch.left import Remaining, total
from mebench.watch.runs import RunState

if TYPE_CHECKING:
    from rich.console import Group

COLUMNS = ("run", "state", "done", "running", "failed", "missing", "folds", "epoch", "left", "memory_mb", "device")
TEXTS = ("run", "state", "device")  # columns of text; the others are numbers and stand to the right
NOTHING = "-"
ORDER = (
    "training",
    "begun",
    "ready",
    "waiting",
    "trained",
    "pooled",
)  # on a screen too small for all runs
SPARED = ("device", "memory_mb", "state", "missing")  # columns that a narrow terminal leaves out, in this order
MOST = 12  # running folds that are listed


@dataclass(frozen=True)
class Snapshot:
    """What is shown: the states of runs, the work that is left of each, and the GPUs of this machine."""

    states: list[RunState]
    works: list[Remaining]
    gpus: list[GpuUse]

    @property
    def over(self) -> bool:
        """Whether all runs are finished and pooled."""
        return all(state.stage == "pooled" for state in self.states)

    def row(self, state: RunState, work: Remaining) -> dict[str, str]:
        """The cells of a run. No cell has a blank, so that ``sort`` and ``awk`` work on the columns."""
        counts = {"done": state.finished, "running": len(state.running), "failed": len(state.failed)}
        counts |= {"missing": state.missing, "folds": state.expected}
        device, memory = peak([*state.done, *state.failed])
        guess = "~" if work.basis in ("epochs", "estimate") else ""
        return {
            "run": state.run.id, "state": state.stage, **{key: str(value) for key, value in counts.items()},
            "epoch": epochs(state.running), "left": NOTHING if not work.left else guess + clock(work.left),
            "memory_mb": memory, "device": device,
        }  # fmt: skip

    def lines(self) -> list[str]:
        """Everything as plain lines."""
        rows = list(map(self.row, self.states, self.works))
        widths, head = _widths(rows, sys.maxsize), dict(zip(COLUMNS, COLUMNS, strict=True))
        table = ["  ".join(_justified(row[key], key, wide) for key, wide in widths.items()) for row in [head, *rows]]
        return [*map(str.rstrip, table), "", *self.remarks()]

    def remarks(self) -> list[str]:
        """The totals, the running folds, what needs attention, and the GPUs."""
        done, failed, dead, old = (_sum(self.states, key) for key in ("finished", "failed", "dead", "old"))
        expected = sum(state.expected for state in self.states)
        pooled = sum(state.stage == "pooled" for state in self.states)
        lines = [f"{done} of {expected} folds done, {pooled} of {len(self.states)} runs pooled; {self._left()}"]
        lines += _listed([_at_work(state, held) for state in self.states for held in state.running])
        if failed or dead:
            lines.append(f"{_folds(failed)} failed, {_folds(dead)} left by jobs that died: see mebench failures")
        if old:
            lines.append(f"{old} of the missing folds have a result of another configuration, other data or other "
                         "source: see mebench explain RUN")  # fmt: skip
        waiting = sorted({state.waiting for state in self.states if state.waiting})
        if waiting:
            lines.append(f"before training files have to be made, such as {waiting[0]}")
        return lines + [_gpu(gpu) for gpu in self.gpus]

    def _left(self) -> str:
        whole, unknown = total(self.works)
        if not any(state.missing or state.running for state in self.states):
            return "nothing is left to train"
        guessed = " by estimates" if whole.basis == "estimate" else ""
        also = f", and {unknown} runs of which nobody can say" if unknown else ""
        if whole.at_once:
            return f"about {duration(whole.left or 0)} left{guessed}, {_folds(whole.at_once)} at a time{also}"
        return f"no job is at work; about {duration(whole.left or 0)} of work{guessed}, one fold at a time{also}"

    def as_json(self) -> dict[str, object]:
        """Everything for machines; times in seconds."""
        whole, unknown = total(self.works)
        runs = [
            {"run": state.run.id, "state": state.stage, "done": state.finished, "expected": state.expected,
             "counted": state.counted, "missing": state.missing, "old": [record.fold for record in state.old],
             "failed": [record.ending() for record in state.failed],
             "running": [_held(held) for held in state.running], "dead": [_held(held) for held in state.dead],
             "waiting_for": state.waiting, "work_seconds": work.seconds, "left_seconds": work.left,
             "left_by": work.basis, "peak": dict(zip(("device", "memory_mb"), _peak(state), strict=True))}
            for state, work in zip(self.states, self.works, strict=True)
        ]  # fmt: skip
        counted = ("running", "failed", "missing", "expected")
        totals: dict[str, object] = {key: _sum(self.states, key) for key in counted}
        totals["done"] = _sum(self.states, "finished")
        totals |= {"left_seconds": whole.left, "left_by": whole.basis, "runs_unknown": unknown}
        return {"runs": runs, "total": totals, "gpus": list(map(asdict, self.gpus))}


def table(snapshot: Snapshot, width: int, height: int | None = None) -> Group:
    """The snapshot for a terminal of ``width`` columns. With a ``height`` in lines, only as many runs as fit are shown,
    those at work first."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    pairs, remarks = list(zip(snapshot.states, snapshot.works, strict=True)), snapshot.remarks()
    room = len(pairs) if height is None else max(3, height - len(remarks) - 4)
    if room < len(pairs):
        pairs.sort(key=lambda pair: ORDER.index(pair[0].stage))
        remarks.insert(0, f"... and {len(pairs) - room} more runs: {_counted(pairs[room:])}")
    rows = [snapshot.row(*pair) for pair in pairs[:room]]
    grid, widths = Table(box=None, pad_edge=False, header_style="bold"), _widths(rows, width)
    for key, wide in widths.items():
        whole = None if key == "run" else wide  # names of runs are broken where the terminal is too narrow
        grid.add_column(key, justify="left" if key in TEXTS else "right", min_width=whole, overflow="fold")
    for row in rows:
        grid.add_row(*(Text(row[key], style=STYLES[key](row) if key in STYLES else "") for key in widths))
    return Group(grid, Text(), *map(Text, remarks))


def _widths(rows: Sequence[dict[str, str]], width: int) -> dict[str, int]:
    """The columns that fit into a terminal, with their widths."""
    widths = {key: max(len(key), *(len(row[key]) for row in rows)) if rows else len(key) for key in COLUMNS}
    for key in SPARED:
        if sum(widths.values()) + 2 * len(widths) > width:
            del widths[key]
    return widths


STYLES: dict[str, Callable[[dict[str, str]], str]] = {
    "state": lambda row: {"training": "green", "pooled": "dim", "trained": "dim"}.get(row["state"], ""),
    "failed": lambda row: "" if row["failed"] == "0" else "bold red",
    "running": lambda row: "" if row["running"] == "0" else "green",
    "missing": lambda row: "" if row["missing"] == "0" else "yellow",
}


def peak(records: Sequence[FoldRecord]) -> tuple[str, str]:
    """(device, peak memory in MB) of the folds of a run; the memory is that of the GPU where they ran on one."""
    on_gpu = [record for record in records if record.device and not record.device.startswith("cpu")]
    measured = [record.peak_memory_mb for record in on_gpu or records if record.peak_memory_mb is not None]
    return (("gpu" if on_gpu else "cpu") if records else NOTHING), (f"{max(measured):.0f}" if measured else NOTHING)


def _peak(state: RunState) -> tuple[str | None, float | None]:
    device, memory = peak([*state.done, *state.failed])
    return (None, None) if NOTHING in (device, memory) else (device, float(memory))


def epochs(running: Sequence[Lock]) -> str:
    """``34/100`` of one running fold, ``12-34/100`` of several."""
    at = sorted(held.told.epoch for held in running)
    if not at:
        return NOTHING
    return f"{at[0]}{f'-{at[-1]}' if at[-1] > at[0] else ''}/{max(held.told.epochs for held in running)}"


def clock(seconds: float) -> str:
    """``02:05:09``: hours, minutes and seconds, so that they sort as text."""
    seconds = round(seconds)
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"


def _at_work(state: RunState, held: Lock) -> str:
    told = held.told
    loss = f", loss {told.loss:.4f}" if isinstance(told.loss, float) else ""
    job = f", job {told.job}" if told.job else ""
    since = f", for {duration(held.beat - held.since)}" if held.since else ""
    where = f"{held.node or 'an unknown node'}{job}"
    return f"{state.run.id} {told.fold or '?'}: epoch {epochs([held])}{loss} on {where}{since}"


def _listed(lines: list[str]) -> list[str]:
    more = [f"... and {len(lines) - MOST} more running folds"] if len(lines) > MOST else []
    return [*lines[:MOST], *more]


def _folds(number: int) -> str:
    return f"{number} fold{'' if number == 1 else 's'}"


def _gpu(gpu: GpuUse) -> str:
    use, used, whole = (NOTHING if number is None else f"{number:,}"
                        for number in (gpu.use_percent, gpu.used_mb, gpu.total_mb))  # fmt: skip
    return f"GPU {gpu.index} of this machine ({gpu.name}): {use} % busy, {used} of {whole} MB"


def _counted(pairs: Sequence[tuple[RunState, Remaining]]) -> str:
    stages = [state.stage for state, _ in pairs]
    return ", ".join(f"{stages.count(stage)} {stage}" for stage in ORDER if stage in stages)


def _held(held: Lock) -> dict[str, object]:
    told = {key: getattr(held.told, key) for key in ("fold", "epoch", "epochs", "loss", "job")}
    return told | {key: getattr(held, key) for key in ("node", "pid", "since", "beat")}


def _sum(states: Sequence[RunState], key: str) -> int:
    return sum(value if isinstance(value, int) else len(value) for value in (getattr(s, key) for s in states))


def _justified(text: str, key: str, width: int) -> str:
    return text.ljust(width) if key in TEXTS else text.rjust(width)
