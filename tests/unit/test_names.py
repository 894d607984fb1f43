"""Names of files as owners deliver them: every reader understands them or quotes one, and none has to be UTF-8."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess

import pytest
from bad import fails
from hypothesis import given
from hypothesis import strategies as st
from image_files import pillow
from test_bad_copies import ALL, TREES, skeleton
from test_pictures import grey_picture

from mebench import cards, cli, files, names
from mebench.clips.clip import read_clips
from mebench.clips.reading import Reading
from mebench.errors import UserError
from mebench.files import read_csv, read_json, write_csv, write_json, write_text
from mebench.indexing.read import read
from mebench.synthetic import generate

GBK = os.fsdecode("数据".encode("gbk"))  # as Linux unpacks it

# how a frame's number is written, and its suffix
UNDERSTOOD = {
    "renamed by Windows": "img ({n}).jpg",
    "of how many": "img{n}of9999999999.jpg",
    "tif": "reg_img{n}.tif",
    "TIFF": "reg_img{n}.TIFF",
    "webp": "{n:07d}.webp",
    "renamed tif": "a ({n}).tiff",
    "mixed case": "IMG{n}.JpG",
    "not UTF-8": GBK + "{n}.jpg",
    "other scripts": "フレーム {n}.png",
    "one folder deeper": "frames/{n}.jpg",
}
NOT_UNDERSTOOD = {
    "behind the number": "reg_img{n}_face.jpg",
    "another format": "img{n}.heic",
    "copies alone": "img{n} (1).jpg",
    "not UTF-8": "img{n}" + GBK + ".jpg",
    "folders of their own": "f{n}/{n}.jpg",
    "no suffix": "img{n}",
}


@pytest.fixture(scope="module")
def long_smic(tmp_path_factory):
    """Its workbook gives clips by formulas, so that it is generated."""
    folder = tmp_path_factory.mktemp("smic_long")
    generate.write("smic_long", folder / "data", folder / "truth", subjects=2, clips=1, seed=0, size="brief")
    return folder / "data"


@pytest.fixture(params=[*ALL, "smic_long"])
def delivered(request, tmp_path):
    """(dataset, root, folders of frames)."""
    root = tmp_path / "root"
    if request.param == "smic_long":
        shutil.copytree(request.getfixturevalue("long_smic"), root)
        return request.param, root, sorted({path.parent for path in root.rglob("image*")})
    skeleton(request.param, root)
    return request.param, root, [root / TREES[request.param][0]]


def renamed(folders, pattern):
    """Frames called by ``pattern``; those of one folder stay in it."""
    for folder in folders:
        for path in sorted(folder.iterdir()):
            number = int(re.search(r"(\d+)$", path.stem)[1])
            new = folder / pattern.format(n=number)
            new.parent.mkdir(exist_ok=True)
            path.rename(new)


def test_every_dataset_of_frames_is_in_the_matrix():
    of_frames = {name for name in cards.names("datasets") if cards.card("datasets", name)["delivers"] != "pictures"}
    assert of_frames == {*ALL, "smic_long"}


def numbers(reading: Reading):
    return [(clip.clip_id, clip.onset, clip.apex, clip.offset) for clip in reading.clips]


def test_every_reader_understands_the_names_that_are_met(delivered, tmp_path):
    dataset, root, folders = delivered
    right = numbers(read(dataset, root))
    assert right
    relative = [folder.relative_to(root) for folder in folders]
    for number, (case, pattern) in enumerate(UNDERSTOOD.items()):
        copy = tmp_path / f"copy{number}"
        shutil.copytree(root, copy)
        renamed([copy / place for place in relative], pattern)
        reading = read(dataset, copy)
        assert (case, numbers(reading)) == (case, right)
        assert not any("not understood" in text for clip in reading.clips for text in clip.repairs)


def test_every_reader_quotes_a_name_that_it_does_not_understand(delivered, tmp_path):
    dataset, root, folders = delivered
    relative = [folder.relative_to(root) for folder in folders]
    for number, (case, pattern) in enumerate(NOT_UNDERSTOOD.items()):
        copy = tmp_path / f"copy{number}"
        shutil.copytree(root, copy)
        renamed([copy / place for place in relative], pattern)
        first = sorted(path.name for path in (copy / relative[0]).iterdir())[0]
        try:
            told = "; ".join(reason for _, reason in read(dataset, copy).dropped)
        except UserError as error:
            told = str(error)
        assert (case, f"such as {first}" in told) == (case, True), told


@pytest.mark.parametrize("where", ["above the frames", "beside them", "the root", "the folder of results"])
def test_folders_that_are_not_utf8(capsys, monkeypatch, delivered, tmp_path, where):
    dataset, root, _ = delivered
    right = read(dataset, root)
    out = tmp_path / "out"
    if where == "above the frames":
        place = right.clips[0].frames.partition("/")[0]
        (root / GBK).mkdir()
        (root / place).rename(root / GBK / place)
    elif where == "beside them":
        shutil.copytree(root / right.clips[0].frames, root / GBK / "raw")
    elif where == "the root":
        root = root.rename(tmp_path / GBK)
    else:
        out = tmp_path / GBK
    assert cli.main(["fetch", dataset, "--source", str(root), "--out", str(out / "source.json")]) == 0
    words = ["--root", out / "source.json", "--out", out / "clips.csv", "--accept", "counts", "edition"]
    assert cli.main(["index", dataset, *map(str, words)]) == 0
    assert numbers(Reading(read_clips(out / "clips.csv"))) == numbers(right)
    for clip in read_clips(out / "clips.csv"):
        assert (root / clip.frames).is_dir()
    assert read_json(out / "source.json")["root"] == root.as_posix()
    for path in ("report.md", "source.json", "decisions.json"):
        (out / path).read_bytes().decode()
    told = capsys.readouterr()
    told.out.encode(), told.err.encode()
    config = tmp_path / "config.yaml"
    config.write_text(json.dumps({"datasets": {dataset: {"source": "X"}}}).replace("X", "${SOURCE}"), encoding="utf-8")
    monkeypatch.setenv("SOURCE", str(root))
    cli.main(["doctor", "--config", str(config)])
    page = capsys.readouterr().out.encode().decode()
    assert "its reader stops" not in page
    assert names.readable(str(root)) in page.replace("\n", "")


@pytest.mark.parametrize("inputs", ["tvl1", "frames-32", "lbp_top-32"])
def test_frames_in_folders_that_are_not_utf8_become_inputs_and_faces(casme2, tmp_path, inputs):
    (casme2 / "Cropped").rename(casme2 / GBK)
    out = tmp_path / GBK
    words = ["--root", str(casme2)]
    assert cli.main(["index", "casme2", *words, "--out", str(out / "clips.csv")]) == 0
    words += ["--clips", str(out / "clips.csv")]
    assert cli.main(["inputs", "casme2", inputs, *words, "--out", str(out / "input")]) == 0
    rows = read_csv(out / "input" / "index.csv")
    assert {row["status"] for row in rows} == {"ok"}


def test_flow_pictures_whose_names_are_not_utf8_keep_an_id_that_every_file_holds(tmp_path):
    folder = tmp_path / "data" / "sub01" / "u_test" / "0"
    folder.mkdir(parents=True)
    (folder / f"{GBK}.tif").write_bytes(pillow(grey_picture(), "TIFF"))
    (folder.parent / "1").mkdir()
    (folder.parent / "1" / "x1.heic").touch()
    reading = read("flow_images", tmp_path / "data")
    (clip,) = reading.clips
    assert clip.clip_id == r"casme2/sub01/\xca\xfd\xbe\xdd"
    assert (tmp_path / "data" / clip.frames).is_file()
    assert reading.dropped == [("sub01/u_test/1", "none of its 1 files is a picture by its name, such as x1.heic")]


def test_a_bad_frame_whose_name_is_not_utf8_is_named_by_its_bytes(capsys, casme2, tmp_path):
    clip = sorted((casme2 / "Cropped" / "Cropped" / "sub01").iterdir())[0]
    for path in clip.iterdir():
        path.rename(path.with_name(path.name.replace("reg_img", GBK)))
    assert cli.main(["index", "casme2", "--root", str(casme2), "--out", str(tmp_path / "clips.csv")]) == 0
    (first, *_) = [one for one in read_clips(tmp_path / "clips.csv") if one.frames.endswith(clip.name)]
    (clip / f"{GBK}{first.onset}.jpg").write_bytes(b"hello")
    words = [
        "inputs",
        "casme2",
        "tvl1",
        "--root",
        casme2,
        "--clips",
        tmp_path / "clips.csv",
        "--out",
        tmp_path / "tvl1",
    ]
    fails(capsys, *words, "--out", tmp_path / "tvl1", says=[rf"\xca\xfd\xbe\xdd{first.onset}.jpg", "cannot be read"])


@given(st.binary(min_size=1, max_size=12).filter(lambda raw: b"\0" not in raw))
def test_any_bytes_survive_every_form_on_disk(tmp_path_factory, raw):
    folder, name = tmp_path_factory.mktemp("n"), os.fsdecode(raw)
    write_json(folder / "a.json", {"name": name})
    assert read_json(folder / "a.json") == {"name": name}
    json.loads((folder / "a.json").read_bytes().decode())  # any program can read it
    write_csv(folder / "a.csv", ["name", "n"], [{"name": name, "n": 1}])
    assert os.fsencode(name) in (folder / "a.csv").read_bytes() or set(raw) & set(b'"')
    if not set(raw) & set(b"\r\n"):  # a line end in a name is quoted, and read as one
        assert read_csv(folder / "a.csv", file_names=True)[0]["name"] == name
    write_text(folder / "a.md", name)
    assert (folder / "a.md").read_bytes().decode() == names.readable(name)
    assert len(files.digest(name)) == 64
    assert names.readable(names.readable(name)) == names.readable(name)


@given(st.text(max_size=20))
def test_names_in_utf8_stay_as_they_are(text):
    plain = text.encode("utf-8", "ignore").decode()
    assert names.readable(plain) == plain
    assert names.escaped(plain) == plain


@pytest.mark.parametrize("name", [GBK, "a'b", "new\nline", "$HOME", "back\\slash", f"{GBK}'\\x"])
def test_a_name_is_one_word_of_a_command(name):
    word = names.shell_word(name)
    word.encode()  # a log holds it
    done = subprocess.run(["bash", "-c", f"printf %s {word}"], capture_output=True, check=True)
    assert os.fsdecode(done.stdout) == name


def test_stand_ins_are_generated_in_folders_that_are_not_utf8(tmp_path):
    for dataset in ("smic", "flow_images"):
        generate.write(dataset, tmp_path / GBK / dataset, tmp_path / GBK / "truth", subjects=2, clips=1, seed=0)
        generate.write(dataset, tmp_path / "a" / dataset, tmp_path / "a" / "truth", subjects=2, clips=1, seed=0)
        one, two = (sorted((tmp_path / place / dataset).rglob("*.*")) for place in (GBK, "a"))
        assert [path.read_bytes() for path in one if path.is_file()] == [p.read_bytes() for p in two if p.is_file()]


def test_a_project_in_a_folder_that_is_not_utf8_is_told_at_once(monkeypatch, tmp_path):
    names.check_working_folder()
    (tmp_path / GBK).mkdir()
    monkeypatch.chdir(tmp_path / GBK)
    with pytest.raises(UserError, match=r"whose name is not UTF-8; rename the folder"):
        names.check_working_folder()
