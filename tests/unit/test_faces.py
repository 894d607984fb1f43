"""Faces: what is found, what is recorded where nothing is, and where the crops by landmarks lie."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from mebench import cli, formats
from mebench.clips.clip import Clip
from mebench.config import input_names
from mebench.errors import UserError
from mebench.faces import detect, doubt, landmarks, sheet, store
from mebench.files import read_csv, read_json, write_csv, write_json
from mebench.inputs import store as input_store
from mebench.inputs import tvl1
from mebench.media import clip_reader, crops
from mebench.media.unavailable import Unavailable

EYES = np.array([[203.0, 101.0], [247.0, 103.0]])  # of the astronaut, as the synthetic faces place them
NAMES = ("EP01_01f", "EP02_02", "EP03_03f")


@pytest.fixture(scope="module")
def astronaut():
    from skimage import data

    return data.astronaut()


@pytest.fixture(scope="module")
def grey(astronaut):
    return cv2.cvtColor(astronaut, cv2.COLOR_RGB2GRAY)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, astronaut):
    """Two subjects of CASME II's kind with three clips each; one clip shows no face."""
    root = tmp_path_factory.mktemp("faces") / "dä ta"
    clips = []
    for s, subject in enumerate(("sub01", "sub02")):
        for c, name in enumerate(NAMES):
            face = np.roll(astronaut[20:240, 110:340], 4 * c + s, axis=1)
            frames = root / subject / name
            frames.mkdir(parents=True)
            for number in (7, 8, 9):  # the face moves to the right
                picture = np.roll(face, number - 7, axis=1)
                if (s, c) == (1, 1):
                    picture = np.random.default_rng(number).integers(80, 90, face.shape, dtype=np.uint8)
                cv2.imwrite(str(frames / f"img{number}.png"), picture[..., ::-1])
            clips.append(clip(f"{subject}/{name}", onset=7, apex=9))
    write_csv(root / "clips.csv", formats.CLIPS.names, clips)
    return root


def clip(name, onset, apex, frames=None):
    numbers = {"onset": onset, "apex": apex, "offset": apex, "fps": 200, "apex_source": "labelled"}
    subject = f"casme2/{name.split('/')[0]}"
    about = {"clip_id": f"casme2/{name}", "dataset": "casme2", "subject": subject, "frames": frames or name}
    return dict.fromkeys(formats.CLIPS.names, "") | about | numbers


def run(root, out, *more, clips=None):
    words = ["faces", "casme2", "--clips", clips or root / "clips.csv", "--root", root, "--out", out, *more]
    return cli.main([str(word) for word in words])


def turned(picture, degrees, scale=1.0, shift=(0, 0)):
    """The picture rotated about the face, and the matrix of it."""
    matrix = cv2.getRotationMatrix2D((225, 122), degrees, scale)
    matrix[:, 2] += shift
    return cv2.warpAffine(picture, matrix, picture.shape[1::-1], borderMode=cv2.BORDER_REPLICATE), matrix


def eye_centres(points):
    return np.stack([points[36:42].mean(0), points[42:48].mean(0)])


def shape(centre=(100.0, 100.0), distance=40.0):
    """68 points of a level face with the eyes around ``centre``."""
    points = np.zeros((68, 2))
    points[:36] = (0, 0.5)
    points[36:42], points[42:48] = (-0.5, 0), (0.5, 0)
    points[48:] = (0, 1.1)
    return (points * distance + centre).astype(np.float32)


# ------------------------------------------------------------------------------------------------ detection


@pytest.mark.parametrize(("side", "enlarged"), [(192, 2), (256, 2), (512, 1), (900, 1)])
def test_the_face_is_found_at_any_size(grey, side, enlarged):
    picture = cv2.resize(grey, (side, side), interpolation=cv2.INTER_AREA)
    face = detect.find(picture)
    assert (face.faces, face.enlarged) == (1, enlarged)
    expected = EYES * side / 512
    distance = np.linalg.norm(expected[1] - expected[0])
    assert np.abs(eye_centres(detect.landmarks(picture, face)) - expected).max() < 0.07 * distance


@pytest.mark.parametrize("degrees", [-25, -10, 15, 25])
def test_landmarks_follow_a_tilted_head(grey, degrees):
    level = eye_centres(detect.landmarks(grey, detect.find(grey)))
    picture, matrix = turned(grey, degrees)
    face = detect.find(picture)
    expected = level @ matrix[:, :2].T + matrix[:, 2]
    assert np.abs(eye_centres(detect.landmarks(picture, face)) - expected).max() < 0.07 * 44


