"""Whether a run was made of the data that its task expects: as many clips, subjects, and clips of each class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mebench import tasks
from mebench.acquisition.announced import card_of
from mebench.acquisition.origin import complete_copy, data_root
from mebench.clips.card import dataset_card
from mebench.clips.clip import read_clips, read_recordings
from mebench.clips.reading import Reading
from mebench.files import read_csv
from mebench.indexing import checks
from mebench.protocols.tasks import SHIPPED, TASKS, TaskDefinition, differences
from mebench.runs.paths import DatasetFiles

MOST = 6  # differences that are written out


def deviations(task: TaskDefinition, files: Sequence[DatasetFiles]) -> list[str]:
    """What differs from what the task expects, such as 'clips 297 instead of 442'; empty where nothing does.

    A task of this benchmark says what it expects of the real data. Of other tasks, and of small generated data, the
    datasets are compared: with their cards, or with what the generator announced. Generated data whose folder is gone
    are compared with nothing.
    """
    roots = {one.dataset: _root(one.source) for one in files}
    if any(root is not None and not complete_copy(root) for root in roots.values()) or task["name"] not in SHIPPED:
        several = len(files) > 1
        found = [
            f"{one.dataset}: {text}" if several else text for one in files for text in _of(one, roots[one.dataset])
        ]
    else:
        found = _of_task(task, files) if all(_known(one, roots[one.dataset]) for one in files) else []
    return found[:MOST] + ([f"and {len(found) - MOST} more"] if len(found) > MOST else [])


def _root(source: Path) -> Path | None:
    """The folder of a dataset; None where it is no longer there."""
    root = data_root(source) if source.is_file() else None
    return root if root is not None and root.is_dir() else None


def _known(files: DatasetFiles, root: Path | None) -> bool:
    """Whether it is known what the data should hold."""
    return root is not None or not files.synthetic


def _of(files: DatasetFiles, root: Path | None) -> list[str]:
    """The differences of one dataset."""
    if not _known(files, root):
        return []
    card = dataset_card(files.dataset)
    videos = files.clips.with_name("videos.csv")
    reading = Reading(read_clips(files.clips), videos=read_recordings(videos) if videos.is_file() else [])
    counts = checks.counts(card if root is None else card_of(card, root), reading)
    return [f"{count.name} {count.read} instead of {count.expected}" for count in counts if count.differs]


def _of_task(task: TaskDefinition, files: Sequence[DatasetFiles]) -> list[str]:
    """The differences of the samples of a task of this benchmark."""
    counted = tasks.kind_of(task).counted([row for one in files for row in read_csv(one.clips)])
    return differences(counted, TASKS[task["name"]]["expected"])  # which decides no result, so no spec has it
