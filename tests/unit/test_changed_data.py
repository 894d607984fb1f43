"""What is noticed of a source that changed after results were made from it: every reader and every kind of source,
with every kind of change."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest

from mebench import cards, cli
from mebench.acquisition import comparing, inventory, read_contents, state
from mebench.acquisition.inventory import digest_of
from mebench.acquisition.record import ArchiveFile, SourceRecord
from mebench.acquisition.scan import scan
from mebench.doctor import copies
from mebench.errors import UserError
from mebench.files import file_digest, read_json, write_json
from mebench.plan import Plan
from mebench.plan.code import CodeDigests
from mebench.plan.data_state import DataStates
from mebench.training.rows import data_digest
from mebench.watch import dryrun

# labels and one frame of each reader, as in the layout of its card
LAYOUTS = {
    "casme": (["casme.xls"], "Section A/sub01/EP01_12/EP01_12-1.jpg"),
    "casme2": (["CASME2-coding-20140508.xlsx"], "Cropped/sub01/EP02_01f/reg_img46.jpg"),
    "casme3": (["annotation/cas(me)3_part_A_v2.xls"], "part_A/spNO.1/a/color/12.jpg"),
    "casme3_long": (["annotation/cas(me)3_part_A_v2.xls"], "part_A/spNO.1/a/color/1.jpg"),
    "casme_sq": (["CAS(ME)^2code_final.xlsx", "naming_rule1.xlsx"], "rawpic/s15/15_0101disgustingteeth/img1.jpg"),
    "flow_images": (["manifest.csv"], "images/sub01_0.png"),
    "mmew": (["MMEW_Micro_Exp.xlsx"], "Micro_Expression/others/S01-02-001/1.jpg"),
    "samm": (["SAMM_Micro_FACS_Codes_v2.xlsx"], "006/006_1_2/006_05562.jpg"),
    "samm_long": (["SAMM_LongVideos_V3_Release.xlsx"], "SAMM_longvideos/006_1/006_1_0001.jpg"),
    "smic": ([], "HS/s01/micro/negative/s01_ne_01/reg_image000001.bmp"),
    "smic_long": (["SMIC_long_HS.xlsx"], "HS_long/s01/s01_ne_01/image000001.jpg"),
    "smic_nir": ([], "NIR/s11/micro/negative/s11_ne_01/reg_image000001.bmp"),
    "smic_vis": ([], "VIS/s11/micro/negative/s11_ne_01/reg_image000001.bmp"),
}
EARLIER = 1_700_000_000  # seconds: when the files of a source were written


def test_every_reader_has_a_layout_here():
    assert LAYOUTS.keys() == set(cards.names("datasets"))


@dataclass(frozen=True)
class Source:
    """A source that results were made from; ``read`` is the frame that an input was made from."""

    looking: state.Looking
    root: Path
    labels: list[Path]
    read: Path

    def look(self) -> state.SourceState:
        return state.look(self.looking)


def write(path: Path, content: bytes = b"abc") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (EARLIER, EARLIER))
    return path


def make(tmp_path: Path, dataset: str = "casme2", **about: object) -> Source:
    """A tiny source in the layout of a reader: two clips of three frames, of which the first frame was read."""
    labels, frame = LAYOUTS[dataset]
    root, folder = tmp_path / "copy", tmp_path / "results/sources" / dataset
    books = [write(root / name) for name in labels]
    first = root / frame
    clips = [first.parent, first.parent.with_name(first.parent.name + "2")]
    for clip in clips:
        for number in (1, 2, 3):
            write(clip / (first.name if number == 1 else f"{number}{first.suffix}"), b"frame")
    record = SourceRecord(dataset, "folder", "folder", str(root), str(root))
    keep(folder, record)
    part = {"frames": {frame: file_digest(first)[:32]}}
    write_json(tmp_path / f"results/inputs/{dataset}/tvl1/parts/a.json", part)
    looking = state.Looking(dataset, str(root), {}, folder, **about)
    return Source(looking, root, books, first)


def keep(folder: Path, record: SourceRecord, name: str = "") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    state.keep(folder / "source.json", record, {}, name)
    write_json(folder / "source.json", record.record())


def edit(path: Path, keep_time: bool = False) -> None:
    """Another content of the same size."""
    about = path.stat()
    path.write_bytes(bytes(byte ^ 1 for byte in path.read_bytes()))
    if keep_time:
        os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))


def touch_all(source: Source) -> None:
    for path in source.root.rglob("*"):
        os.utime(path)


def leave_rubbish(source: Source) -> None:
    for name in ("Thumbs.db", ".DS_Store", "desktop.ini", "~$labels.xlsx", "@eaDir/x.jpg", "__MACOSX/y.jpg"):
        write(source.read.parent / name)
    (source.root / "nowhere.jpg").symlink_to("nothing")


def copy_again(source: Source) -> None:
    shutil.copytree(source.root, source.root.with_name("other"))
    shutil.rmtree(source.root)
    source.root.with_name("other").rename(source.root)


NOTICED: dict[str, Callable[[Source], object]] = {
    "labels edited, same size and time": lambda source: [edit(book, keep_time=True) for book in source.labels],
    "labels edited": lambda source: [book.write_bytes(b"other labels") for book in source.labels],
    "labels gone": lambda source: [book.unlink() for book in source.labels],
    "frame that was read, same size": lambda source: edit(source.read),
    "frame of another size": lambda source: source.read.with_name(f"3{source.read.suffix}").write_bytes(b"another"),
    "frame gone": lambda source: source.read.with_name(f"3{source.read.suffix}").unlink(),
    "frame new": lambda source: write(source.read.with_name(f"9{source.read.suffix}")),
    "clip gone": lambda source: shutil.rmtree(source.read.parent),
    "clip new": lambda source: shutil.copytree(source.read.parent, source.read.parent.with_name("new")),
    "clip renamed": lambda source: source.read.parent.rename(source.read.parent.with_name("renamed")),
}
NOTICED["frame that nothing was made from"] = lambda source: edit(source.read.with_name(f"2{source.read.suffix}"))
HARMLESS: dict[str, Callable[[Source], object]] = {
    "nothing": lambda source: None,
    "all touched": touch_all,
    "copied again": copy_again,
    "left by programs": leave_rubbish,
    "an empty folder": lambda source: (source.root / "empty").mkdir(),
    "a time in the future": lambda source: os.utime(source.read, (4_000_000_000, 4_000_000_000)),
}


def test_a_large_source_knows_no_content_of_a_frame_that_nothing_was_made_from(tmp_path, monkeypatch):
    monkeypatch.setattr(inventory, "ALL_BYTES", 10)
    source = make(tmp_path)
    first = source.look()
    edit(source.read.with_name("2.jpg"))
    assert source.look() == first  # no result depends on it
    edit(source.read)
    assert source.look().kind == "changed"


def every_file_and_a_sample() -> list[tuple[str, int]]:
    """Each reader with all files listed; two with a sample."""
    return [*((dataset, 500_000) for dataset in LAYOUTS), ("casme3", 3), ("smic", 3)]


@pytest.mark.parametrize("change", NOTICED)
@pytest.mark.parametrize(("dataset", "limit"), every_file_and_a_sample())
def test_noticed(dataset, limit, change, tmp_path, monkeypatch):
    monkeypatch.setattr(inventory, "LIMIT", limit)
    source = make(tmp_path, dataset)
    assert source.look().kind == "same"
    before = source.look().state
    NOTICED[change](source)
    if change.startswith("labels") and not source.labels:
        assert source.look().kind == "same"  # the folders are the labels
        return
    if change.endswith("nothing was made from") and limit == 3:
        assert source.look().kind == "same"  # its content was never known
        return
    changed = source.look()
    assert changed.kind == "changed"
    assert changed.state != before
    assert str(source.root) in changed.sentence
    keep(source.looking.folder, replace(state._record(source.looking)), changed.state)  # the next fetch
    (tmp_path / f"results/inputs/{dataset}/tvl1/parts/a.json").unlink()
    assert source.look() == state.SourceState(changed.state, "same")


@pytest.mark.parametrize("change", HARMLESS)
@pytest.mark.parametrize(("dataset", "limit"), every_file_and_a_sample())
def test_harmless(dataset, limit, change, tmp_path, monkeypatch):
    monkeypatch.setattr(inventory, "LIMIT", limit)
    source = make(tmp_path, dataset)
    before = source.look()
    HARMLESS[change](source)
    assert source.look() == before == state.SourceState(before.state, "same")
    monkeypatch.setattr(comparing, "digests", lambda paths: read.extend(paths) or real(paths))
    read, real = [], read_contents.digests
    assert source.look() == before
    assert set(read) <= set(source.labels)  # no content is read a second time


def test_the_sentence_names_what_changed(tmp_path):
    source = make(tmp_path)
    edit(source.labels[0])
    source.read.with_name("2.jpg").unlink()
    assert source.look().sentence == (
        f"casme2: {source.labels[0]} has another content, {source.read.with_name('2.jpg')} is gone since the results "
        "were made from it; what depends on it is made again"
    )


# --- kinds of source -------------------------------------------------------------------------------------------------


def made(tmp_path: Path, kind: str) -> tuple[SourceRecord, str]:
    """The record of a source of one kind, ready, and what the configuration names."""
    data, copy = tmp_path / "results/sources/casme2/data", tmp_path / "copy"
    if kind == "folder":
        write(copy / "sub01/a.jpg")
        return SourceRecord("casme2", kind, kind, str(copy), str(copy)), str(copy)
    write(data / "sub01/a.jpg")
    if kind in ("synthetic", "url"):
        name = kind if kind == "synthetic" else "https://example.org/casme2.zip"
        return SourceRecord("casme2", kind, kind, name, str(data)), name
    packed = write(copy / "Cropped.zip", b"packed")
    archives = (ArchiveFile("Cropped.zip", 6, file_digest(packed)),)
    source = str(packed if kind == "archive" else copy)
    if kind == "archives":
        write(copy / "labels.xlsx")
    return SourceRecord("casme2", kind, "archive", source, str(data), archives=archives), source


KINDS = {
    "folder": ["copy/sub01/a.jpg"],
    "archive": ["copy/Cropped.zip", "results/sources/casme2/data/sub01/a.jpg"],
    "archives": ["copy/Cropped.zip", "copy/labels.xlsx", "results/sources/casme2/data/sub01/a.jpg"],
    "url": ["results/sources/casme2/data/sub01/a.jpg"],
    "synthetic": ["results/sources/casme2/data/sub01/a.jpg"],
}


@pytest.mark.parametrize(("kind", "file"), [(kind, file) for kind, files in KINDS.items() for file in files])
def test_kinds_of_source(kind, file, tmp_path):
    record, source = made(tmp_path, kind)
    folder = tmp_path / "results/sources/casme2"
    keep(folder, record)
    looking = state.Looking("casme2", source, {}, folder)
    frames = (
        {"sub01/a.jpg": file_digest(tmp_path / "results/sources/casme2/data/sub01/a.jpg")} if "data" in file else {}
    )
    frames |= {"sub01/a.jpg": file_digest(tmp_path / file)} if kind == "folder" else {}
    write_json(tmp_path / "results/inputs/casme2/tvl1/parts/a.json", {"frames": frames})
    first = state.look(looking)
    assert first.kind == "same"
    assert first.state == state.recorded(looking)
    os.utime(tmp_path / file)
    assert state.look(looking) == first
    edit(tmp_path / file)
    assert state.look(looking).kind == "changed"
    edit(tmp_path / file)  # as it was
    assert state.look(looking) == first
    (tmp_path / file).write_bytes(b"longer than before")
    assert state.look(looking).kind == "changed"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("empty", [False, True], ids=["gone", "an empty folder"])
def test_a_source_that_is_not_there_changes_nothing(kind, empty, tmp_path):
    record, source = made(tmp_path, kind)
    folder = tmp_path / "results/sources/casme2"
    keep(folder, record)
    looking = state.Looking("casme2", source, {}, folder)
    first = state.look(looking)
    shutil.rmtree(folder / "data" if kind in ("url", "synthetic") else tmp_path / "copy")
    if empty:
        Path(record.root if kind in ("url", "synthetic", "folder") else tmp_path / "copy").mkdir(parents=True)
    gone = state.look(looking)
    assert gone.kind == "gone"
    assert gone.state == state.recorded(looking)
    assert "is not there, so that nobody can see whether it changed" in gone.sentence
    assert first.kind == "same"


def test_another_generator_or_address_is_another_source(tmp_path):
    for kind, other in (("synthetic", {"seed": 1}), ("url", {})):
        record, source = made(tmp_path / kind, kind)
        folder = tmp_path / kind / "results/sources/casme2"
        keep(folder, record)
        looking = state.Looking("casme2", source, {}, folder)
        assert state.look(looking).kind == "same"
        asked = replace(looking, options=other, source=source if other else "https://example.org/new.zip")
        assert state.look(asked).sentence.startswith("casme2: the configuration names another source")
    assert state.look(replace(looking, source="https://me:secret@example.org/casme2.zip?token=1")).kind == "same"


def test_pictures_that_a_manifest_names_by_their_whole_path(tmp_path):
    source = make(tmp_path, "flow_images")
    picture = write(tmp_path / "elsewhere/a.png", b"picture")
    write(tmp_path / "elsewhere/no-part-of-it.png")
    state.keep_elsewhere(source.looking.folder / "source.json", [picture])
    part = {"frames": {picture.as_posix(): file_digest(picture)[:32]}}
    write_json(tmp_path / "results/inputs/flow_images/apex_flow-28/parts/a.json", part)
    first = source.look()
    assert first.kind == "same"
    os.utime(picture)
    write(tmp_path / "elsewhere/another.png")
    assert source.look() == first
    edit(picture)
    assert str(picture) in source.look().sentence
    picture.unlink()
    assert "is gone" in source.look().sentence


def test_what_a_sample_sees_and_what_it_does_not(tmp_path, monkeypatch):
    monkeypatch.setattr(inventory, "LIMIT", 3)
    monkeypatch.setattr(inventory, "PER_FOLDER", 1)
    source = make(tmp_path, "casme3")
    first = source.look()
    edit(source.read)  # of the same size, and not in the sample
    assert source.look() == first
    assert str(source.read) in state.verify(source.looking).sentence
    assert source.look().kind == "changed"
    edit(source.read)
    assert source.look() == first
    other = write(source.read.with_name("new.tmp"), bytes(byte ^ 1 for byte in source.read.read_bytes()))
    other.replace(source.read)  # as programs save: the folder has another time, and what was read of it is read again
    assert source.look().kind == "changed"


# --- what is known of contents ---------------------------------------------------------------------------------------


@pytest.fixture
def large(monkeypatch):
    """No content is kept but that of labels."""
    monkeypatch.setattr(inventory, "ALL_FILES", 0)


@pytest.mark.usefixtures("large")
def test_a_part_that_does_not_say_what_it_read_makes_every_frame_count(tmp_path):
    source = make(tmp_path)
    os.utime(source.read.with_name("2.jpg"))
    write_json(tmp_path / "results/inputs/casme2/frames-64/parts/old.json", {"fingerprint": "a"})
    assert "2.jpg has another content" in source.look().sentence


@pytest.mark.usefixtures("large")
def test_parts_of_different_age_are_no_knowledge(tmp_path):
    source = make(tmp_path)
    frame = source.read.relative_to(source.root).as_posix()
    write_json(tmp_path / "results/faces/casme2/parts/b.json", {"frames": {frame: "0" * 32}})
    assert source.look().kind == "same"
    os.utime(source.read)
    assert source.look().kind == "changed"


@pytest.mark.usefixtures("large")
def test_an_index_made_from_frames_depends_on_all_of_them(tmp_path):
    source = make(tmp_path, frames_indexed=True)
    os.utime(source.read.with_name("2.jpg"))
    assert source.look().kind == "changed"


def test_a_file_that_was_new_when_the_inventory_was_taken_is_read(tmp_path):
    source = make(tmp_path)
    os.utime(source.read)  # now
    keep(source.looking.folder, state._record(source.looking))
    edit(source.read, keep_time=True)  # in the same tick of a coarse clock
    assert source.look().kind == "changed"


def test_no_inventory_or_a_damaged_one_is_no_knowledge(tmp_path):
    source = make(tmp_path)
    path = source.looking.folder / inventory.NAME
    whole = path.read_bytes()
    for damaged in (whole[:30], b"", b"text", whole[:-4] + b"abcd"):
        path.write_bytes(damaged)
        assert source.look().kind == "changed"
    path.unlink()
    assert source.look().kind == "changed"
    assert state.recorded(source.looking) == ""
    (source.looking.folder / "source.json").unlink()
    assert source.look().kind == "new"
    assert source.look().sentence == ""


def test_where_results_cannot_be_written_the_look_is_the_same(tmp_path, monkeypatch):
    source = make(tmp_path)
    first = source.look()
    touch_all(source)
    monkeypatch.setattr(inventory, "write", lambda path, taken: (_ for _ in ()).throw(OSError("read-only")))
    assert source.look() == first


def test_a_folder_that_cannot_be_read_changes_nothing(tmp_path, monkeypatch):
    source = make(tmp_path)
    first = source.look()

    def refuse(*args, **others):
        raise UserError("cannot read /copy: Permission denied")

    monkeypatch.setattr(inventory, "scan", refuse)
    unread = source.look()
    assert (unread.kind, unread.state) == ("unread", first.state)
    assert "Permission denied" in unread.sentence


def test_a_source_that_nobody_may_read_changes_nothing(tmp_path, monkeypatch):
    source = make(tmp_path)
    first, real = source.look(), os.scandir

    def refuse(path):
        if str(path) == str(source.root):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", refuse)
    unread = source.look()
    assert (unread.kind, unread.state) == ("unread", first.state)
    assert f"cannot read {source.root}: Permission denied" in unread.sentence


def test_a_damaged_source_json_is_made_again(tmp_path):
    source = make(tmp_path)
    first = source.look().state
    for text in ("{", '{"root": "x", "unknown": 1}'):
        (source.looking.folder / "source.json").write_text(text)
        assert source.look().state != first


# --- the state -------------------------------------------------------------------------------------------------------


def test_fetch_by_hand_keeps_the_state_of_what_did_not_change(tmp_path):
    source = make(tmp_path)
    record, first = state._record(source.looking), source.look().state
    touch_all(source)
    keep(source.looking.folder, record)
    assert source.look().state == first
    edit(source.read)
    keep(source.looking.folder, record)
    second = source.look()
    assert second.kind == "changed" or second.state != first


def test_a_source_that_changes_after_snakemake_looked_gets_another_state(tmp_path):
    source = make(tmp_path)
    first = source.look().state
    edit(source.labels[0])
    keep(source.looking.folder, state._record(source.looking), first)  # --forcerun fetch
    assert source.look().state != first


def test_links_are_followed_once(tmp_path):
    write(tmp_path / "disk/sub02/a.jpg")
    write(tmp_path / "copy/sub01/a.jpg")
    (tmp_path / "copy/sub02").symlink_to(tmp_path / "disk/sub02")
    (tmp_path / "disk/sub02/back").symlink_to(tmp_path / "copy")
    (tmp_path / "copy/itself").symlink_to("itself")
    seen = [name for name, _, files in scan(tmp_path / "copy") if files]
    assert {"sub01/", "sub02/"} <= set(seen)
    assert len(seen) < 8
    assert [name for name, _, files in scan(tmp_path / "copy", follow=False) if files] == ["sub01/"]


@pytest.mark.parametrize("limit", [500_000, 2])
def test_results_that_lie_in_the_source_are_no_part_of_it(limit, tmp_path, monkeypatch):
    monkeypatch.setattr(inventory, "LIMIT", limit)
    source = make(tmp_path)
    shutil.move(tmp_path / "results", source.root / "results")
    looking = replace(source.looking, folder=source.root / "results/sources/casme2")
    keep(looking.folder, state._record(looking))
    first = state.look(looking)
    write(source.root / "results/tables/casme2-3.csv")
    assert state.look(looking) == first
    write(source.root / "results2/a.csv")
    assert state.look(looking).kind == "changed"


def test_names_that_are_not_utf8(tmp_path):
    source = make(tmp_path)
    write(source.root / os.fsdecode(b"caf\xe9/\xb2.jpg"))
    keep(source.looking.folder, state._record(source.looking))
    assert source.look().kind == "same"
    (source.root / os.fsdecode(b"caf\xe9/\xb2.jpg")).unlink()
    assert "\\xb2.jpg is gone" in source.look().sentence


# --- mebench verify --------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("large")
def test_verify_reads_what_results_were_made_from(tmp_path, monkeypatch, capsys):
    source = make(tmp_path)
    monkeypatch.chdir(tmp_path)
    Path("config.yaml").write_text(f"datasets:\n  casme2: {{source: {source.root}}}\ntasks: [casme2-3]\n")
    assert cli.main(["verify"]) == 0
    assert capsys.readouterr().out == (
        "casme2: 2 files were read, and all are what the results were made from; 5 others were not, because no result "
        "depends on their content\n"
    )
    edit(source.read, keep_time=True)
    assert source.look().kind == "same"  # size and time are as before
    assert cli.main(["verify", "casme2", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)[0]["changed"] == {str(source.read): "other content"}
    assert source.look().kind == "changed"  # the next start knows
    edit(source.read)
    assert source.look().kind == "same"  # mended
    assert cli.main(["verify", "samm"]) == 2
    shutil.rmtree(source.root)
    assert cli.main(["verify"]) == 2
    assert "is not there" in capsys.readouterr().err


def test_doctor_says_what_changed_and_writes_nothing(tmp_path):
    source = make(tmp_path)
    path = source.looking.folder / inventory.NAME
    before = path.read_bytes()
    look = partial(copies.changed, "casme2", {"source": str(source.root)}, tmp_path / "results")
    assert look(full=False) == ""
    touch_all(source)
    assert look(full=False) == ""
    edit(source.labels[0])
    assert "has another content" in look(full=False)
    assert path.read_bytes() == before
    assert "1 are not what the results were made from" in look(full=True)
    assert copies.changed("samm", {"source": str(source.root)}, tmp_path / "results", full=True) == ""


def test_a_start_looks_at_half_a_million_files_by_size_and_time_alone(tmp_path, monkeypatch):
    """No content of a picture is read, and no more than names where there are too many."""
    source = make(tmp_path)
    monkeypatch.setattr(
        comparing,
        "digests",
        lambda paths: pytest.fail(str(paths)) if set(paths) - set(source.labels) else read_contents.digests(paths),
    )
    assert source.look().kind == "same"
    taken = inventory.read(source.looking.folder / inventory.NAME)
    assert taken.every
    assert taken.count == 7
    held = taken.folders[f"source/{source.read.parent.relative_to(source.root)}/"]
    assert held.digest == digest_of(held.files)
    assert len(held.files) == 3
    assert time.time_ns() > held.time > 0
    assert read_json(source.looking.folder / "source.json")["kind"] == "folder"


# --- what the rules are given ----------------------------------------------------------------------------------------


def plan_of(tmp_path: Path, source: Source, **more: str) -> Plan:
    entry = {"source": str(source.root), **more}
    return Plan({"results": str(tmp_path / "results"), "datasets": {"casme2": entry}, "tasks": ["casme2-3"]})


def test_jobs_take_what_was_recorded_and_look_at_nothing(tmp_path, monkeypatch):
    source, said = make(tmp_path), []
    recorded = state.recorded(source.looking)
    edit(source.labels[0])
    plan = plan_of(tmp_path, source)
    job = DataStates(plan, look=False, say=said.append)
    with monkeypatch.context() as patch:
        patch.setattr(state, "look", lambda looking: pytest.fail("a job looked at the source"))
        assert job.name("casme2") == recorded
    main = DataStates(plan, say=said.append)
    assert main.name("casme2") == main.name("casme2") != recorded
    assert [sentence.partition(": ")[0] for sentence in said] == ["casme2"]


def test_landmarks_are_known_by_their_content(tmp_path):
    source, said = make(tmp_path), []
    assert DataStates(plan_of(tmp_path, source)).landmarks("casme2") == "none"
    file = write(tmp_path / "landmarks.csv", b"clip_id,x0")
    plan = plan_of(tmp_path, source, landmarks=str(file))
    first = DataStates(plan).landmarks("casme2")
    os.utime(file)
    assert DataStates(plan).landmarks("casme2") == first == f"landmarks-{file_digest(file)[:16]}"
    write_json(tmp_path / "results/faces/casme2/meta.json", {"landmarks": file_digest(file)[:16]})
    edit(file, keep_time=True)
    assert DataStates(plan).landmarks("casme2") != first
    assert DataStates(plan).changed("casme2")
    assert "have another content since the faces were made with them" in DataStates(plan).sentences("casme2")[0]
    file.unlink()
    data = DataStates(plan, say=said.append)
    assert data.landmarks("casme2") == first
    assert data.name("casme2") == state.recorded(source.looking)
    assert said == [f"casme2: the landmarks {file} are not there; the faces that were made with them stay as they are"]


def test_a_reader_of_ones_own_is_part_of_what_the_index_depends_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    reader = write(tmp_path / "datasets/mine.py", b"CARD = {}\n")
    before = CodeDigests().index("mine")
    os.utime(reader)
    assert CodeDigests().index("mine") == before
    reader.write_bytes(b"CARD = {'title': 'Mine'}\n")
    assert CodeDigests().index("mine") != before


def test_explain_calls_states_by_what_they_are():
    text = "before: 'data-0123456789abcdef', 'landmarks-0123456789abcdef' now: 'data-fedcba9876543210'"
    assert dryrun.parameters(text) == ["the files that it is made from changed"]


def test_folds_depend_on_the_arrays_of_their_own_clips_alone(tmp_path):
    """A clip that a task leaves out may change: no fold of the task is trained again."""
    rows = [{"clip_id": "a", "emotion": "happiness"}]

    def with_arrays(arrays: dict[str, str] | None, digest: str = "1") -> str:
        write_json(tmp_path / "meta.json", {"kind": "tvl1", "digest": digest} | ({"arrays": arrays} if arrays else {}))
        return data_digest(rows, [tmp_path])

    assert with_arrays({"a": "1", "b": "2"}) == with_arrays({"a": "1", "b": "3"}, "2") == with_arrays({"a": "1"})
    assert with_arrays({"a": "1"}) != with_arrays({"a": "2"})
    assert with_arrays(None) != with_arrays(None, "2")  # an input of an earlier version
