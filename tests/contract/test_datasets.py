"""Every registered dataset, found by its file: its card is complete, and its reader reads its own stand-ins."""

from __future__ import annotations

import json

import pytest

from mebench import cards, cli, formats
from mebench.acquisition import inventory
from mebench.clips.card import dataset_card
from mebench.config import input_names
from mebench.files import read_csv
from mebench.indexing import checks
from mebench.papers import paper
from mebench.protocols.tasks import TASKS, task
from mebench.synthetic import full, generate

NAMES = cards.names("datasets")


@pytest.mark.parametrize("name", NAMES)
def test_the_card_says_what_a_user_must_know(name):
    card = cards.card("datasets", name)
    for key in ("title", "licence", "homepage", "layout", "fps", "emotions", "expected", "expected_emotions"):
        assert key in card, key
    assert card["delivers"] in ("frames", "videos", "pictures")
    assert card["homepage"].startswith("http")
    cited = paper(card["paper"])
    assert cited.authors
    assert cited.venue
    assert cited.year > 2000
    assert card["expected"]["clips"] > 0
    if card["delivers"] != "pictures":
        assert card["crop"] in ("provided", "detected")
        for kind in card["inputs"]:
            assert kind in input_names.KINDS


def test_all_cards_are_listed(capsys):
    assert cli.main(["datasets"]) == 0
    page = capsys.readouterr().out
    assert cli.main(["datasets", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [entry["name"] for entry in listed] == NAMES
    for entry in listed:
        assert f"{entry['name']}: {entry['title']}" in page


@pytest.mark.parametrize("name", full.names())
def test_full_size_is_what_the_card_counts(name, tmp_path):
    """`mebench fetch` and `mebench index` without --accept: every number of the card, and an edition that is known."""
    source = tmp_path / "source.json"
    options = json.dumps({"size": "full"})
    assert cli.main(["fetch", name, "--source", "synthetic", "--options", options, "--out", str(source)]) == 0
    assert cli.main(["index", name, "--root", str(source), "--out", str(tmp_path / "clips.csv")]) == 0
    clips = read_csv(tmp_path / "clips.csv", formats.CLIPS.names)
    card = cards.card("datasets", name)
    assert len(clips) == card["expected"]["clips"]
    for clip in clips:
        assert clip["clip_id"].startswith(f"{clip['subject']}/")
        assert clip["subject"].startswith(f"{name}/")
        assert int(clip["onset"]) < int(clip["offset"])
        assert int(clip["onset"]) < int(clip["apex"]) <= int(clip["offset"]), clip["clip_id"]
        assert clip["emotion"] in ("", *card["emotions"])
    videos = read_csv(tmp_path / "videos.csv", formats.VIDEOS.names)
    assert bool(videos) == (card["delivers"] == "videos")
    assert {clip["frames"] for clip in clips} <= {video["frames"] for video in videos} or not videos


@pytest.mark.parametrize("name", generate.NAMES)
def test_the_small_stand_in_is_read_whole(name, tmp_path):
    generate.write(name, tmp_path / "data", tmp_path / "truth", subjects=2, clips=2, seed=1)
    reading = cards.load("datasets", name).read(tmp_path / "data")
    assert reading.clips
    assert reading.dropped == []
    assert all(list(clip.row()) == list(formats.CLIPS.names) for clip in reading.clips)
    assert [clip.clip_id for clip in reading.clips] == sorted(clip.clip_id for clip in reading.clips)
    checks.counts(dataset_card(name), reading)
    assert all(inventory.is_label(path.name) for path in reading.workbooks)  # a start looks at their content
    announced = generate.announced(name, {"subjects": 2, "clips": 2, "seed": 1})
    found = [{key: clip.row()[key] for key in announced[0]} for clip in reading.clips]
    assert found == sorted(announced, key=lambda row: row["clip_id"])


@pytest.mark.parametrize("name", TASKS)
def test_every_task_names_datasets_and_classes_that_exist(name):
    definition = task(name)
    assert set(definition["datasets"]) <= set(NAMES)
    shown = {label for labels in definition["labels"].values() for label in labels.values()}
    assert shown == set(definition["classes"])
    classes = definition["expected"].get("classes")  # of spotting only the expressions and their subjects are stated
    assert (classes is None) == ("expression" in definition)
    assert classes is None or sum(classes.values()) == definition["expected"]["clips"]
