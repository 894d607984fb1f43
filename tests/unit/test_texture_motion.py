"""The input ``texture_motion``: texture and motion of a face whose motion is known."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from mebench import cli
from mebench.clips.clip import Clip
from mebench.config import input_names
from mebench.errors import UserError
from mebench.faces import store as faces
from mebench.files import read_csv
from mebench.inputs import store, texture_motion
from mebench.media.unavailable import Unavailable
from mebench.synthetic import generate

SIZE = 64


@pytest.fixture(scope="module")
def skin():
    """A grey picture 80 x 80 with detail everywhere."""
    noise = np.random.default_rng(0).uniform(0, 255, (80, 80)).astype(np.float32)
    return cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 2), None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


def moved(picture, dx, dy, bump=(0.0, 0.0), at=(32, 52), width=8.0):
    """``picture`` shifted by (dx, dy), and by ``bump`` more around ``at``."""
    x, y = np.meshgrid(*(np.arange(side, dtype=np.float32) for side in picture.shape[1::-1]))
    near = np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / (2 * width**2))
    place = [(axis - d - b * near).astype(np.float32) for axis, d, b in zip((x, y), (dx, dy), bump, strict=True)]
    return cv2.remap(picture, *place, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


def clip_of(folder, onset, apex):
    (folder / "v").mkdir()
    for number, picture in ((1, onset), (2, apex), (3, onset)):
        cv2.imwrite(str(folder / "v" / f"{number}.png"), picture)
    return Clip("x/s/v", "x", "x/s", frames="v", onset=1, apex=2, offset=3)


def make(folder, clip, name=f"texture_motion-{SIZE}", faces=None):
    spec = input_names.parse(name)
    maker = texture_motion.Input(spec, folder, faces)
    array = maker.make(clip).array
    assert (array.shape, array.dtype) == ((6, SIZE, SIZE), np.float32)
    return dict(zip(maker.channels(spec), array, strict=True))


def bent_face():
    """Landmarks (68, 2) of a head bent by 30 degrees, and the face's directions across and down in the frame: eyes 30
    px apart around (50, 40), a nose bridge of 15 px below their middle, everything else in one point."""
    across, down = (np.array(d) for d in ((np.cos(np.pi / 6), 0.5), (-0.5, np.cos(np.pi / 6))))
    middle = np.array([50.0, 40.0])
    points = np.tile(middle + 40 * down, (68, 1))
    points[36:42], points[42:48] = middle - 15 * across, middle + 15 * across
    points[27:31] = middle + np.linspace(0, 15, 4)[:, None] * down
    return points.astype(np.float32), across, down


def save_faces(folder, points, status="ok"):
    face = faces.Face("x/s/v", status, "100x80", "file", "no face is found")
    faces.save(folder, [face], points[None], {})
    return folder


# --- motion -----------------------------------------------------------------------------------------------------------


def test_a_head_that_moves_as_a_whole_does_not_count(tmp_path, skin):
    onset = cv2.resize(skin, (SIZE, SIZE))
    channels = make(tmp_path, clip_of(tmp_path, onset, moved(onset, 1.2, -0.8)))
    inner = slice(10, -10)
    for name in ("u", "v"):
        assert np.abs(np.median(channels[name][inner, inner])) < 0.03
        assert np.abs(channels[name][inner, inner]).max() < 0.5
    assert channels["strain"][inner, inner].mean() < 0.03


def test_a_mouth_that_moves_is_seen_with_its_sign(tmp_path, skin):
    onset = skin[:SIZE, :SIZE]
    apex = moved(onset, 1.0, 0.5, bump=(1.5, -1.5))
    channels = make(tmp_path, clip_of(tmp_path, onset, apex))
    mouth, bridge = (slice(49, 56), slice(29, 36)), (slice(24, 36), slice(30, 34))
    assert 0.6 < channels["u"][mouth].mean() < 1.5  # to the right; TV-L1 flattens peaks
    assert -1.5 < channels["v"][mouth].mean() < -0.6  # up
    assert np.median(channels["u"][bridge]) == pytest.approx(0, abs=0.05)
    assert channels["strain"][40:, 20:44].mean() > 5 * channels["strain"][8:20, 20:44].mean()


def test_motion_is_in_pixels_of_the_crop(tmp_path, skin):
    """Frames of 128 px whose lower part moves by 4 px move by 2 px at 64."""
    onset = cv2.resize(skin[:SIZE, :SIZE], (128, 128))
    apex = moved(onset, 0, 0, bump=(4.0, 0), at=(64, 116), width=20)
    channels = make(tmp_path, clip_of(tmp_path, onset, apex))
    assert 1.4 < channels["u"][55:60, 29:35].mean() < 2.0


def test_known_flow_of_which_the_bridge_is_the_origin():
    flow = np.zeros((2, 10, 10), np.float32)
    flow[0] = np.arange(10)  # u = x: a stretch of 1 to the right
    flow[1] = -2
    u, v, strain = texture_motion.motion(flow, np.array([[4.0, 3.0], [4.0, 6.0]]))  # columns 3 and 4
    np.testing.assert_allclose(u[0], np.arange(10) - 3.5)
    np.testing.assert_array_equal(v, np.zeros((10, 10)))
    np.testing.assert_allclose(strain, np.ones((10, 10)))


def test_the_box_around_the_bridge():
    """0.04 of the side on each side: 4 px of 100, rounded outwards and clipped at the border."""
    assert texture_motion.box(np.array([[50.0, 30.0], [51.5, 60.2]]), 100) == (26, 65, 46, 56)
    assert texture_motion.box(np.array([[1.0, 98.0]]), 100) == (94, 100, 0, 5)
    assert texture_motion.box(np.array([[-30.0, 300.0]]), 100) == (99, 100, 0, 1)  # outside: the nearest pixel


def test_the_bridge_of_frames_that_are_delivered_cropped():
    """Eyes at 0.36 of the side, 0.42 apart (facts, MSMMT 1): the bridge goes down from there by half of that."""
    np.testing.assert_allclose(texture_motion.aligned_bridge(100), [[49.5, 35.5], [49.5, 56.5]])


def test_the_bridge_is_found_by_landmarks_where_the_crop_is(tmp_path):
    points, _, _ = bent_face()
    folder = save_faces(tmp_path / "faces", points)
    maker = texture_motion.Input(input_names.parse(f"texture_motion-{SIZE}.eyes"), tmp_path, folder)
    bridge = maker.bridge(Clip("x/s/v", "x", "x/s"))
    # eyes 30 px apart are 0.42 of the side of the crop: 15 px are 0.21 of it
    expected = np.array([[0.5, 0.36], [0.5, 0.36 + 0.21]]) * SIZE - 0.5
    np.testing.assert_allclose(bridge[[0, 3]], expected, atol=0.6)  # the side of the crop is a whole number of pixels


def test_the_crop_turns_the_head_upright(tmp_path, skin):
    """A corner of the mouth that moves along the tilted face moves straight up in the crop; the head moves with it."""
    points, _, down = bent_face()
    picture = cv2.resize(skin, (160, 160))[:100, :110]
    place = tuple(np.array([50.0, 40.0]) + 26 * down)
    clip = clip_of(tmp_path, picture, moved(picture, 1.0, 0.0, bump=tuple(-2 * down), at=place))
    channels = make(tmp_path, clip, f"texture_motion-{SIZE}.farneback.eyes", save_faces(tmp_path / "faces", points))
    scale = 0.42 * SIZE / 30  # pixels of the crop per pixel of the frame
    row = round(0.36 * SIZE + 26 * scale)
    spot = slice(row - 3, row + 4), slice(29, 36)
    assert -2 * scale < channels["v"][spot].mean() < -0.8 * scale
    assert channels["u"][spot].mean() == pytest.approx(0, abs=0.2)


# --- texture ----------------------------------------------------------------------------------------------------------


def test_texture_has_mean_0_and_variance_1_whatever_the_light(tmp_path, skin):
    colour = np.stack([skin, 255 - skin, skin // 2], axis=2)[:SIZE, :SIZE]  # blue, green, red for OpenCV
    channels = make(tmp_path, clip_of(tmp_path, colour, moved(colour, 1, 0)))
    texture = np.stack([channels[f"texture_{c}"] for c in "rgb"])
    assert texture.mean() == pytest.approx(0, abs=1e-4)
    assert texture.std() == pytest.approx(1, abs=1e-4)
    assert np.corrcoef(texture[1].ravel(), texture[2].ravel())[0, 1] < -0.99  # green is the negative of blue
    dim = texture_motion.apex_texture((skin[..., None] * 0.5 + 20).repeat(3, axis=2))
    np.testing.assert_allclose(dim, texture_motion.apex_texture(skin[..., None].repeat(3, axis=2)), atol=1e-4)


def test_texture_is_that_of_the_apex(tmp_path, skin):
    onset, apex = skin[:SIZE, :SIZE], skin[::-1, ::-1][:SIZE, :SIZE]
    channels = make(tmp_path, clip_of(tmp_path, onset, apex))
    np.testing.assert_allclose(channels["texture_g"], (apex - apex.mean()) / apex.std(), atol=1e-4)


def test_the_difference_keeps_its_magnitude(tmp_path, skin):
    onset = skin[:SIZE, :SIZE]
    channels = make(tmp_path, clip_of(tmp_path, onset, moved(onset, 0.5, 0)), f"texture_motion-{SIZE}.diff")
    assert list(channels) == ["texture_onset", "texture_apex", "texture_change", "u", "v", "strain"]
    change = channels["texture_change"]
    np.testing.assert_allclose(change, channels["texture_apex"] - channels["texture_onset"], atol=1e-5)
    assert 0 < change.std() < 0.5 * channels["texture_onset"].std()
    twice = texture_motion.change_texture(onset, moved(onset, 1.0, 0))
    assert twice[2].std() > 1.5 * change.std()


def test_known_texture_of_two_frames():
    onset, apex = np.full((2, 2), 90, np.uint8), np.full((2, 2), 110, np.uint8)
    textures = texture_motion.change_texture(onset, apex)  # mean 100, deviation 10
    np.testing.assert_allclose(textures.mean(axis=(1, 2)), [-1, 1, 2])
    assert (texture_motion.apex_texture(np.full((4, 4, 3), 7, np.uint8)) == 0).all()  # one colour: nothing to see


# --- records ----------------------------------------------------------------------------------------------------------


def test_a_clip_without_a_face_is_a_record(tmp_path, skin):
    clip = clip_of(tmp_path, skin, moved(skin, 1, 0))
    folder = save_faces(tmp_path / "faces", bent_face()[0], status="no_face")
    with pytest.raises(Unavailable) as raised:
        make(tmp_path, clip, f"texture_motion-{SIZE}.eyes", folder)
    assert (raised.value.status, raised.value.reason) == ("no_face", "no face is found")


def test_two_copies_of_a_frame_and_frames_of_two_sizes_are_refused(tmp_path, skin):
    clip = clip_of(tmp_path, skin, skin)
    with pytest.raises(UserError, match="x/s/v from onset to apex is constant"):
        make(tmp_path, clip)
    cv2.imwrite(str(tmp_path / "v" / "2.png"), skin[:-1])
    with pytest.raises(UserError, match="differ in size"):
        make(tmp_path, clip)


def test_another_apex_and_another_flow_are_other_sources(tmp_path, skin):
    clip = clip_of(tmp_path, skin, moved(skin, 1, 0))
    maker = texture_motion.Input(input_names.parse(f"texture_motion-{SIZE}"), tmp_path)
    assert maker.made_from(clip) != maker.made_from(replace(clip, apex=3))
    settings = [
        texture_motion.Input.settings(input_names.parse(f"texture_motion-{SIZE}{flow}")) for flow in ("", ".dis")
    ]
    assert settings[0] != settings[1]


def test_synthetic_samm_from_the_command_line(tmp_path, capsys):
    generate.write("samm", tmp_path / "data", tmp_path / "truth", subjects=2, clips=1, seed=0)
    clips, out = tmp_path / "clips.csv", tmp_path / "out"
    assert cli.main(["index", "samm", "--root", str(tmp_path / "data"), "--out", str(clips)]) == 0
    arguments = ["--clips", str(clips), "--root", str(tmp_path / "data"), "--out", str(out)]
    assert cli.main(["inputs", "samm", "texture_motion-32.farneback", *arguments]) == 0
    kept = store.load(out)
    assert kept.meta["channels"] == ["texture_r", "texture_g", "texture_b", "u", "v", "strain"]
    assert kept.meta["settings"]["flow"]["winsize"] == 15
    for row in read_csv(clips):
        array = kept.get(row["clip_id"])
        assert array.shape == (6, 32, 32)
        np.testing.assert_allclose(array[:3].mean(), 0, atol=1e-4)
        np.testing.assert_array_equal(array[0], array[1])  # SAMM is grey


def test_the_device_that_computed_the_flow_is_part_of_the_settings():
    """The numbers of a GPU are not bit for bit those of a CPU, so a part of one must not pass for the other's."""
    from mebench.inputs import tvl1_torch

    spec = input_names.parse("texture_motion-64.tvl1_torch")
    recorded = texture_motion.Input.settings(spec)["flow"]
    assert recorded["device"] == tvl1_torch.settings()["device"]
    assert recorded == {**tvl1_torch.settings(), "version": tvl1_torch.Input.VERSION}
