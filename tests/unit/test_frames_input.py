"""The input ``frames``: which frames of a clip are stored, and which of them a model sees."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mebench import cli
from mebench.clips.clip import Clip
from mebench.config import input_names
from mebench.errors import UserError
from mebench.files import read_csv
from mebench.inputs import frames, store
from mebench.synthetic import generate

SIZE = 16
WANTED = st.integers(1, 40)
COUNT = st.integers(1, 200)


def clip_of(folder, numbers, onset, apex, offset, shape=(20, 30)):
    """A clip of one-colour grey frames: frame n has the grey value n."""
    (folder / "v").mkdir()
    for number in numbers:
        cv2.imwrite(str(folder / "v" / f"img{number:03d}.png"), np.full(shape, number, np.uint8))
    return Clip("x/s/v", "x", "x/s", frames="v", onset=onset, apex=apex, offset=offset)


def make(folder, clip, name=f"frames-{SIZE}"):
    made = frames.Input(input_names.parse(name), folder).make(clip)
    return made.array, made.extras


# --- what is stored ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "repaired"),
    [
        ((10, 15, 20), (10, 15, 20)),
        ((10, 8, 20), (10, 10, 20)),  # apex before onset
        ((10, 15, 5), (10, 10, 10)),  # offset before onset: it becomes the onset, then the apex lies behind it
        ((10, 30, 20), (10, 15, 20)),  # apex behind offset: the middle
        ((10, 31, 21), (10, 15, 21)),  # rounded down
        ((10, 15, 90), (10, 15, 60)),  # at most 50 frames after the onset
        ((10, 80, 90), (10, 80, 60)),  # the apex is kept where it is
    ],
)
def test_labels_are_repaired_in_the_order_of_hsta(labels, repaired):
    """Facts, HSTA 1.1: a < o, f < o, a > f, then f = min(f, o + 50)."""
    assert frames.interval(*labels) == repaired


def test_all_frames_of_the_interval_are_stored_as_photographed(tmp_path):
    clip = clip_of(tmp_path, range(1, 31), 10, 14, 20)
    array, extras = make(tmp_path, clip)
    assert (array.shape, array.dtype) == ((11, 3, SIZE, SIZE), np.uint8)
    assert array[:, 0, 0, 0].tolist() == list(range(10, 21))
    assert (array == array[:, :1, :1, :1]).all()  # grey is replicated
    assert extras == {"onset_row": 0, "apex_row": 4, "frames": 11}


def test_missing_frames_are_skipped(tmp_path):
    clip = clip_of(tmp_path, [10, 11, 13, 14, 15, 20], 10, 14, 20)
    array, extras = make(tmp_path, clip)
    assert array[:, 0, 0, 0].tolist() == [10, 11, 13, 14, 15, 20]
    assert extras == {"onset_row": 0, "apex_row": 3, "frames": 6}


def test_an_apex_behind_the_last_frame_stands_before_the_onset(tmp_path):
    clip = clip_of(tmp_path, range(1, 100), 10, 75, 90)
    array, extras = make(tmp_path, clip)
    assert extras == {"onset_row": 1, "apex_row": 0, "frames": 51}
    assert array[:, 0, 0, 0].tolist() == [75, *range(10, 61)]
    seen = frames.stack(array, extras["onset_row"], extras["apex_row"], 51)
    assert seen[:, 0, 0, 0].tolist() == [*range(10, 61), 10, 75]  # it is never one of the sampled frames


def test_resizing_does_not_keep_the_aspect_ratio(tmp_path):
    clip = clip_of(tmp_path, [1, 2, 3], 1, 2, 3)
    picture = np.zeros((20, 60), np.uint8)
    picture[:, 30:] = 200  # the right half is bright, and stays a half
    for path in (tmp_path / "v").iterdir():
        cv2.imwrite(str(path), picture)
    array, _ = make(tmp_path, clip)
    assert (array[..., : SIZE // 2] == 0).all()
    assert (array[..., SIZE // 2 :] == 200).all()


def test_colour_is_kept_in_the_order_red_green_blue(tmp_path):
    clip = clip_of(tmp_path, [1, 2], 1, 2, 2)
    for path in (tmp_path / "v").iterdir():
        cv2.imwrite(str(path), np.full((20, 20, 3), (30, 20, 10), np.uint8))  # OpenCV writes blue, green, red
    assert make(tmp_path, clip)[0][0, :, 0, 0].tolist() == [10, 20, 30]


@pytest.mark.parametrize(("number", "says"), [("010", "no onset frame 10"), ("014", "no apex frame 14")])
def test_missing_onset_and_apex_are_named(tmp_path, number, says):
    clip = clip_of(tmp_path, range(10, 21), 10, 14, 20)
    (tmp_path / "v" / f"img{number}.png").unlink()
    with pytest.raises(UserError, match=f"{says} of the clip x/s/v"):
        make(tmp_path, clip)


@pytest.mark.parametrize("data", [b"", b"no picture", None])
def test_damaged_frames_are_named(tmp_path, data):
    clip = clip_of(tmp_path, range(10, 21), 10, 14, 20)
    path = tmp_path / "v" / "img017.png"
    path.write_bytes(path.read_bytes()[:60] if data is None else data)
    with pytest.raises(UserError, match="img017.png cannot be read"):
        make(tmp_path, clip)


def test_frames_of_different_size_are_named(tmp_path):
    clip = clip_of(tmp_path, range(10, 21), 10, 14, 20)
    cv2.imwrite(str(tmp_path / "v" / "img017.png"), np.zeros((21, 30), np.uint8))
    with pytest.raises(UserError, match=r"img010.png and .*img017.png differ in size \(30 x 20 and 30 x 21\)"):
        make(tmp_path, clip)


def test_frames_of_sixteen_bits_give_the_rows_of_eight(tmp_path):
    clip = clip_of(tmp_path, range(10, 21), 10, 14, 20)
    rows, _ = make(tmp_path, clip)
    for path in (tmp_path / "v").glob("*.png"):
        cv2.imwrite(str(path), cv2.imread(str(path), cv2.IMREAD_UNCHANGED).astype(np.uint16) * 257)
    assert np.array_equal(make(tmp_path, clip)[0], rows)


def test_the_store_holds_the_rows(tmp_path, capsys):
    generate.write("samm", tmp_path / "data", tmp_path / "truth", subjects=2, clips=1, seed=0)
    clips, out = tmp_path / "clips.csv", tmp_path / "frames"
    assert cli.main(["index", "samm", "--root", str(tmp_path / "data"), "--out", str(clips)]) == 0
    arguments = ["--clips", str(clips), "--root", str(tmp_path / "data"), "--out", str(out)]
    assert cli.main(["inputs", "samm", f"frames-{SIZE}", *arguments]) == 0
    kept = store.load(out)
    assert (kept.meta["channels"], kept.meta["scale"]) == (["r", "g", "b"], "byte")
    for row in read_csv(clips):
        onset, apex, _ = frames.interval(*(int(row[name]) for name in ("onset", "apex", "offset")))
        array = kept.get(row["clip_id"])
        rows = [kept.extra(row["clip_id"], name) for name in ("onset_row", "apex_row")]
        assert kept.extra(row["clip_id"], "frames") == len(array) - rows[0]
        assert rows[1] - rows[0] == apex - onset  # no frame is missing here, and the apex is among the first 51
        assert frames.stack(array, *rows, 6).shape == (8, 3, SIZE, SIZE)


# --- what is seen -----------------------------------------------------------------------------------------------------


@given(COUNT, WANTED)
def test_evenly_spread_indices(count, wanted):
    rows = frames.sample(count, wanted)
    assert rows.shape == (wanted,)
    if count >= wanted:
        assert rows[0] == 0
        assert (np.diff(rows) > 0).all()  # ascending and distinct
        if wanted > 1:
            assert rows[-1] == count - 1
            assert np.ptp(np.diff(rows)) <= 1


@given(COUNT, WANTED, st.integers(0, 2**32))
def test_random_indices_are_ascending_and_distinct_and_come_from_the_seed(count, wanted, seed):
    rows = frames.sample(count, wanted, np.random.default_rng(seed))
    assert rows.shape == (wanted,)
    assert rows.min() >= 0
    assert rows.max() < count
    if count >= wanted:
        assert (np.diff(rows) > 0).all()
    np.testing.assert_array_equal(rows, frames.sample(count, wanted, np.random.default_rng(seed)))


@given(st.integers(1, 40), st.integers(1, 40), st.booleans())
def test_too_few_frames_are_padded_at_both_ends(count, missing, random):
    """Facts, HSTA 1.1: the first frame floor(d / 2) times in front, the last the rest of the d times at the end."""
    rows = frames.sample(count, count + missing, np.random.default_rng(0) if random else None).tolist()
    front = missing // 2
    assert rows == [0] * front + list(range(count)) + [count - 1] * (missing - front)


def test_every_choice_is_drawn():
    drawn = {tuple(frames.sample(4, 2, np.random.default_rng(seed)).tolist()) for seed in range(200)}
    assert drawn == {(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)}


def test_six_of_twenty_two_frames():
    """22 is the median length in CAS(ME)^3 (facts, HSTA 1.1): round(linspace(0, 21, 6))."""
    assert frames.sample(22, 6).tolist() == [0, 4, 8, 13, 17, 21]


@pytest.mark.parametrize(("count", "wanted"), [(0, 6), (5, 0)])
def test_nothing_cannot_be_sampled(count, wanted):
    with pytest.raises(ValueError, match="cannot take"):
        frames.sample(count, wanted)


def test_onset_and_apex_come_last():
    array = np.arange(10, dtype=np.uint8).reshape(10, 1, 1, 1) * np.ones((1, 3, 2, 2), np.uint8)
    seen = frames.stack(array, 0, 7, 4)
    assert seen.shape == (6, 3, 2, 2)
    assert seen[:, 0, 0, 0].tolist() == [0, 3, 6, 9, 0, 7]
    again = frames.stack(array, 0, 7, 4, np.random.default_rng(1))
    assert again[-2:, 0, 0, 0].tolist() == [0, 7]
    seen[:] = 99
    assert array.max() == 9  # a copy


def test_a_model_of_single_pictures_gets_onset_and_apex_alone():
    array = np.arange(7)[:, None, None, None] * np.ones((1, 3, 2, 2), np.uint8)
    assert frames.stack(array, 1, 4, 0)[:, 0, 0, 0].tolist() == [1, 4]
