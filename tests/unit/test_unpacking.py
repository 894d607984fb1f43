"""Several archives of one dataset join as a person would join them, and no frames of two editions get mixed."""

from __future__ import annotations

from pathlib import Path

import pytest
from packed import contents, make

from mebench.acquisition import archives, unpacking


@pytest.mark.parametrize(
    ("name", "is_one", "stem"),
    [
        ("Cropped.zip", True, "Cropped"),
        ("CASME2-RAW.TAR.GZ", True, "CASME2-RAW"),
        ("a.b.7z.001", True, "a.b"),
        ("a.7z.002", False, None),
        ("SAMM.part1.rar", True, "SAMM"),
        ("SAMM.part01.rar", True, "SAMM"),
        ("SAMM.part2.rar", False, None),
        ("SAMM.part11.rar", False, None),
        ("a.z01", False, None),
        ("CASME2-coding.xlsx", False, None),
    ],
)
def test_names_of_archives(name, is_one, stem):
    assert archives.is_archive_name(name) == is_one
    assert not is_one or archives.archive_stem(name) == stem


def test_volumes_belong_to_their_archive(tmp_path):
    for name in ("a.7z.001", "a.7z.002", "b.7z.001", "c.zip", "c.z01", "c.z02", "d.part1.rar", "d.part2.rar", "c.zip2"):
        (tmp_path / name).touch()
    assert [p.name for p in unpacking.packed_archives(tmp_path)] == ["a.7z.001", "b.7z.001", "c.zip", "d.part1.rar"]
    named = [[p.name for p in unpacking.volumes(archive)] for archive in unpacking.packed_archives(tmp_path)]
    assert named == [
        ["a.7z.001", "a.7z.002"],
        ["b.7z.001"],
        ["c.z01", "c.z02", "c.zip"],
        ["d.part1.rar", "d.part2.rar"],
    ]
    assert archives.archive_kind(tmp_path / "c.zip") == "volumes"


def unpack_all(tmp_path: Path, **archives: dict[str, bytes]) -> dict[str, bytes]:
    source, out = tmp_path / "source", tmp_path / "out"
    out.mkdir()
    for name, files in archives.items():
        make(source / f"{name}.zip", files)
    unpacking.unpack_all(unpacking.packed_archives(source), source, out, join=True)
    return contents(out)


def test_pieces_of_one_tree_are_joined(tmp_path):
    first, second = {"SAMM/006/006_1_2/006_1.jpg": b"1"}, {"SAMM/007/007_1_2/007_1.jpg": b"2"}
    note = {"SAMM/readme.txt": b"the same in both"}
    assert unpack_all(tmp_path, part1=first | note, part2=second | note) == first | second | note


def test_editions_of_the_same_clips_stay_apart(tmp_path):
    found = unpack_all(
        tmp_path, Cropped={"sub01/EP02/reg_img1.jpg": b"1"}, RAW={"sub01/EP02/img1.jpg": b"2"}, notes={"x.txt": b"3"}
    )
    assert found == {"Cropped/sub01/EP02/reg_img1.jpg": b"1", "RAW/sub01/EP02/img1.jpg": b"2", "x.txt": b"3"}


def test_two_files_of_one_name_are_both_kept(tmp_path):
    found = unpack_all(tmp_path, a={"readme.txt": b"of a"}, b={"readme.txt": b"of b"})
    assert found == {"readme.txt": b"of a", "b/readme.txt": b"of b"}


def test_archives_in_archives(tmp_path):
    inner = make(tmp_path / "spNO.1.zip", {"spNO.1/a/color/1.jpg": b"1"}).read_bytes()
    twice = make(tmp_path / "more.zip", {"spNO.2.zip": make(tmp_path / "i.zip", {"spNO.2/1.jpg": b"2"}).read_bytes()})
    found = unpack_all(tmp_path, part_A={"part_A/spNO.1.zip": inner, "part_A/more.zip": twice.read_bytes()})
    assert found == {"part_A/spNO.1/a/color/1.jpg": b"1", "part_A/spNO.2/1.jpg": b"2"}


def test_what_lies_beside_the_archives_joins_them(tmp_path):
    source = tmp_path / "source"
    make(source / "Cropped.zip", {"Cropped/sub01/EP02/reg_img1.jpg": b"1"})
    (source / "labels").mkdir()
    (source / "labels" / "coding.xlsx").write_bytes(b"rows")
    (source / "coding.xlsx").write_bytes(b"rows")
    make(source / "RAW.zip", {"RAW/1.jpg": b"never unpacked, as RAW is there"})
    (source / "RAW").mkdir()
    (source / "RAW" / "1.jpg").write_bytes(b"unpacked")
    found = unpack_all(tmp_path)
    assert found == {"Cropped/sub01/EP02/reg_img1.jpg": b"1", "coding.xlsx": b"rows"}
    out = tmp_path / "out"
    assert (out / "labels" / "coding.xlsx").read_bytes() == b"rows"
    assert (out / "RAW").is_symlink()
    assert (out / "RAW" / "1.jpg").read_bytes() == b"unpacked"
