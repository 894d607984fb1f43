"""The input ``lbp_top``: its codes against a plain loop, its layout, and what a clip on disk becomes."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
import torch

from mebench import cli
from mebench.clips.clip import Clip
from mebench.config import input_names
from mebench.errors import UserError
from mebench.faces import store as faces
from mebench.files import read_csv
from mebench.inputs import lbp_top, store, tim
from mebench.media import crops
from mebench.media.unavailable import Unavailable
from mebench.models import build
from mebench.synthetic import generate

SIZE = 32


def noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def half_up(x: float) -> int:
    return math.floor(round(x, 9) + 0.5)


def by_loop(volume: np.ndarray) -> np.ndarray:
    """The definition (facts, baselines 5), one pixel, plane and neighbour at a time."""
    frames, height, width = volume.shape
    codes = np.zeros((3, frames - 8, height - 2, width - 2), int)
    for t in range(4, frames - 4):
        for y in range(1, height - 1):
            for x in range(1, width - 1):
                for p in range(4):
                    cos, sin = math.cos(2 * math.pi * p / 4), math.sin(2 * math.pi * p / 4)
                    places = [
                        (t, half_up(y - 1 * sin), half_up(x + 1 * cos)),
                        (half_up(t - 4 * sin), y, half_up(x + 1 * cos)),
                        (half_up(t - 4 * sin), half_up(y - 1 * cos), x),
                    ]
                    for plane, place in enumerate(places):
                        codes[plane, t - 4, y - 1, x - 1] += int(volume[place] >= volume[t, y, x]) << p
    return codes


# --- codes and histograms ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(10, 7, 9), (13, 6, 5)])
def test_codes_are_those_of_the_plain_loop(shape):
    volume = noise(*shape) // 32  # few grey levels: many neighbours are as bright as the centre
    codes = lbp_top.patterns(volume)
    assert codes.dtype == np.uint8
    np.testing.assert_array_equal(codes, by_loop(volume))


def test_only_the_fifth_and_sixth_of_ten_frames_can_be_centres():
    """Facts, baselines 5. Their neighbours are four frames away, so four of the ten frames are never looked at."""
    volume = noise(10, 12, 12)
    codes = lbp_top.patterns(volume)
    assert codes.shape == (3, 2, 10, 10)
    for frame in range(10):
        changed = volume.copy()
        changed[frame] = noise(12, 12, seed=1)
        same = (lbp_top.patterns(changed) == codes).all(axis=(2, 3))
        centre = [frame in (4, 5) and frame == 4 + i for i in range(2)]
        beside = [abs(frame - (4 + i)) == 4 for i in range(2)]
        assert same[0].tolist() == [not c for c in centre]
        assert same[1].tolist() == same[2].tolist() == [not (c or b) for c, b in zip(centre, beside, strict=True)]


def test_uniform_codes_by_hand():
    """Of four bits in a circle only 0101 and 1010 change more than twice; they share the 15th bin."""
    order = [0b0000, 0b0001, 0b0010, 0b0011, 0b0100, 0b0110, 0b0111, 0b1000, 0b1001, 0b1011, 0b1100, 0b1101, 0b1110,
             0b1111]  # fmt: skip
    bins = lbp_top.uniform_bins()
    assert [bins[code] for code in order] == list(range(14))
    assert (bins[0b0101], bins[0b1010]) == (14, 14)


@pytest.mark.parametrize(("bins", "values"), [(15, 1125), (16, 1200)])
def test_25_blocks_of_three_planes(bins, values):
    """Facts, baselines 5: 25 x 3 x 15 = 1,125 values of uniform codes, 1,200 of raw ones; each histogram sums to 1."""
    binned = np.random.default_rng(0).integers(0, bins, (3, 2, 23, 31))
    vector = lbp_top.histograms(binned, bins)
    assert (vector.shape, vector.dtype) == ((values,), np.float32)
    np.testing.assert_allclose(vector.reshape(75, bins).sum(axis=1), 1, rtol=1e-6)


def test_blocks_in_rows_and_in_each_the_planes_xy_xt_yt():
    binned = np.zeros((3, 2, 10, 20), int)
    binned[1, :, 4:6, 16:20] = 7  # XT in the block of row 2, column 4
    binned[2, 0, 0:2, 4:8] = 3  # YT in the block of row 0, column 1: one of two frames
    vector = lbp_top.histograms(binned, 15).reshape(5, 5, 3, 15)
    expected = np.zeros((5, 5, 3, 15))
    expected[..., 0] = 1
    expected[2, 4, 1, [0, 7]] = 0, 1
    expected[0, 1, 2, [0, 3]] = 0.5
    np.testing.assert_array_equal(vector, expected)


def test_blocks_are_equal_at_142_and_differ_by_one_row_else():
    """A code that counts pixels: all histograms have the sum 1, so blocks are told by where one pixel weighs most."""

    def sides(inner):
        binned = np.zeros((1, 1, inner, inner), int)
        binned[0, 0, range(inner), range(inner)] = 1  # one pixel of each row of the five blocks on the diagonal
        share = lbp_top.histograms(binned, 2).reshape(5, 5, 2)[range(5), range(5), 1]
        return np.round(1 / share).astype(int).tolist()  # n of n^2 pixels

    assert sides(140) == [28] * 5
    assert sorted(sides(138)) == [27, 27, 28, 28, 28]


# --- clips ------------------------------------------------------------------------------------------------------------


def clip_of(folder, pictures, first=11):
    """A clip of grey ``pictures``, its onset frame ``first``; one frame lies before it and one behind."""
    (folder / "v").mkdir()
    last = first + len(pictures) - 1
    around = {first - 1: noise(40, 40, seed=98), last + 1: noise(40, 40, seed=99)}
    for number, picture in {**around, **dict(enumerate(pictures, first))}.items():
        cv2.imwrite(str(folder / "v" / f"img{number}.png"), picture)
    return Clip("x/s/v", "x", "x/s", frames="v", onset=first, apex=first + 1, offset=last)


def make(folder, clip, name=f"lbp_top-{SIZE}", faces=None):
    made = lbp_top.Input(input_names.parse(name), folder, faces).make(clip)
    return made.array, made.extras


def by_hand(pictures, bins=lbp_top.BINS["uniform"]):
    """Of crops that need no resizing."""
    volume = tim.grey_levels(tim.interpolate(np.stack(pictures), 10))
    return lbp_top.histograms(bins[by_loop(volume)], bins.max() + 1)


@pytest.mark.parametrize(("word", "values"), [("", 1125), (".raw", 1200)])
def test_a_clip_is_its_frames_from_onset_to_offset(tmp_path, word, values):
    pictures = noise(13, SIZE, SIZE)
    vector, extras = make(tmp_path, clip_of(tmp_path, pictures), f"lbp_top-{SIZE}{word}")
    assert (vector.shape, vector.dtype) == ((values,), np.float32)
    np.testing.assert_array_equal(vector, by_hand(pictures, lbp_top.BINS["raw" if word else "uniform"]))
    assert extras == {"frames": 13, "repeated": 0}


def test_ten_frames_are_taken_as_they_are(tmp_path):
    pictures = noise(10, SIZE, SIZE)
    codes = lbp_top.BINS["uniform"][lbp_top.patterns(pictures)]
    np.testing.assert_array_equal(make(tmp_path, clip_of(tmp_path, pictures))[0], lbp_top.histograms(codes, 15))


def test_light_that_is_the_same_everywhere_does_not_count(tmp_path):
    pictures = np.clip(noise(7, SIZE, SIZE), 100, 150)
    (tmp_path / "dark").mkdir()
    bright, dark = clip_of(tmp_path, pictures), clip_of(tmp_path / "dark", pictures - 40)
    np.testing.assert_array_equal(make(tmp_path, bright)[0], make(tmp_path / "dark", dark)[0])


def test_frames_are_averaged_down_to_the_size(tmp_path):
    pictures = noise(12, 2 * SIZE, 3 * SIZE)
    small = [cv2.resize(picture, (SIZE, SIZE), interpolation=cv2.INTER_AREA) for picture in pictures]
    np.testing.assert_array_equal(make(tmp_path, clip_of(tmp_path, pictures))[0], by_hand(small))


def test_missing_frames_are_skipped(tmp_path):
    pictures = noise(12, SIZE, SIZE)
    clip = clip_of(tmp_path, pictures)
    for i in (3, 4, 9):
        (tmp_path / "v" / f"img{11 + i}.png").unlink()
    vector, extras = make(tmp_path, clip)
    np.testing.assert_array_equal(vector, by_hand(np.delete(pictures, [3, 4, 9], axis=0)))
    assert extras["frames"] == 9


def test_two_frames_are_enough_and_repeated_ones_are_counted(tmp_path):
    first, second = noise(2, SIZE, SIZE)
    pictures = [first, first, second, second, second, first]
    vector, extras = make(tmp_path, clip_of(tmp_path, pictures))
    np.testing.assert_array_equal(vector, by_hand(pictures))
    assert extras == {"frames": 6, "repeated": 4}
    (tmp_path / "two").mkdir()
    assert make(tmp_path / "two", clip_of(tmp_path / "two", [first, second]))[1] == {"frames": 2, "repeated": 0}


@pytest.mark.parametrize("count", [1, 5])
def test_a_clip_without_motion_has_no_vector(tmp_path, count):
    clip = clip_of(tmp_path, [noise(SIZE, SIZE)] * count)
    with pytest.raises(Unavailable, match=f"all {count} of its frames are the same picture") as raised:
        make(tmp_path, clip)
    assert raised.value.status == "no_motion"


def test_every_frame_is_cropped_as_the_onset(tmp_path):
    """Eyes 20 px apart, bent by 30 degrees."""
    across = np.array([np.cos(np.pi / 6), 0.5])
    points = np.tile([30.0, 30.0], (68, 1))
    points[36:42], points[42:48] = points[0] - 10 * across, points[0] + 10 * across
    faces.save(tmp_path / "faces", [faces.Face("x/s/v", "ok", "60x60", "file")], points[None].astype(np.float32), {})
    pictures = noise(11, 60, 60)
    cut = [crops.fit(crops.warp(picture, *crops.eyes(points.astype(np.float32))), SIZE) for picture in pictures]
    vector, _ = make(tmp_path, clip_of(tmp_path, pictures), f"lbp_top-{SIZE}.eyes", tmp_path / "faces")
    np.testing.assert_array_equal(vector, by_hand(cut))


@pytest.mark.parametrize(("number", "says"), [(11, "no onset frame 11"), (22, "no offset frame 22")])
def test_missing_onset_and_offset_are_named(tmp_path, number, says):
    clip = clip_of(tmp_path, noise(12, SIZE, SIZE))
    (tmp_path / "v" / f"img{number}.png").unlink()
    with pytest.raises(UserError, match=f"{says} of the clip x/s/v"):
        make(tmp_path, clip)


def test_frames_of_different_size_and_damaged_frames_are_named(tmp_path):
    clip = clip_of(tmp_path, noise(12, SIZE, SIZE))
    path = tmp_path / "v" / "img15.png"
    cv2.imwrite(str(path), noise(SIZE, SIZE + 1))
    with pytest.raises(UserError, match=r"img11.png and .*img15.png differ in size \(32 x 32 and 33 x 32\)"):
        make(tmp_path, clip)
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(UserError, match="img15.png cannot be read"):
        make(tmp_path, clip)


def test_the_vector_depends_on_every_frame_of_the_interval_and_on_no_other(tmp_path):
    clip = clip_of(tmp_path, noise(5, SIZE, SIZE))
    maker = lbp_top.Input(input_names.parse(f"lbp_top-{SIZE}"), tmp_path)
    assert len(set(map(str, maker.made_from(clip)))) == 5


def test_names():
    assert input_names.parse("lbp_top-142").options == {"codes": "uniform", "crop": "provided"}
    assert input_names.parse("lbp_top-142.eyes.raw").name == "lbp_top-142.raw.eyes"
    assert input_names.parse("lbp_top-142.eyes").needs_faces
    assert input_names.parse("lbp_top-142").base is None
    with pytest.raises(UserError, match="needs a size of 16 to 1024 pixels"):
        input_names.parse("lbp_top")


def test_the_store_holds_a_vector_of_each_clip(tmp_path, capsys):
    generate.write("casme2", tmp_path / "data", tmp_path / "truth", subjects=2, clips=1, seed=0)
    clips, out = tmp_path / "clips.csv", tmp_path / "lbp_top"
    assert cli.main(["index", "casme2", "--root", str(tmp_path / "data"), "--out", str(clips)]) == 0
    arguments = ["--clips", str(clips), "--root", str(tmp_path / "data"), "--out", str(out)]
    assert cli.main(["inputs", "casme2", f"lbp_top-{SIZE}", *arguments]) == 0
    kept, rows = store.load(out), read_csv(clips)
    assert (kept.meta["channels"], kept.meta["scale"]) == (["lbp_top"], "share")
    assert kept.stack().shape == (len(rows), 1125)
    np.testing.assert_allclose(kept.stack().sum(axis=1), 75, rtol=1e-5)
    for row in rows:
        assert kept.extra(row["clip_id"], "frames") == int(row["offset"]) - int(row["onset"]) + 1


def moving(place, seed, side=62):
    """15 noisy frames of a skin of its own that moves up by 2 pixels around ``place`` (x, y), and back."""
    rng = np.random.default_rng(seed)
    skin = cv2.GaussianBlur(rng.uniform(0, 255, (side, side)).astype(np.float32), (0, 0), 2)
    skin = cv2.normalize(skin, None, 30, 220, cv2.NORM_MINMAX)
    y, x = np.mgrid[:side, :side].astype(np.float32)
    near = np.exp(-((x - place[0]) ** 2 + (y - place[1]) ** 2) / (2 * 6**2))
    frames = [
        cv2.remap(skin, x, y + 2 * np.float32(amount) * near, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
        for amount in np.sin(np.linspace(0, np.pi, 15))
    ]
    noisy = np.stack(frames) + rng.normal(0, 1, (15, side, side))
    return tim.grey_levels(tim.interpolate(noisy, 10))


def test_the_model_learns_where_skin_moves():
    """No two clips show the same skin; 45 are fitted, 15 predicted."""
    places, y = [(14, 14), (48, 14), (31, 48)], torch.arange(60) % 3
    codes = (lbp_top.patterns(moving(places[label], seed)) for seed, label in enumerate(y.tolist()))
    x = torch.from_numpy(np.stack([lbp_top.histograms(lbp_top.BINS["uniform"][code], 15) for code in codes]))
    model = build("lbp_top_svm", num_classes=3)
    model.fit(x[:45], y[:45])
    assert torch.equal(model.eval()(x[45:]).argmax(dim=1), y[45:])
