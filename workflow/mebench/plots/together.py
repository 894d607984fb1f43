"""All figures of a task, or of the datasets, drawn by one process: its start and its runs are paid for once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from mebench.plots import confusion, curves, dataset, runs, seeds, style, subjects
from mebench.plots.samples import drawing

OF_RUNS: dict[str, Callable[[runs.Task], Figure]] = {
    "confusion": confusion.draw,
    "subjects": subjects.draw,
    "curves": curves.draw,
    "seeds": seeds.draw,
}
Places = Sequence[str | os.PathLike]


def of_task(out: Path, name: str, folders: Places, samples: Mapping[str, Places], clips: Places) -> Iterator[Path]:
    """Write the plots of the task ``name`` into the folder ``out``; gives each file as soon as it is there.

    ``folders`` are its pooled runs, ``samples`` the stores of each input that its models read, by the input's name, and
    ``clips`` the clips.csv of its datasets. The sample picture of an input is called ``input-<its name>``.
    """
    task = runs.load(folders)
    for kind, draw in OF_RUNS.items():
        yield from style.save(draw(task), out / kind)
    for kept, stores in samples.items():
        yield from style.save(drawing.draw(stores, clips, name), out / f"input-{kept}")


def of_datasets(out: Path, clips: Places) -> Iterator[Path]:
    """Write the figure of each dataset into the folder ``out``, called after the folder of its clips.csv."""
    for path in map(Path, clips):
        yield from style.save(dataset.draw(**dataset.read(path)), out / path.parent.name)
