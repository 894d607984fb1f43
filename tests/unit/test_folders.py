"""Folders of frames and workbooks among millions of files."""

from __future__ import annotations

import os

import openpyxl
import pytest

from mebench.errors import UserError
from mebench.media.folders import find_tree, folders_in, frame_names, list_frames
from mebench.workbooks.find import A_FOLDER_OF_FRAMES, find_workbook, look_for_workbook
from mebench.workbooks.read import read_sheets


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
    assert find_workbook(tmp_path, ["book.xlsx"], "a dataset").path == deep
    workbook(tmp_path / "z" / "Book.xlsx")
    assert find_workbook(tmp_path, ["book.xlsx"], "a dataset").path == tmp_path / "z" / "Book.xlsx"


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
    assert look_for_workbook(tmp_path, ["*.xlsx"]).path == folder / "Book.xlsx"


@pytest.mark.parametrize("name", ["Book.xlsx", "Book.xls"])
def test_a_damaged_workbook_is_one_sentence(tmp_path, name):
    (tmp_path / name).write_bytes(b"PK\x03\x04 not a workbook")
    with pytest.raises(UserError, match=r"Book\.xlsx? .*"):
        read_sheets(tmp_path / name)


# --- names that are met in the field ----------------------------------------------------------------------------------

# names of the frames 1 to 3, and what else lies there
UNDERSTOOD = {
    "Windows renames several": (["img (1).jpg", "img (2).jpg", "img (3).jpg"], []),
    "without a blank": (["img(1).jpg", "img(2).jpg", "img(3).JPG"], []),
    "a name with a number renamed": (["sub01 (1).jpg", "sub01 (2).jpg", "sub01 (3).jpg"], ["notes.txt"]),
    "wide brackets": (["図（1）.jpg", "図（2）.jpg", "図（3）.jpg"], []),
    "of how many": (["img1of3.jpg", "img2of3.jpg", "img3of3.jpg"], []),
    "Of, with blanks": (["img 1 Of 3.png", "img 2 Of 3.png", "img 3 Of 3.png"], []),
    "tif": (["a1.tif", "a2.tif", "a3.tif"], []),
    "TIFF": (["a1.TIFF", "a2.Tiff", "a3.tif"], ["notes.txt"]),
    "webp": (["a001.webp", "a002.webp", "a003.webp"], ["cover.webp"]),
    "renamed tif": (["a (1).tif", "a (2).tif", "a (3).tif"], []),
    "mixed case": (["IMG1.JPG", "img2.Jpg", "Img3.jPEG"], []),
    "not UTF-8": ([os.fsdecode(f"表情{n}.jpg".encode("gbk")) for n in (1, 2, 3)], []),
    "copies beside frames": (["a1.jpg", "a2.jpg", "a3.jpg"], ["a1 (1).jpg", "a2 - Copy.jpg", "a (7).jpg"]),
    "other formats beside frames": (["a1.jpg", "a2.jpg", "a3.jpg"], ["a1.tif", "a4.webp"]),
}


@pytest.mark.parametrize("case", UNDERSTOOD)
def test_names_that_are_understood(tmp_path, case):
    frames, others = UNDERSTOOD[case]
    touch(tmp_path, *frames, *others)
    names = frame_names(tmp_path)
    assert dict(names) == dict(enumerate(frames, start=1))
    assert names.others == sorted(others)


# names that say no number, and what the clause says
NOT_UNDERSTOOD = {
    "something behind the number": (["img1_face.jpg", "img2_face.jpg"], "2 pictures", "img1_face.jpg"),
    "copies alone": (["img1 (1).jpg", "img2 (1).jpg"], "2 pictures", "img1 (1).jpg"),
    "no number": (["cover.webp"], "1 pictures", "cover.webp"),
    "another format": (["img1.heic", "img2.heic", "img3.heic"], "3 others", "img1.heic"),
    "a video": (["clip.avi"], "1 others", "clip.avi"),
    "one folder deeper": (["frames/"], "1 others", "frames"),
    "no suffix": (["img1", "img2"], "2 others", "img1"),
    "not UTF-8": ([os.fsdecode("裁剪.jpg".encode("gbk"))], "1 pictures", os.fsdecode("裁剪.jpg".encode("gbk"))),
}


@pytest.mark.parametrize("case", NOT_UNDERSTOOD)
def test_a_name_that_is_not_understood_is_quoted(tmp_path, case):
    names, count, quoted = NOT_UNDERSTOOD[case]
    for name in names:
        (tmp_path / name).mkdir() if name.endswith("/") else (tmp_path / name).touch()
    read = frame_names(tmp_path)
    assert not read
    assert count in read.unread
    assert read.unread.endswith(f"such as {quoted}")


def test_nothing_is_said_of_an_empty_folder_nor_of_files_beside_frames(tmp_path):
    assert frame_names(tmp_path).unread == ""
    touch(tmp_path, "1.jpg", "notes.txt", ".2.jpg")
    assert frame_names(tmp_path).unread == ""
