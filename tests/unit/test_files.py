"""Files are whole or absent."""

from __future__ import annotations

import errno
import os

import pytest

from mebench import files
from mebench.errors import UserError


def test_a_failure_in_the_middle_of_a_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.csv"
    files.write_text(path, "old")
    with pytest.raises(RuntimeError), files.whole_file(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.csv"]


def test_a_full_disk_is_one_sentence_and_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    files.write_text(path, "old")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(UserError, match="cannot write .*a.csv: No space left on device"):
        files.write_text(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.csv"]


def test_a_really_full_disk(tmp_path):
    if not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    with (
        pytest.raises(UserError, match="No space left"),
        files.whole_file(tmp_path / "a.csv"),
        open("/dev/full", "w") as full,
    ):
        full.write("x")
        full.flush()
    assert os.listdir(tmp_path) == []


def test_a_folder_replaces_the_old_one_only_when_complete(tmp_path):
    path = tmp_path / "fold"
    with files.whole_folder(path) as folder:
        (folder / "a").write_text("1")
    with pytest.raises(RuntimeError), files.whole_folder(path) as folder:
        (folder / "b").write_text("2")
        raise RuntimeError
    assert os.listdir(path) == ["a"]
    assert os.listdir(tmp_path) == ["fold"]


def test_what_a_killed_writer_left_is_swept_away_and_a_living_writer_is_left_alone(tmp_path):
    dead, living = tmp_path / ".a.999999999.tmp.csv", tmp_path / f".a.{os.getppid()}.tmp.csv"
    dead.touch()
    living.touch()
    files.write_text(tmp_path / "a.csv", "x")
    assert not dead.exists()
    assert living.exists()


def test_csv_with_a_missing_column_or_a_ragged_line_is_named(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("truth,guess\na,b\n")
    with pytest.raises(UserError, match="lacks the column prediction; its columns are truth, guess"):
        files.read_csv(path, ["truth", "prediction"])
    path.write_text("truth,prediction\na\n")
    with pytest.raises(UserError, match="line 2"):
        files.read_csv(path)
    with pytest.raises(UserError, match="cannot read .*nowhere"):
        files.read_csv(tmp_path / "nowhere.csv")


def test_canonical_json_ignores_the_order_of_keys_and_sees_swapped_values():
    assert files.canonical_json({"a": 1, "b": 2}) == files.canonical_json({"b": 2, "a": 1})
    assert files.canonical_json({"lr": 1, "wd": 2}) != files.canonical_json({"lr": 2, "wd": 1})
    assert files.digest("ab", "c") != files.digest("a", "bc")


def test_a_column_twice_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("a,b,a\n1,2,3\n")
    with pytest.raises(UserError, match="has the column 'a' twice"):
        files.read_csv(tmp_path / "a.csv")


@pytest.mark.parametrize("lines", ['1,"two\n3,4\n5,"six"\n', '1,"two\n3,4\n', '1,"two"3\n'])
def test_a_quote_that_is_not_closed_swallows_no_rows(tmp_path, lines):
    (tmp_path / "a.csv").write_text(f"a,b\n{lines}")
    with pytest.raises(UserError, match=r"a\.csv is not a CSV file in UTF-8"):
        files.read_csv(tmp_path / "a.csv")