def test_of_two_faces_the_larger_is_taken(grey):
    larger, _ = turned(grey, 0, scale=1.4)
    for pair, left in (((grey, larger), False), ((larger, grey), True)):
        face = detect.find(np.hstack(pair))
        assert face.faces == 2
        assert (face.left < 512) == left


def test_folds_of_clothes_are_no_second_face(grey):
    """dlib answers with a second, larger box at 0.05 of the face's score."""
    picture, _ = turned(grey, -30)
    boxes, _, _ = detect.detector().run(picture, 0, 0.0)
    assert len(boxes) == 2
    face = detect.find(picture)
    assert face.faces == 1
    assert face.left < 225 < face.right


@pytest.mark.parametrize("size", [(480, 640), (5, 5), (1, 1)])
def test_a_blank_picture_holds_no_face(size):
    assert detect.find(np.full(size, 90, np.uint8)) is None


def test_frames_are_enlarged_to_a_limit_only(grey, monkeypatch):
    picture = cv2.resize(grey, (192, 192), interpolation=cv2.INTER_AREA)
    monkeypatch.setitem(detect.SETTINGS, "most_pixels", 4 * picture.size - 1)
    assert detect.find(picture) is None


# ------------------------------------------------------------------------------------------------ the verb


def test_a_clip_without_a_face_is_a_row_and_not_a_crash(folder, tmp_path, capsys):
    assert run(folder, tmp_path / "f") == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "casme2: casme2/sub02/EP02_02: no face is found in the onset frame 7 (230x220)"
    assert said[1].startswith("casme2: 6 clips, 5 faces detected, 0 from a file, 1 without a face; 0 with several")
    faces = store.load(tmp_path / "f")
    assert [face.status for face in faces.faces] == ["ok"] * 4 + ["no_face", "ok"]
    with pytest.raises(Unavailable, match="no face is found"):
        faces.landmarks("casme2/sub02/EP02_02")
    eyes = eye_centres(faces.landmarks("casme2/sub01/EP02_02"))
    np.testing.assert_allclose(eyes, EYES - [110 - 4, 20], atol=0.07 * 44)
    assert read_json(tmp_path / "f" / "meta.json")["counts"]["no_face"] == 1


def test_the_same_bytes_whatever_the_order_and_the_jobs(folder, tmp_path):
    rows = read_csv(folder / "clips.csv")
    write_csv(tmp_path / "back.csv", formats.CLIPS.names, rows[::-1])
    assert run(folder, tmp_path / "a") == 0
    assert run(folder, tmp_path / "b", "--jobs", 2, clips=tmp_path / "back.csv") == 0
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.*"))
    assert {path.name for path in files} >= {"faces.csv", "landmarks.npy", "meta.json", "sheet-1.png"}
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_finished_clips_are_not_done_again(folder, tmp_path, monkeypatch):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    find, asked = detect.find, []
    monkeypatch.setattr(detect, "find", lambda grey: asked.append(1) or find(grey))
    assert run(copy, tmp_path / "f") == 0
    assert len(asked) == 6
    before = (tmp_path / "f" / "meta.json").read_bytes()
    assert run(copy, tmp_path / "f") == 0
    assert len(asked) == 6
    assert (tmp_path / "f" / "meta.json").read_bytes() == before
    shutil.copy(copy / "sub01" / NAMES[0] / "img7.png", copy / "sub02" / "EP02_02" / "img7.png")
    clip_reader._frame_digest.cache_clear()  # a frame is read once per process
    assert run(copy, tmp_path / "f") == 0
    assert len(asked) == 7
    assert [face.status for face in store.load(tmp_path / "f").faces] == ["ok"] * 6


def test_clips_of_a_long_video_share_its_folder(folder, tmp_path):
    rows = [clip(f"sub01/{NAMES[0]}_{n}", n, n + 1, frames=f"sub01/{NAMES[0]}") for n in (7, 8)]
    write_csv(tmp_path / "clips.csv", formats.CLIPS.names, rows)
    assert run(folder, tmp_path / "f", clips=tmp_path / "clips.csv") == 0
    first, second = store.load(tmp_path / "f").points
    assert 0 < (second - first)[:, 0].mean() < 3  # the face moved to the right by a pixel


