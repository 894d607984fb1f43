"""Which clips a sample picture shows: a typical one of each class and dataset."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mebench import tasks
from mebench.errors import UserError
from mebench.files import read_csv
from mebench.inputs import store
from mebench.inputs.store import InputMeta
from mebench.protocols.tasks import task as definition_of

TIMES = ("onset", "apex", "offset")


@dataclass(frozen=True)
class Sample:
    """One clip to show: its row of clips.csv, its array as stored, its row of index.csv, and the store's meta.json."""

    clip: dict[str, str]
    x: np.ndarray
    row: dict[str, str]
    meta: InputMeta

    @property
    def name(self) -> str:
        return self.clip["clip_id"]

    def time(self, name: str) -> int | None:
        """The frame number of ``onset``, ``apex`` or ``offset``, where it is known."""
        number = self.clip.get(name, "")
        return int(number) if number.lstrip("-").isdigit() else None


@dataclass(frozen=True)
class ShownSamples:
    """The samples of a picture: (dataset, class) -> sample, None where there is none."""

    kind: str
    title: str
    synthetic: bool
    datasets: list[str]
    classes: list[str]
    chosen: dict[tuple[str, str], Sample | None]

    @property
    def heading(self) -> str:
        return f"{self.kind}: {self.title}"

    @property
    def samples(self) -> list[Sample]:
        return [sample for sample in self.chosen.values() if sample]


def choose(
    kind: str, stores: Sequence[store.Store], clips: Sequence[str | os.PathLike[str]], task: str | None,
    weight: Callable[[Sample], float],
) -> ShownSamples:  # fmt: skip
    """For each class and dataset, the clip with the median ``weight`` of its class."""
    rows = _labelled(clips, task)
    reels = _recordings(clips)
    datasets = sorted({row["dataset"] for row in rows})
    classes = tasks.kind_of(definition_of(task)).groups if task else sorted({row["label"] for row in rows})
    chosen = {}
    for dataset in datasets:
        for name in classes:
            own = [row for row in rows if (row["dataset"], row["label"]) == (dataset, name)]
            chosen[dataset, name] = _typical(own, stores, reels, weight)
    title = definition_of(task)["title"] if task else ", ".join(datasets)
    synthetic = any(kept.meta.get("origin") == "synthetic" for kept in stores)
    return ShownSamples(kind, title, synthetic, datasets, classes, chosen)


def _labelled(clips: Sequence[str | os.PathLike[str]], task: str | None) -> list[dict[str, str]]:
    """Rows of clips.csv with their class as ``label``, sorted by clip_id."""
    rows = [row for path in clips for row in read_csv(path, ("clip_id", "dataset", "subject", "emotion"))]
    if not rows:
        raise UserError(f"{clips[0]} lists no clips; run `mebench index` again")
    if task:
        known = {row["clip_id"]: row for row in rows}
        kind = tasks.kind_of(definition_of(task))
        if tasks.made_of_recordings(kind.task):
            taken = sorted(filter(kind.takes, rows), key=lambda row: row["clip_id"])
            return [row | {"label": kind.group(row)} for row in taken]
        return [known[row["clip_id"]] | row | {"label": kind.group(row)} for row in kind.samples(rows)]
    return [row | {"label": row["emotion"]} for row in sorted(rows, key=lambda row: row["clip_id"])]


def _recordings(clips: Sequence[str | os.PathLike[str]]) -> dict[tuple[str, str], str]:
    """(dataset, folder of frames) -> video_id of the long videos listed beside the clips."""
    paths = [Path(path).with_name("videos.csv") for path in clips]
    rows = [row for path in paths if path.is_file() for row in read_csv(path)]
    return {(row["dataset"], row["frames"]): row["video_id"] for row in rows}


def _typical(
    rows: list[dict[str, str]], stores: Sequence[store.Store], reels: dict[tuple[str, str], str],
    weight: Callable[[Sample], float],
) -> Sample | None:  # fmt: skip
    """The sample with the median weight; None where no clip has an array. A clip of a long video has the array of its
    video."""
    place = {key: kept for kept in stores for key in kept.index}
    samples = []
    for row in rows:
        key = row["clip_id"]
        if key not in place:
            key = reels.get((row["dataset"], row.get("frames", "")), key)
        if key not in place:
            raise UserError(f"the inputs hold no clip {key}; they are of an older index, run `mebench inputs` again")
        if key in place[key]:
            samples.append(Sample(row, place[key].get(key), place[key].index[key], place[key].meta))
    samples.sort(key=lambda sample: (weight(sample), sample.name))
    return samples[len(samples) // 2] if samples else None
