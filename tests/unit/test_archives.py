"""Archives are unpacked whole, or not at all and never outside of their folder."""

from __future__ import annotations

import base64
import io
import os
import shutil
import stat
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from packed import KINDS, contents, make

from mebench.acquisition import archives, members
from mebench.errors import UserError

TREE = {"Cropped/sub01/EP 01/reg_img1.jpg": b"1" * 3000, "Cropped/sub01/EP 01/reg_img2.jpg": b"2",
        "läs mig/日本.txt": b"text"}  # fmt: skip


def tar_of(path: Path, *members: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w") as file:
        for member in members:
            file.addfile(member, io.BytesIO(bytes(member.size)))
    return path


def entry(name: str, kind: bytes = tarfile.REGTYPE, target: str = "", size: int = 0) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, target, size
    return info


@pytest.fixture
def empty(tmp_path):
    """An empty folder two levels down, with nothing beside it that an archive could have written."""
    (tmp_path / "deep" / "er" / "data").mkdir(parents=True)
    return tmp_path / "deep" / "er" / "data"


def refused(archive: Path, folder: Path, *says: str) -> None:
    with pytest.raises(UserError) as caught:
        archives.unpack(archive, folder)
    for part in says:
        assert part in str(caught.value)
    assert "\n" not in str(caught.value)
    inside = {p for p in folder.parents[1].rglob("*") if not p.is_relative_to(folder)}
    assert inside == {folder.parent}, "something was written outside of the folder"


# ------------------------------------------------------------------------------------------------ whole


@pytest.mark.parametrize("suffix", KINDS)
def test_what_was_packed_is_unpacked(tmp_path, empty, suffix):
    archives.unpack(make(tmp_path / f"a{suffix}", TREE), empty)
    assert contents(empty) == TREE


@pytest.mark.parametrize("suffix", [".zip", ".tar.gz"])
def test_the_kind_is_told_by_the_bytes_not_by_the_name(tmp_path, empty, suffix):
    archives.unpack(make(tmp_path / "a.rar", TREE, suffix), empty)
    assert contents(empty) == TREE


def test_separators_of_windows_and_resource_forks_of_mac_os(tmp_path, empty):
    make(tmp_path / "a.zip", {r"Cropped\sub01\1.jpg": b"1", "__MACOSX/Cropped/sub01/._1.jpg": b"fork"})
    with zipfile.ZipFile(tmp_path / "a.zip") as file:
        assert r"Cropped\sub01\1.jpg" in file.namelist()
    archives.unpack(tmp_path / "a.zip", empty)
    assert contents(empty) == {"Cropped/sub01/1.jpg": b"1"}


def test_links_within_the_archive_are_kept(tmp_path, empty):
    members = [entry("a/x", size=3), entry("a/hard", tarfile.LNKTYPE, "a/x"), entry("soft", tarfile.SYMTYPE, "a/x")]
    archives.unpack(tar_of(tmp_path / "a.tar", *members), empty)
    assert contents(empty) == dict.fromkeys(("a/x", "a/hard", "soft"), bytes(3))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        info = zipfile.ZipInfo("soft2")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(info, "x")
        file.writestr("x", "data")
    archives.unpack(tmp_path / "a.zip", empty)
    assert (empty / "soft2").is_symlink()
    assert (empty / "soft2").read_text() == "data"


# ------------------------------------------------------------------------------------------------ leading out


OUTWARDS = ["../evil", "a/../../evil", "../../../evil", "/evil", "C:\\evil"]


@pytest.mark.parametrize(
    ("suffix", "name"),
    # in a tar a backslash is a letter like any other
    [(".zip", "..\\evil"), *((suffix, name) for suffix in (".zip", ".tar", ".tar.gz") for name in OUTWARDS)],
)
def test_paths_that_lead_out(tmp_path, empty, suffix, name):
    archive = make(tmp_path / f"bad{suffix}", {"good.txt": b"x", name: b"x"})
    refused(archive, empty, "leads out of the folder", f"bad{suffix}")
    assert not Path("/evil").exists()


@pytest.mark.parametrize("target", ["../out", "/tmp", "a/../../out"])
def test_links_that_lead_out(tmp_path, empty, target):
    refused(tar_of(tmp_path / "soft.tar", entry("evil", tarfile.SYMTYPE, target)), empty, "leads out", "evil")
    refused(tar_of(tmp_path / "hard.tar", entry("evil2", tarfile.LNKTYPE, target)), empty, "leads out")
    with zipfile.ZipFile(tmp_path / "soft.zip", "w") as file:
        info = zipfile.ZipInfo("evil3")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(info, target)
    refused(tmp_path / "soft.zip", empty, "leads out", "evil3")


def test_nothing_is_written_through_a_link(tmp_path, empty):
    (tmp_path / "victim").mkdir()
    members = [entry("door", tarfile.SYMTYPE, str(tmp_path / "victim")), entry("door/evil", size=4)]
    refused(tar_of(tmp_path / "a.tar", *members), empty, "door", "both as a file and as a folder")
    assert list((tmp_path / "victim").iterdir()) == []


def test_a_link_that_a_later_link_turns_outwards(tmp_path, empty):
    # x/b does not exist yet when x/a is made, and a/../.. seems to stay inside
    members = [entry("p", tarfile.DIRTYPE), entry("x", tarfile.DIRTYPE), entry("x/a", tarfile.SYMTYPE, "b/../.."),
               entry("x/b", tarfile.SYMTYPE, "../p")]  # fmt: skip
    refused(tar_of(tmp_path / "a.tar", *members), empty, "leads out", "x/a")


def test_links_too_deep_to_be_followed_lead_nowhere(tmp_path, empty):
    """Through a path longer than the system can follow, tarfile's data filter of Python 3.11.7 writes outside
    (CVE-2025-4517); here files are written before any link is there."""
    folder, steps, place, entries = "d" * 247, "abcdefghijklmnop", "", []
    for step in steps:
        entries += [entry(f"{place}{folder}", tarfile.DIRTYPE), entry(f"{place}{step}", tarfile.SYMTYPE, folder)]
        place += f"{folder}/"
    long = f"{'/'.join(steps)}/{'l' * 254}"
    entries += [entry(long, tarfile.SYMTYPE, "../" * len(steps)),
                entry("escape", tarfile.SYMTYPE, f"{long}/../outside"), entry("escape/planted", size=3)]  # fmt: skip
    refused(tar_of(tmp_path / "a.tar", *entries), empty, "both as a file and as a folder")


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_devices_and_pipes(tmp_path, empty, kind):
    refused(tar_of(tmp_path / "a.tar", entry("sub01/device", kind)), empty, "device or pipe sub01/device")


def test_a_hard_link_to_what_the_archive_does_not_hold(tmp_path, empty):
    refused(tar_of(tmp_path / "a.tar", entry("x", tarfile.LNKTYPE, "passwd")), empty, "passwd", "does not hold")


def test_a_name_that_is_both_file_and_folder(tmp_path, empty):
    refused(make(tmp_path / "a.zip", {"a": b"1", "a/b": b"2"}), empty, "a/b both as a file and as a folder")


# ------------------------------------------------------------------------------------------------ damaged


@pytest.mark.parametrize("suffix", KINDS)
@pytest.mark.parametrize("share", [0.3, 0.8])
def test_cut_short(tmp_path, empty, suffix, share):
    rubbish = {f"sub01/{i}.jpg": os.urandom(2000) for i in range(20)}
    archive = make(tmp_path / f"a{suffix}", rubbish)
    archive.write_bytes(archive.read_bytes()[: int(archive.stat().st_size * share)])
    refused(archive, empty, "cannot unpack", archive.name, "get a fresh copy")


def test_a_tar_that_is_cut_between_two_members(tmp_path, empty):
    archive = make(tmp_path / "a.tar", {f"{i}.jpg": bytes(512) for i in range(4)})
    archive.write_bytes(archive.read_bytes()[: 2 * 1024])  # two members of header and one block, nothing else
    refused(archive, empty, "cut short", "the mark of its end is missing")


@pytest.mark.parametrize("suffix", [".zip", ".tar.gz", ".tar.bz2", ".tar.xz"])
def test_a_changed_byte(tmp_path, empty, suffix):
    archive = make(tmp_path / f"a{suffix}", {"sub01/1.jpg": os.urandom(5000)})
    data = bytearray(archive.read_bytes())
    data[2000] ^= 0xFF
    archive.write_bytes(data)
    refused(archive, empty, "cannot unpack", "damaged")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "the file is empty"),
        (b"hello", "no zip, tar, 7z or rar archive"),
        (b"\n<!DOCTYPE html><html>log in", "a web page; was it saved from a page that asks for a login?"),
    ],
)
def test_what_is_no_archive(tmp_path, empty, data, says):
    (tmp_path / "a.zip").write_bytes(data)
    refused(tmp_path / "a.zip", empty, says)