def test_onset_that_is_not_on_disk(folder, tmp_path, capsys):
    write_csv(tmp_path / "clips.csv", formats.CLIPS.names, [clip(f"sub01/{NAMES[0]}", 5, 9)])
    assert run(folder, tmp_path / "f", clips=tmp_path / "clips.csv") == 2
    assert "holds no onset frame 5 of the clip casme2/sub01/EP01_01f" in capsys.readouterr().err
    assert not (tmp_path / "f" / "meta.json").exists()


def test_flow_pictures_have_no_faces(tmp_path, capsys):
    (tmp_path / "clips.csv").write_text(",".join(formats.CLIPS.names) + "\n")
    words = ["faces", "flow_images", "--clips", tmp_path / "clips.csv", "--root", tmp_path, "--out", tmp_path / "f"]
    assert cli.main([str(word) for word in words]) == 2
    assert "flow_images delivers flow pictures" in capsys.readouterr().err


def test_without_dlib(folder, tmp_path, capsys, monkeypatch):
    detect.detector.cache_clear()
    monkeypatch.setitem(sys.modules, "dlib", None)
    assert run(folder, tmp_path / "f") == 2
    error = capsys.readouterr().err
    assert error.startswith("mebench faces: dlib cannot be imported")
    assert "install dlib-bin" in error
    rows = read_csv(folder / "clips.csv")
    write_landmarks(tmp_path / "all.csv", {row["clip_id"]: shape() for row in rows})
    assert run(folder, tmp_path / "f", "--landmarks", tmp_path / "all.csv") == 0  # nothing is left to detect


def test_without_the_predictor(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert run(folder, tmp_path / "f") == 2
    assert "68-point predictor of face_recognition_models is not installed" in capsys.readouterr().err


# ------------------------------------------------------------------------------------------------ landmarks of a file


def write_landmarks(path, points):
    rows = [
        {"clip_id": name, **{f"{axis}{i}": face[i, k] for i in range(68) for k, axis in enumerate("xy")}}
        for name, face in points.items()
    ]
    write_csv(path, landmarks.COLUMNS, rows)


def test_landmarks_of_a_file_replace_the_detection(folder, tmp_path, capsys):
    own = {"casme2/sub02/EP02_02": shape(), "casme2/sub01/EP01_01f": shape((90.5, 80.25))}
    write_landmarks(tmp_path / "own.csv", own)
    assert run(folder, tmp_path / "f", "--landmarks", tmp_path / "own.csv") == 0
    assert "4 faces detected, 2 from a file, 0 without a face" in capsys.readouterr().out
    faces = store.load(tmp_path / "f")
    assert {face.clip_id for face in faces.faces if face.source == "file"} == set(own)
    for name, points in own.items():
        np.testing.assert_array_equal(faces.landmarks(name), points)
    digests = {face.clip_id: faces.digest(face.clip_id) for face in faces.faces}
    own["casme2/sub02/EP02_02"][3] += 1
    write_landmarks(tmp_path / "own.csv", own)
    assert run(folder, tmp_path / "f", "--landmarks", tmp_path / "own.csv") == 0
    changed = store.load(tmp_path / "f")
    assert [name for name, digest in digests.items() if changed.digest(name) != digest] == ["casme2/sub02/EP02_02"]


def header(points=68):
    return ",".join(["clip_id", *(f"{axis}{i}" for i in range(points) for axis in "xy")])


def numbers(value="3.5", points=68):
    return ",".join([value] * 2 * points)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        (f"{header()}\n", "has a header but no rows"),
        (f"a,{numbers()}\nb,{numbers()}\n", "lacks the column clip_id"),
        (f"{header(49)}\na,{numbers(points=49)}\n", "the columns of 49 points, 68 are needed"),
        (f"{header(70)}\na,{numbers(points=70)}\n", "the columns of 70 points, 68 are needed"),
        (f"{header().replace(',y12,', ',z12,')}\na,{numbers()}\n", "lacks the column y12"),
        (f"{header()},note\na,{numbers()},x\n", "unknown column 'note'"),
        (f"{header()}\na,{numbers()},7\n", "line 2 has 138 fields, and the header has 137"),
        (f"{header()}\na,{numbers()}\nc,{numbers()}\n", "line 3: there is no clip 'c'"),
        (f"{header()}\na,{numbers()}\na,{numbers()}\n", "line 3 has the clip a twice"),
        (f"{header()}\na,{numbers()[:-3]}left\n", "line 2: y67 of a is 'left', not a number"),
        (f"{header()}\na,nan{numbers()[3:]}\n", "line 2: x0 of a is 'nan', not a number"),
    ],
)
def test_damaged_file_of_landmarks(tmp_path, text, says):
    (tmp_path / "own.csv").write_text(text)
    with pytest.raises(UserError, match=says):
        landmarks.read(tmp_path / "own.csv", {"a", "b"})


