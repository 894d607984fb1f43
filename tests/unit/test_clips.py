"""The nouns of clips.csv and videos.csv: one field for each column, and rows that come back as they were written."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from mebench import formats
from mebench.clips.card import DatasetCard, dataset_card
from mebench.clips.clip import Clip, Recording, read_clips, read_recordings
from mebench.clips.reading import Reading, check_rows
from mebench.errors import UserError
from mebench.files import write_csv

MENDED = ("apex missing ('/'): the middle frame 576 is taken", "another")
CLIP = Clip("samm/006/006_1_2", "samm", "samm/006", "006_1", 562, 570, 590, "labelled", "others", "VII", "micro",
            "15+17", 200, "006/006_1_2", MENDED)  # fmt: skip
REEL = Recording("samm_long/006/006_1", "samm_long", "samm_long/006", "006_1", 1, 90, 89, 1, 29.97, "006_1")


@pytest.mark.parametrize(("noun", "columns"), [(Clip, formats.CLIPS), (Recording, formats.VIDEOS)])
def test_the_fields_are_the_columns(noun, columns):
    assert tuple(field.name for field in fields(noun)) == columns.names


def test_clips_are_read_as_they_were_written(tmp_path):
    bare = Clip("flow/s01/a", "flow", "flow/s01", frames="images/a.png")  # a published picture knows no frames
    clips = [CLIP, bare, replace(CLIP, clip_id="x", fps=29.97, repairs=())]
    write_csv(tmp_path / "clips.csv", formats.CLIPS.names, (clip.row() for clip in clips))
    assert read_clips(tmp_path / "clips.csv") == clips
    assert "samm/006/006_1_2,samm,samm/006,006_1,562,570,590," in (tmp_path / "clips.csv").read_text()


def test_recordings_are_read_as_they_were_written(tmp_path):
    write_csv(tmp_path / "videos.csv", formats.VIDEOS.names, [REEL.row()])
    assert read_recordings(tmp_path / "videos.csv") == [REEL]
    whole = REEL.whole()
    assert (whole.clip_id, whole.onset, whole.offset, whole.apex) == ("samm_long/006/006_1", 1, 90, None)


@pytest.mark.parametrize(
    ("column", "text", "says"),
    [
        ("onset", "4x", "line 2: onset is '4x', a whole number is needed"),
        ("fps", "fast", "line 2: fps is 'fast', a number is needed"),
        ("fps", "nan", "line 2: fps is 'nan', a number is needed"),
        ("fps", "0", "line 2: fps is '0', a number is needed"),
    ],
)
def test_a_number_that_is_none_is_named_with_its_line(tmp_path, column, text, says):
    write_csv(tmp_path / "clips.csv", formats.CLIPS.names, [CLIP.row() | {column: text}])
    with pytest.raises(UserError, match=says):
        read_clips(tmp_path / "clips.csv")


def test_a_frame_that_is_not_known_is_named():
    assert CLIP.frame("apex") == 570
    with pytest.raises(UserError, match="the clip samm/006/006_1_2 has no apex"):
        replace(CLIP, apex=None).frame("apex")


def test_a_card_is_checked(monkeypatch):
    literal = {field.name: getattr(dataset_card("samm"), field.name) for field in fields(DatasetCard)}
    monkeypatch.setattr("mebench.cards.card", lambda kind, name: literal | {"licens": "free"})
    with pytest.raises(UserError, match="unknown key 'licens' .did you mean 'licence'"):
        dataset_card("samm")
    monkeypatch.setattr("mebench.cards.card", lambda kind, name: {"name": "samm", "emotions": [], "inputs": []})
    with pytest.raises(UserError, match="lacks title, delivers"):
        dataset_card("samm")


# ------------------------------------------------------------------------------------------------ every row


@pytest.mark.parametrize(("rows", "clips", "dropped"), [(3, 1, 1), (1, 1, 1), (0, 1, 0)])
def test_a_reader_that_loses_a_row_is_stopped(rows, clips, dropped):
    reading = Reading([Clip("d/s/c", "d", "d/s")] * clips, [("row 7", "why")] * dropped, rows=rows)
    says = f"d: the reader met {rows} rows, but {clips} became clips and {dropped} were dropped; this is a fault"
    with pytest.raises(UserError, match=says):
        check_rows("d", reading)


@pytest.mark.parametrize("rows", [None, 2])
def test_rows_that_are_all_there(rows):
    check_rows("d", Reading([Clip("d/s/c", "d", "d/s")], [("row 7", "why")], rows=rows))