def test_an_empty_archive(tmp_path, empty):
    refused(make(tmp_path / "a.zip", {}), empty, "a.zip is empty")


def patched(archive: Path, local: int, central: int, value: int) -> None:
    """Set two bytes at these offsets of every header of a zip archive."""
    data = bytearray(archive.read_bytes())
    for mark, offset in ((b"PK\x03\x04", local), (b"PK\x01\x02", central)):
        at = data.find(mark)
        while at >= 0:
            data[at + offset : at + offset + 2] = value.to_bytes(2, "little")
            at = data.find(mark, at + 4)
    archive.write_bytes(data)


def test_a_zip_with_a_password(tmp_path, empty):
    patched(make(tmp_path / "a.zip", TREE), 6, 8, 1)
    refused(tmp_path / "a.zip", empty, "protected by a password")


def test_a_zip_that_python_cannot_read_names_the_program_that_can(tmp_path, empty, monkeypatch):
    patched(make(tmp_path / "a.zip", TREE), 8, 10, 9)  # Deflate64
    monkeypatch.setenv("PATH", str(tmp_path))
    refused(tmp_path / "a.zip", empty, "Deflate64", "install 7zip")


def test_no_room_on_the_disk(tmp_path, empty, monkeypatch):
    monkeypatch.setattr(members.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 8, 2))
    refused(make(tmp_path / "a.zip", TREE), empty, "GiB are free on the disk of", str(empty.parent))