# ------------------------------------------------------------------------------------------------ doubts


def row(clip_id="a", **more):
    about = {"clip_id": clip_id, "status": "ok", "source": "detected", "frame": "640x480", "faces": 1, "enlarged": 1}
    about |= {"left": 50, "top": 50, "right": 149, "bottom": 149, "score": 1.0, "view": "front"}
    return store.face_from(dict.fromkeys(store.COLUMNS, "") | about | more)


def doubt_of(face, others=4, **about):
    """The doubt about ``face`` among others that are alike."""
    rows = [row(**about), *(row() for _ in range(others))]
    found = doubt.doubts(rows, np.stack([face, *(shape() for _ in range(others))]), ["s"] * len(rows))
    assert found[1:] == [""] * others
    return found[0]


def test_what_a_person_should_look_at():
    assert doubt_of(shape()) == ""
    assert doubt_of(shape(), faces=2) == "2 faces, the largest is taken"
    assert doubt_of(shape(), score=0.1) == "weak detection (0.10)"
    assert doubt_of(shape(), score=0.1, frame="190x150") == ""  # the face fills the frame
    assert doubt_of(shape(), view="tilted") == "a tilted face, but level landmarks"
    assert doubt_of(shape(distance=60)) == "side 143, the subject's median is 95"
    assert doubt_of(shape((300, 100))) == "not where the subject's other clips show the face"
    assert doubt_of(shape((100, 100))[:, ::-1]) == "the mouth is above the eyes, is the order of the points dlib's?"
    assert doubt_of(shape(), frame="640x130") == "20 of the landmarks outside the frame"
    assert "crop of 0 pixels" in doubt_of(np.zeros((68, 2), np.float32))


def test_a_subjects_only_clip_is_compared_with_the_dataset():
    points = np.stack([shape(distance=75), shape(), shape()])
    assert doubt.doubts([row()] * 3, points, ["a", "b", "c"]) == ["side 179, the dataset's median is 95", "", ""]
    points = np.stack([shape(distance=60), shape(), shape()])  # of two clips nobody knows which one is right
    assert doubt.doubts([row()] * 3, points, ["a", "a", "b"]) == ["", "", ""]


def test_clips_without_a_face_are_no_doubt_and_count_for_nothing():
    points = np.stack([np.full((68, 2), np.nan, np.float32), shape()])
    assert doubt.doubts([row(status="no_face"), row()], points, ["s", "s"]) == ["", ""]
    assert doubt.doubts([row(status="no_face")], points[:1], ["s"]) == [""]


# ------------------------------------------------------------------------------------------------ the store


def test_files_of_two_runs_are_not_taken_for_one(tmp_path):
    store.save(tmp_path, [row("b"), row("a")], np.stack([shape((1, 2)), shape()]), {})
    faces = store.load(tmp_path)
    np.testing.assert_array_equal(faces.landmarks("b"), shape((1, 2)))
    np.save(tmp_path / "landmarks.npy", np.stack([shape(), shape()]))
    with pytest.raises(UserError, match="is damaged"):
        store.load(tmp_path)
    (tmp_path / "landmarks.npy").write_bytes(b"")
    with pytest.raises(UserError, match="cannot read"):
        store.load(tmp_path)
    with pytest.raises(UserError, match="holds no face of c"):
        faces.landmarks("c")


# ------------------------------------------------------------------------------------------------ crops


def placed(points, matrix):
    return points @ matrix[:, :2].T + matrix[:, 2]


@pytest.mark.parametrize("degrees", [-20, 0, 33])
@pytest.mark.parametrize("scale", [0.6, 1, 2.5])
@pytest.mark.parametrize("size", [28, 128, 384])
def test_eyes_land_where_promised(degrees, scale, size):
    """Eye distance 0.42 S, eyes 0.36 S from the top (MSMMT, section 1), to the pixel that a whole side rounds away."""
    _, turn = turned(np.zeros((4, 4), np.uint8), degrees, scale, (7.3, -4.1))
    points = placed(shape((200.0, 150.0), 50.0), turn)
    matrix, side = crops.eyes(points)
    assert side == round(50 * scale / 0.42)
    eyes = (placed(eye_centres(points), matrix) + 0.5) / side * size  # distance from the crop's left and upper border
    expected = np.array([[0.5 - 0.21, 0.36], [0.5 + 0.21, 0.36]]) * size
    np.testing.assert_allclose(eyes, expected, atol=0.25 * size / side + 1e-3)


