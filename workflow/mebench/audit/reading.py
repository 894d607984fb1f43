"""What people hand in for an audit: predictions, annotations, folds, histories, and pictures of the clips."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from mebench import given_table
from mebench.audit.annotation import annotated, cut
from mebench.audit.evidence import Annotation, Epoch, Prediction, Split
from mebench.audit.look import Look, looks_of
from mebench.clips.clip_names import clip_name
from mebench.errors import UserError
from mebench.given_values import key, number
from mebench.inputs import store
from mebench.media.folders import list_frames
from mebench.metrics.given import class_named, labelled
from mebench.protocols.tasks import TaskDefinition
from mebench.statistics.source import Source, chosen_rows, parse
from mebench.statistics.subjects import subject_of

KNOWN = ("clip_id", "subject", "dataset", "fold", "seed")
TRAIN, TEST = "train", "test"


def predictions(source: Source, classes: Sequence[str] | None = None) -> list[Prediction]:
    """The rows of a CSV of predictions, those of a clip that is there twice too."""
    rows = chosen_rows(given_table.read(source.name, ("truth", "prediction"), KNOWN), source)
    return [
        Prediction(
            clip=clip_name(row.cells.get("clip_id", "")),
            subject=subject_of(row) or "",
            truth=labels["truth"],
            called=labels["prediction"],
            fold=clip_name(row.cells.get("fold", "")),
            seed=key(row.cells.get("seed", "0")),
            where=row.where,
        )
        for row, labels in zip(rows, labelled(rows, classes), strict=True)
    ]


def given_truths(named: str, classes: Sequence[str]) -> dict[str, str]:
    """The truth of each clip that a CSV of predictions has, or some rows of it (``FILE::run=a``); none where it has no
    such column."""
    source = parse(named)
    rows = chosen_rows(given_table.read(source.name, ("clip_id", "prediction"), ("truth",)), source)
    return {clip_name(row["clip_id"]): class_named(row["truth"], classes) or row["truth"]
            for row in rows if "truth" in row.cells}  # fmt: skip


def annotation(paths: Sequence[Path], classes: Sequence[str], task: TaskDefinition | None = None) -> Annotation:
    """The annotation of clips.csv of one or several datasets: ``clip_id``, and the class of each clip in a column
    ``truth``, ``label`` or ``class``, or its ``emotion``, which a ``task`` maps to classes."""
    columns = ("truth", "label", "class", "emotion", "objective", "subject", "dataset", "video", "frames", "onset",
               "offset")  # fmt: skip
    rows = [row for path in paths for row in given_table.read(path, ("clip_id",), columns)]
    clips = [clip_name(row["clip_id"]) for row in rows]
    labels, unknown = annotated(clips, rows, classes, task)
    subjects = {clip: subject for clip, row in zip(clips, rows, strict=True) if (subject := subject_of(row))}
    cuts = {clip: own for clip, row in zip(clips, rows, strict=True) if (own := cut(row.cells))}
    twice = tuple(sorted(clip for clip, count in Counter(clips).items() if count > 1))
    return Annotation(labels, dict.fromkeys(clips, "") | subjects, cuts, twice, unknown)


def splits(path: Path) -> list[Split]:
    """The folds of a CSV ``fold,clip_id,part`` with part train or test."""
    rows = given_table.read(path, ("fold", "clip_id", "part"))
    clips: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        part = key(row["part"])
        if part not in (TRAIN, TEST):
            raise UserError(f"{row.where} has the part '{row['part']}'; write {TRAIN} or {TEST}")
        fold = clips.setdefault(clip_name(row["fold"]), {TRAIN: [], TEST: []})
        fold[part].append(clip_name(row["clip_id"]))
    return [Split(fold, tuple(own[TRAIN]), tuple(own[TEST])) for fold, own in sorted(clips.items())]


def history(path: Path) -> list[Epoch]:
    """The epochs of a CSV ``fold,epoch,test_accuracy``."""
    rows = given_table.read(path, ("fold", "epoch", "test_accuracy"))
    found = []
    for row in rows:
        epoch, accuracy = number(row["epoch"]), number(row["test_accuracy"])
        if epoch is None or accuracy is None or not 0 <= accuracy <= 1:
            raise UserError(f"{row.where} has the epoch '{row['epoch']}' with the accuracy '{row['test_accuracy']}'; "
                            "write a number, and an accuracy from 0 to 1")  # fmt: skip
        found.append(Epoch(clip_name(row["fold"]), int(epoch), accuracy))
    return found


def looks_of_inputs(folders: Sequence[Path], clips: Sequence[str] | None = None) -> dict[str, Look]:
    """The looks of all clips (or of those that are named) that have an array in these inputs."""
    wanted = None if clips is None else set(clips)
    kept = [store.load(folder) for folder in folders]
    return looks_of({clip: one.get(clip) for one in kept for clip in one.ids if wanted is None or clip in wanted})


def looks_of_frames(root: Path, cuts: Mapping[str, tuple[str, int, int]]) -> dict[str, Look]:
    """The looks of clips by their first, middle and last frames; the folders of frames lie below ``root``."""
    from mebench.media.pictures import decode  # starts OpenCV

    found = {}
    for clip, (recording, first, last) in cuts.items():
        folder = root / recording.partition("/")[2]
        if not folder.is_dir():
            raise UserError(f"there is no folder {folder} of the clip {clip}; --frames names the folder above those of "
                            "the column frames")  # fmt: skip
        own = [path for place, path in list_frames(folder).items() if first <= place <= last]
        if own:
            planes = [_small(decode(own[place], grey=True)) for place in (0, len(own) // 2, len(own) - 1)]
            found[clip] = np.stack(planes)
    return looks_of(found)


def _small(picture: np.ndarray) -> np.ndarray:
    import cv2

    return cv2.resize(picture, (64, 64), interpolation=cv2.INTER_AREA)