# ------------------------------------------------------------------------------------------------ other programs


# made by 7-Zip 26.02 of the file a/b.txt that holds 'hello'; with the password 'secret' on the file, and on the list
# too; with a link a/evil to /etc/passwd
SEVEN = {
    "good": "N3q8ryccAARKATjuQwAAAAAAAAAgAAAAAAAAAG3o+ogBAARoZWxsbwAAAIEzB64P4OxyY2LTejR4Zaj6VcxzqN/ldRyFArIR"
    "Lz7VkSQsEpAPw5+JG5d4jgY4QZfJiup03zAAFwYJAQk6AAcLAQABIwMBAQVdABAAAAxGCgG+ZQ4fAAA=",
    "password": "N3q8ryccAAQ2Xe4QcAAAAAAAAAAgAAAAAAAAAKm5W1BkfYbO7MSUwTiixzjTxKnPAACBMweuD87ysgwHsMPa919FiphIS"
    "vkANTEyd8fCwHOfLbmYOl3sZWh26AMvq9pxVUrwkdZrGXwGe3Wt2D8Wk8LJUY0uIsfpsJeYF2huno/90R0e3cIioNqnYR7aoFwAFwYQAQlg"
    "AAcLAQABIwMBAQVdABAAAAxiCgEkIfarAAA=",
    "hidden": "N3q8ryccAAQznouncAAAAAAAAAA7AAAAAAAAAK/sEYzKFZsFqqOGE5gmBHRqI2a4PpGeFCR1QPapJ/VwrYmEPu/JiXnTFSdh"
    "viz/8Nx6WzHqSlVuRLKk9EIKPKCP01LKZ5fb1+hPrM3QXaTG+vm45D3bG/7RWVxXVHSnrS8QKhDT6s8v5+uM+CIQ8Xs+GODdFwYQAQlgAAcL"
    "AQACJAbxBwESUw8v3rxNciRRkT7IyGevuwe0IwMBAQVdABAAAAEADGBiCgFB9GZQAAA=",
    "link": "N3q8ryccAASCEKhkcAAAAAAAAAAgAAAAAAAAAPzYEHYBAA9oZWxsby9ldGMvcGFzc3dkAAAAgTMHrg/PObAMB8hDf0Gx+v3i"
    "+3npbTyNWZiO8tuaVW12gPuezp6nk6wUjfZu23uN9hQxbx+vvxDIVT0EqUn72w/aeLHmO9uute7QhiAUOqle45HxbTYAAAAAFwYUAQlcAAcL"
    "AQABIwMBAQVdABAAAAxmCgEhWaSEAAA=",
}


@pytest.fixture(params=("7zz", "7z", "7za", "unar", "bsdtar"))
def program(request, tmp_path, monkeypatch):
    """One real program at a time, of those that are installed."""
    if not shutil.which(request.param):
        pytest.skip(f"{request.param} is not installed")
    (tmp_path / "bin").mkdir()
    for name in (request.param, *(["lsar"] if request.param == "unar" else [])):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}")
    return request.param


@pytest.mark.parametrize("name", SEVEN)
def test_7z_by_a_real_program(tmp_path, empty, program, name):
    archive = tmp_path / f"{name} ä.7z"
    archive.write_bytes(base64.b64decode(SEVEN[name]))
    if name == "good":
        archives.unpack(archive, empty)
        assert contents(empty) == {"a/b.txt": b"hello"}
    elif name == "hidden" and program == "unar":
        refused(archive, empty, "cannot unpack")  # unar does not say why
    else:
        refused(archive, empty, "holds the link a/evil" if name == "link" else "protected by a password")