def test_pixels_land_where_their_landmarks_do(grey):
    picture, turn = turned(np.zeros((300, 400), np.uint8), 0)[0], turned(grey, 25)[1]
    points = placed(shape((200.0, 130.0), 60.0), turn)
    for x, y in eye_centres(points):
        cv2.circle(picture, (round(x * 16), round(y * 16)), 5 * 16, 255, -1, cv2.LINE_AA, 4)
    matrix, side = crops.eyes(points)
    crop = crops.fit(crops.warp(picture, matrix, side), 128).astype(float)
    for half, expected in ((crop[:, :64], 0.29), (crop[:, 64:], 0.71 - 0.5)):
        y, x = (np.sum(half * grid) / half.sum() + 0.5 for grid in np.indices(half.shape))
        assert abs(x - expected * 128) < 0.5
        assert abs(y - 0.36 * 128) < 0.5


def test_nose_square_is_slstts():
    """Facts, slstt 1.3: side (y8 - y19) + (y8 - y57), centred on point 30, bounds by floor."""
    points = shape()
    points[8], points[19], points[57], points[30] = (0, 170), (0, 60), (0, 141), (102, 98)
    picture = np.random.default_rng(0).integers(0, 255, (300, 300), dtype=np.uint8)
    matrix, side = crops.nose(points)
    assert side == 110 + 29
    # 102 - 69.5 = 32.5 and 98 - 69.5 = 28.5, by floor 32 and 28
    np.testing.assert_array_equal(crops.warp(picture, matrix, side), picture[28 : 28 + 139, 32 : 32 + 139])


def test_beyond_the_frame_its_border_is_repeated():
    points = shape()
    points[8], points[19], points[57], points[30] = (0, 170), (0, 60), (0, 141), (10, 98)
    picture = np.random.default_rng(0).integers(0, 255, (130, 300), dtype=np.uint8)
    matrix, side = crops.nose(points)
    expected = np.pad(picture, ((0, 40), (60, 0)), mode="edge")[28 : 28 + side, :side]
    np.testing.assert_array_equal(crops.warp(picture, matrix, side), expected)


def test_impossible_landmarks_have_no_crop():
    frame = np.zeros((100, 120), np.uint8)
    nowhere = np.full((68, 2), np.nan, np.float32)
    for points in (np.zeros((68, 2), np.float32), nowhere, shape(distance=-5)):
        with pytest.raises(Unavailable):
            crops.nose(points)
    for points in (np.zeros((68, 2), np.float32), nowhere, shape(distance=5)):
        with pytest.raises(Unavailable):
            crops.eyes(points)
    for points in (shape((60, 140)), shape((-20, 30)), shape((60, 40), 110)):
        with pytest.raises(Unavailable, match="in a frame of 120 x 100"):
            crops.refuse_beyond(frame, *crops.eyes(points))
    crops.refuse_beyond(frame, *crops.eyes(shape((60, 40))))


def test_all_frames_of_a_clip_are_cut_alike(grey):
    maker = tvl1.Input(input_names.parse("tvl1.eyes"), Path())
    maker.faces = SimpleNamespace(landmarks=lambda name: shape((225, 110)))
    moved = np.roll(grey, 3, axis=1)
    first, second = (maker.cut(Clip("a", "b", "c"), picture) for picture in (grey, moved))
    np.testing.assert_array_equal(second[:, 3:], first[:, :-3])  # level eyes: the motion stays what it was
    assert maker.cut(Clip("a", "b", "c"), grey, 28).shape == (28, 28)
    with pytest.raises(Unavailable, match="in a frame of 100 x 100"):
        maker.cut(Clip("a", "b", "c"), grey[:100, :100])
    assert maker.cut(Clip("a", "b", "c"), np.repeat(grey[..., None], 3, axis=2), 28).shape == (28, 28, 3)


