"""Folders of frames and workbooks among millions of files."""

from __future__ import annotations

import os

import openpyxl
import pytest

from mebench.datasets._workbook import A_FOLDER_OF_FRAMES, find_workbook, look_for_workbook, read_sheets
from mebench.errors import UserError
from mebench.media.folders import find_tree, folders_in, frame_names, list_frames


def touch(folder, *names):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()


def workbook(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    book = openpyxl.Workbook()
    book.active.append(["Subject"])
    book.save(path)


def test_frames_are_numbers_whatever_their_names(tmp_path):
    names = ("10.jpg", "9.JPG", "img0008.png", "006_1_0007.bmp", "6.jpeg", "0005.jpg")
    others = ("notes.txt", "12.mp4", "cover.jpg", ".3.jpg", "jpg", "².jpg")
    touch(tmp_path, *names, *others)
    assert list(frame_names(tmp_path).items()) == [
        (5, "0005.jpg"),
        (6, "6.jpeg"),
        (7, "006_1_0007.bmp"),
        (8, "img0008.png"),
        (9, "9.JPG"),
        (10, "10.jpg"),
    ]
    assert list_frames(tmp_path) == {number: tmp_path / name for number, name in frame_names(tmp_path).items()}


def test_a_frame_that_is_there_twice_is_an_error(tmp_path):
    touch(tmp_path, "7.jpg", "007.png")
    with pytest.raises(UserError, match=r"holds frame 7 twice: 007\.png and 7\.jpg; keep one"):
        frame_names(tmp_path)


def test_a_link_that_leads_to_itself_is_no_folder(tmp_path):
    touch(tmp_path / "a" / "spNO.1")
    os.symlink("loop", tmp_path / "loop")
    os.symlink(tmp_path, tmp_path / "a" / "up")
    assert folders_in(tmp_path) == [tmp_path / "a"]
    best, _ = find_tree(tmp_path, lambda folder: folder.name == "spNO.1")
    assert best == tmp_path / "a"
    assert look_for_workbook(tmp_path, ["*.xlsx"]) is None


def test_a_workbook_is_found_four_folders_down_and_the_nearest_is_taken(tmp_path):
    deep = tmp_path / "delivery" / "supply" / "annotation" / "partA" / "Book.xlsx"
    workbook(deep)
    assert find_workbook(tmp_path, ["book.xlsx"], "a dataset") == deep
    workbook(tmp_path / "z" / "Book.xlsx")
    assert find_workbook(tmp_path, ["book.xlsx"], "a dataset") == tmp_path / "z" / "Book.xlsx"


def test_locks_and_hidden_files_are_no_workbooks(tmp_path):
    touch(tmp_path, "~$code_final.xlsx", ".code_final.xlsx")
    with pytest.raises(UserError, match="holds no coding workbook of a dataset"):
        find_workbook(tmp_path, ["*code_final*.xlsx"], "a dataset")


def test_folders_of_frames_are_not_searched_for_workbooks(tmp_path):
    folder = tmp_path / "color"
    touch(folder, *(f"{n}.jpg" for n in range(A_FOLDER_OF_FRAMES + 1)))
    workbook(folder / "Book.xlsx")
    assert look_for_workbook(tmp_path, ["*.xlsx"]) is None
    (folder / "0.jpg").unlink()
    assert look_for_workbook(tmp_path, ["*.xlsx"]) == folder / "Book.xlsx"


@pytest.mark.parametrize("name", ["Book.xlsx", "Book.xls"])
def test_a_damaged_workbook_is_one_sentence(tmp_path, name):
    (tmp_path / name).write_bytes(b"PK\x03\x04 not a workbook")
    with pytest.raises(UserError, match=r"Book\.xlsx? .*"):
        read_sheets(tmp_path / name)
