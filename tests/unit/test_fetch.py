"""What fetch makes of folders and archives, and the digest of a folder's listing."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zipfile
from pathlib import Path

import pytest
from bad import fails

from mebench import cards, cli
from mebench.acquisition.listing import folder_digest
from mebench.errors import UserError
from mebench.synthetic import generate


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("source")
    generate.write("casme2", folder / "data", folder / "truth", subjects=2, clips=2, seed=0)
    return folder / "data"


@pytest.fixture
def delivered(source, tmp_path):
    """CASME II as its owner delivers it: a workbook and a zip of the frames, whose top folder is Cropped."""
    folder = tmp_path / "delivered ä"
    folder.mkdir()
    for path in source.iterdir():
        if path.is_file():
            shutil.copy(path, folder)
    shutil.make_archive(str(folder / "Cropped"), "zip", source, "Cropped")
    return folder


def fetch(dataset: str, source: object, out: Path, **options: object) -> dict:
    words = ["fetch", dataset, "--source", str(source), "--out", str(out), "--options", json.dumps(options)]
    assert cli.main(words) == 0
    return json.loads(out.read_text())


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def clip_ids(root: object) -> list[str]:
    from mebench.acquisition.origin import data_root

    return [clip.clip_id for clip in cards.load("datasets", "casme2").read(data_root(Path(root))).clips]


# ------------------------------------------------------------------------------------------------ folders


def test_a_folder_is_read_where_it_is(source, tmp_path):
    record = fetch("casme2", source, tmp_path / "s" / "source.json")
    assert (record["kind"], record["root"], record["archives"]) == ("folder", source.as_posix(), [])
    assert record["digest"] == folder_digest(source)
    assert sorted(p.name for p in (tmp_path / "s").iterdir()) == ["inventory.gz", "source.json"]


def test_archives_in_a_folder_are_unpacked_beside_its_workbook(delivered, source, tmp_path):
    out = tmp_path / "s" / "source.json"
    record = fetch("casme2", delivered, out)
    assert (record["kind"], record["origin"]) == ("archives", "archive")
    archive = delivered / "Cropped.zip"
    assert record["archives"] == [{"file": "Cropped.zip", "bytes": archive.stat().st_size, "sha256": sha256(archive)}]
    assert clip_ids(out) == clip_ids(source)
    assert fetch("casme2", delivered, out) == record


def test_archives_beside_what_was_unpacked_already_are_left_alone(delivered, source, tmp_path):
    shutil.copytree(source / "Cropped", delivered / "frames" / "Cropped")
    record = fetch("casme2", delivered, tmp_path / "s" / "source.json")
    assert (record["kind"], record["root"]) == ("folder", delivered.as_posix())
    assert not (tmp_path / "s" / "data").exists()


def test_a_damaged_archive_among_several_leaves_what_was_there(delivered, tmp_path, capsys):
    out = tmp_path / "s" / "source.json"
    fetch("casme2", delivered, out)
    before = clip_ids(out)
    (delivered / "RAW.zip").write_bytes((delivered / "Cropped.zip").read_bytes()[:4000])
    fails(capsys, "fetch", "casme2", "--source", delivered, "--out", out, says=["cannot unpack", "RAW.zip"])
    assert clip_ids(out) == before
    assert sorted(p.name for p in out.parent.iterdir()) == ["data", "inventory.gz", "source.json"]


def test_a_home_folder_in_the_configuration_is_found(monkeypatch):
    from mebench.config.schema import checked

    monkeypatch.setenv("HOME", "/home/me")
    config = checked({"datasets": {"smic": {"source": "~/SMIC"}, "samm": {"source": "https://host/~me/SAMM.zip"}}})
    assert [entry["source"] for entry in config["datasets"].values()] == ["/home/me/SMIC", "https://host/~me/SAMM.zip"]


# ------------------------------------------------------------------------------------------------ checksums


def test_the_checksum_of_an_archive(delivered, tmp_path, capsys):
    archive, out = delivered / "Cropped.zip", tmp_path / "s" / "source.json"
    assert fetch("casme2", archive, out, sha256=sha256(archive).upper())["archives"][0]["sha256"] == sha256(archive)
    assert fetch("casme2", delivered, out, sha256=sha256(archive))["kind"] == "archives"
    shutil.rmtree(tmp_path / "s")
    words = ["fetch", "casme2", "--out", out, "--options", json.dumps({"sha256": "ab" * 32}), "--source"]
    for source in (archive, delivered):
        fails(capsys, *words, source, says=[sha256(archive), "ab" * 32, "Cropped.zip", "nothing was unpacked"])
    assert not out.parent.exists()


def test_a_checksum_of_what_is_no_archive(delivered, source, tmp_path, capsys):
    words = [
        "fetch",
        "casme2",
        "--out",
        tmp_path / "s.json",
        "--options",
        json.dumps({"sha256": "ab" * 32}),
        "--source",
    ]
    fails(capsys, *words, source, says=["cannot be checked", "remove the key"])
    fails(capsys, *words, "synthetic", says=["its source is synthetic", "remove the key"])
    shutil.copy(delivered / "Cropped.zip", delivered / "RAW.zip")
    fails(capsys, *words, delivered, says=["holds 2 archives or volumes", "remove the key"])


# ------------------------------------------------------------------------------------------------ trouble


def test_a_full_disk_leaves_nothing(delivered, tmp_path, capsys, monkeypatch):
    import errno

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    from mebench.acquisition import members

    monkeypatch.setattr(members.Progress, "advance", full)
    out = tmp_path / "s" / "source.json"
    fails(capsys, "fetch", "casme2", "--source", delivered, "--out", out, says=["cannot write", "No space left"])
    assert list((tmp_path / "s").iterdir()) == []


def test_an_archive_that_may_not_be_read(delivered, tmp_path, capsys, monkeypatch):
    from mebench.acquisition import fetch

    def denied(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(fetch, "file_digest", denied)
    fails(capsys, "fetch", "casme2", "--source", delivered / "Cropped.zip", "--out", tmp_path / "s.json",
          says=["cannot read", "Cropped.zip", "Permission denied"])  # fmt: skip


def test_a_workbook_is_no_source(delivered, tmp_path, capsys):
    workbook = next(delivered.glob("*.xlsx"))
    fails(capsys, "fetch", "casme2", "--source", workbook, "--out", tmp_path / "s.json", says="is no folder or archive")


def test_an_empty_folder_is_no_source(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    fails(capsys, "fetch", "casme2", "--source", tmp_path / "empty", "--out", tmp_path / "s.json", says="is empty")


# ------------------------------------------------------------------------------------------------ the listing


@pytest.fixture
def listed(tmp_path):
    for name in ("a/1.jpg", "a/2.jpg", "b/ü 1.jpg", "c.xlsx"):
        path = tmp_path / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return tmp_path / "root"


def test_every_name_and_size_counts(listed):
    digests = [folder_digest(listed)]
    (listed / "a" / "1.jpg").write_bytes(b"xx")
    digests.append(folder_digest(listed))
    (listed / "a" / "2.jpg").rename(listed / "b" / "2.jpg")
    digests.append(folder_digest(listed))
    (listed / "c.xlsx").unlink()
    digests.append(folder_digest(listed))
    assert len(set(digests)) == 4


def test_hidden_files_and_dangling_links_do_not_count(listed):
    before = folder_digest(listed)
    (listed / ".DS_Store").touch()
    (listed / "a" / "gone").symlink_to("nowhere")
    assert folder_digest(listed) == before


def test_a_copy_has_the_same_digest(listed, tmp_path):
    shutil.copytree(listed, tmp_path / "copy")
    assert folder_digest(tmp_path / "copy") == folder_digest(listed)


def test_links_are_followed_but_not_in_circles(listed, tmp_path):
    shutil.move(listed / "a", tmp_path / "elsewhere")
    before = folder_digest(listed)
    (listed / "a").symlink_to(tmp_path / "elsewhere")
    assert folder_digest(listed) != before
    (listed / "b" / "up").symlink_to(listed, target_is_directory=True)
    (listed / "b" / "self").symlink_to("self")
    (tmp_path / "elsewhere" / "here").symlink_to(".")
    assert len(folder_digest(listed)) == 64


def test_a_folder_that_may_not_be_read(listed, monkeypatch):
    scandir = os.scandir

    def guarded(path):
        if str(path).endswith("/b"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    with pytest.raises(UserError, match=r"cannot read .*/b: Permission denied"):
        folder_digest(listed)


def test_one_zip_without_a_workbook_still_is_what_the_reader_complains_about(delivered, tmp_path, capsys):
    out = tmp_path / "s" / "source.json"
    assert zipfile.is_zipfile(delivered / "Cropped.zip")
    fetch("casme2", delivered / "Cropped.zip", out)
    fails(capsys, "index", "casme2", "--root", out, "--out", tmp_path / "c.csv", says="no coding workbook")