def test_a_damaged_7z_by_a_real_program(tmp_path, empty, program):
    (tmp_path / "a.7z").write_bytes(base64.b64decode(SEVEN["good"])[:90])
    refused(tmp_path / "a.7z", empty, "cannot unpack", "a.7z", "get a fresh copy")


LISTED = "Path = {}\nSize = 5\nAttributes = {}\nEncrypted = {}\n\n"


def fake(folder: Path, name: str, listing: str, work: str = "", code: int = 0) -> None:
    """A program that prints ``listing`` when asked for a list, and runs the Python code ``work`` when asked to unpack;
    ``F`` is the folder it is given."""
    folder.mkdir(exist_ok=True)
    script = f"""#!{sys.executable}
import os, sys
if sys.argv[1] in ("l", "lt"):
    print({listing!r})
    sys.exit({code})
F = next((word[2:] for word in sys.argv if word.startswith("-o/")), sys.argv[-1])
os.chdir(F)
{work}
"""
    (folder / name).write_text(script)
    (folder / name).chmod(0o755)


@pytest.fixture
def rar(tmp_path, monkeypatch):
    """A file that begins like a rar archive, and a PATH with nothing but ``bin``."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "a.rar").write_bytes(b"Rar!\x1a\x07\x01\x00 and so on")
    return tmp_path / "a.rar"


def test_no_program_names_what_to_install(rar, tmp_path, empty):
    refused(rar, empty, "cannot unpack", "install unrar or unar", "unpack it yourself")
    (tmp_path / "a.7z").write_bytes(base64.b64decode(SEVEN["good"]))
    refused(tmp_path / "a.7z", empty, "install 7zip")


def test_a_program_is_trusted_with_nothing(rar, tmp_path, empty):
    listing, bin_ = LISTED.format("a/b.txt", "A -rw-r--r--", "-"), tmp_path / "bin"
    fake(bin_, "7zz", listing, "os.mkdir('a'); open('a/b.txt', 'w').write('hello')")
    archives.unpack(rar, empty)
    assert contents(empty) == {"a/b.txt": b"hello"}
    shutil.rmtree(empty / "a")
    evil = "open('../evil', 'w').write('x')"
    for name, mode, protected, says in (
        ("../evil", "A -rw-r--r--", "-", "leads out of the folder"),
        ("a/../../evil", "A", "-", "leads out of the folder"),
        ("/evil", "A", "-", "leads out of the folder"),
        ("..\\evil", "A", "-", "leads out of the folder"),
        ("evil", "A lrwxrwxrwx", "-", "holds the link evil"),
        ("evil", "A -rw-r--r--", "+", "protected by a password"),
    ):
        fake(bin_, "7zz", listing + LISTED.format(name, mode, protected), evil)
        refused(rar, empty, says)


def test_what_a_program_unpacked_is_looked_at(rar, tmp_path, empty):
    listing = LISTED.format("a.txt", "A -rw-r--r--", "-")
    fake(tmp_path / "bin", "7zz", listing, "os.symlink('/etc/passwd', 'a.txt')")
    refused(rar, empty, "leads out of the folder")
    (empty / "a.txt").unlink()
    fake(tmp_path / "bin", "7zz", listing, "os.mkfifo('a.txt')")
    refused(rar, empty, "device or pipe")


def test_unrar_takes_over_from_a_7z_that_knows_no_rar(rar, tmp_path, empty):
    block = "\n        Name: {}\n        Type: {}\n        Size: 5\n       Flags: {}\n"
    bin_, work = tmp_path / "bin", "open('b.txt', 'w').write('hello')"
    fake(bin_, "7z", "ERROR: cannot open the file as archive", code=2)
    fake(bin_, "unrar", "Archive: a.rar\nDetails: RAR 5\n" + block.format("b.txt", "File", ""), work)
    archives.unpack(rar, empty)
    assert contents(empty) == {"b.txt": b"hello"}
    fake(bin_, "unrar", block.format("b.txt", "Unix symbolic link", ""), work)
    refused(rar, empty, "holds the link b.txt")
    fake(bin_, "unrar", block.format("b.txt", "File", "encrypted"), work)
    refused(rar, empty, "protected by a password")
    fake(bin_, "unrar", "", work, code=3)
    refused(rar, empty, "7z, unrar cannot read")