@pytest.mark.parametrize("crop", ["eyes", "nose"])
def test_inputs_of_clips_with_and_without_a_face(folder, tmp_path, capsys, crop):
    assert run(folder, tmp_path / "f") == 0
    words = ["inputs", "casme2", f"tvl1.{crop}", "--clips", folder / "clips.csv", "--root", folder]
    words += ["--out", tmp_path / "i", "--faces", tmp_path / "f"]
    assert cli.main([str(word) for word in words]) == 0
    assert "tvl1." + crop + " of 5 of 6 clips" in capsys.readouterr().out
    made = input_store.load(tmp_path / "i")
    without = made.index["casme2/sub02/EP02_02"]
    assert (without["status"], without["reason"]) == ("no_face", "no face is found in the onset frame 7 (230x220)")
    for name in made.ids:
        u, v = made.get(name)
        assert u.shape == v.shape
        assert u.shape[0] == u.shape[1]
        assert abs(np.median(u) - 2) < 0.2  # two pixels in two frames
        assert abs(np.median(v)) < 0.2


# ------------------------------------------------------------------------------------------------ contact sheets


def tile(name, status="ok", doubtful=""):
    return sheet.Tile(row(name, status=status, doubt=doubtful), shape(), None, name)


def test_what_needs_a_look_comes_first():
    tiles = [tile("a"), tile("b", doubtful="x"), tile("c"), tile("d", status="no_face"), tile("e"), tile("f")]
    assert [t.label for t in sheet.chosen(tiles)] == ["d", "b", "a", "c", "e", "f"]
    assert [t.label for t in sheet.chosen(tiles, most=4)] == ["d", "b", "a", "e"]  # of the others an even choice
    assert [t.label for t in sheet.chosen(tiles, most=1)] == ["d"]


def test_pages_hold_sixty_clips_and_older_ones_are_removed(folder, tmp_path):
    rows = [clip(f"sub01/c{i:03d}", 7, 9, frames=f"sub01/{NAMES[i % 3]}") for i in range(61)]
    write_csv(tmp_path / "clips.csv", formats.CLIPS.names, rows)
    assert run(folder, tmp_path / "f", "--crop", "detected", clips=tmp_path / "clips.csv") == 0
    pages = read_json(tmp_path / "f" / "meta.json")["sheets"]
    assert pages == ["sheet-1.png", "sheet-2.png"]
    assert all((tmp_path / "f" / page).stat().st_size < 1_500_000 for page in pages)
    write_csv(tmp_path / "clips.csv", formats.CLIPS.names, rows[:2])
    assert run(folder, tmp_path / "f", clips=tmp_path / "clips.csv") == 0
    assert [path.name for path in (tmp_path / "f").glob("*.png")] == ["sheet-1.png"]


def colours(picture, colour):
    from PIL import ImageColor

    return (np.asarray(picture.convert("RGB")) == ImageColor.getrgb(colour)).all(-1)


def test_the_sheet_marks_doubt_absence_and_synthetic_data(folder, tmp_path):
    from PIL import Image

    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    write_landmarks(tmp_path / "own.csv", {"casme2/sub01/EP01_01f": shape((115, 80), 80)})  # as far apart as no eyes
    assert run(copy, tmp_path / "real", "--landmarks", tmp_path / "own.csv") == 0
    write_json(copy / "SYNTHETIC.json", {"dataset": "casme2"})
    assert run(copy, tmp_path / "made", "--landmarks", tmp_path / "own.csv") == 0
    real, made = (Image.open(tmp_path / name / "sheet-1.png") for name in ("real", "made"))
    assert colours(real, sheet.FAINT).sum() > 15_000  # the grey tile of the clip without a face
    assert colours(real, sheet.FRAME).sum() > 2_000  # the frame of the clip in doubt
    assert colours(real, sheet.FACE).sum() > 500  # landmarks
    assert not colours(real, sheet.VERMILLION).any()
    assert colours(made, sheet.VERMILLION).sum() > 100
    assert made.height - real.height == 22  # the line that says so
    job = SimpleNamespace(origin="synthetic", crop="provided")
    assert sheet._lines(job, [row()], 1)[0][0].startswith("SYNTHETIC DATA")
    assert "1 of 2 clips are shown" in sheet._lines(job, [row(), row()], 1)[-1][0]


def test_long_ids_lose_their_middle():
    shown = sheet._shortened("spNO.216/some_long_video_name/onset_002647", 150)
    assert sheet.font(12).getlength(shown) <= 150
    assert shown.startswith("spNO.216")
    assert shown.endswith("002647")
    assert sheet._shortened("sub01/EP02_01f", 150) == "sub01/EP02_01f"
