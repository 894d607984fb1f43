"""Every dataset that has a reader can be generated small, and then every task has all its classes."""

from __future__ import annotations

import functools

import pytest

from mebench import cards, tasks
from mebench.config import kinds
from mebench.protocols.tasks import TASKS, task
from mebench.synthetic import generate

DATASETS = cards.names("datasets")
SAID = ("clip_id", "dataset", "subject", "emotion", "objective", "expression")
FEW = {"subjects": 3, "clips": 2}  # fewer clips than some datasets have emotions


def few(name):
    """Options of a dataset: few clips, and long videos that are brief; test_long_videos.py has those that are not."""
    return FEW | ({"size": "brief"} if name in generate.VIDEOS else {})


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """Rows of clips.csv of a dataset, generated once and read by its own reader."""

    @functools.cache
    def of(name):
        root = tmp_path_factory.mktemp(name)
        generate.write(name, root / "data", root / "truth", **few(name))
        return [clip.row() for clip in cards.load("datasets", name).read(root / "data").clips]

    return of


@pytest.mark.parametrize("name", DATASETS)
def test_what_is_announced_is_what_the_reader_finds(name, read):
    announced = generate.announced(name, few(name))
    assert sorted(tuple(clip[key] for key in SAID) for clip in announced) == sorted(
        tuple(clip[key] for key in SAID) for clip in read(name)
    )


@pytest.mark.parametrize("name", TASKS)
def test_every_class_of_a_task_is_there_and_every_subject_is_a_fold(name, read):
    definition = task(name)
    kind = tasks.kind_of(definition)
    clips = [clip for dataset in definition["datasets"] for clip in read(dataset)]
    if kinds.made_of_recordings(definition):
        found = kind.counted(clips)
        shown, subjects = {label for label in definition["classes"] if found[label]}, found["subjects"]
    else:
        rows = kind.samples(clips)
        shown, subjects = {row["label"] for row in rows}, len({row["subject"] for row in rows})
    if definition.get("expression") != "macro":  # which have emotions by chance, or none
        assert shown == set(definition["classes"])
    assert subjects == FEW["subjects"] * len(definition["datasets"])


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("counts", [(2, 1), (8, 6), (5, 3)])
def test_every_class_is_announced_whatever_was_asked_for(name, counts):
    options = dict(zip(("subjects", "clips"), counts, strict=True))
    definition = task(name)
    rows = [clip for dataset in definition["datasets"] for clip in generate.announced(dataset, options)]
    placed = [{**row, "onset": "1", "offset": "2"} for row in rows]  # somewhere
    assert tasks.kind_of(definition).counted(placed)["subjects"] >= 2


def test_generated_flow_pictures_are_marked_as_generated(tmp_path):
    from mebench.acquisition.origin import data_origin

    generate.write("flow_images", tmp_path / "data", tmp_path / "truth", **FEW)
    assert data_origin("flow_images", tmp_path / "data") == "synthetic"
