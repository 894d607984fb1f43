"""Augmentation: what is seen to move in changed pictures is the changed motion."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.ndimage import map_coordinates

from mebench import cards
from mebench.config import recipes
from mebench.config.augmentations import WORDS
from mebench.errors import UserError
from mebench.inputs.roi_regions import names as regions
from mebench.media.flow_field import strain_magnitude
from mebench.training.augment import CHANGES, parse
from mebench.training.reading import IMAGENET_MEAN, IMAGENET_STD, prepare

FLOW = ("u", "v", "strain")
DIFF = ("texture_onset", "texture_apex", "texture_change", *FLOW)
RGB = ("r", "g", "b")
KINDS = {FLOW: "apex_flow", DIFF: "texture_motion", RGB: "frames", ("red", "green", "blue"): "long_flow"}


def chance(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def changed(text: str, x: torch.Tensor, channels=FLOW, scale: str = "pixels", seed: int = 0) -> torch.Tensor:
    return parse(text)(x, channels, scale, chance(seed))


def copies(planes: np.ndarray, n: int) -> torch.Tensor:
    """``n`` clips that are all the same."""
    return torch.from_numpy(np.stack(n * [planes]))


def grid(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """x and y of each pixel, from the centre."""
    y, x = np.mgrid[0:height, 0:width].astype(float)
    return x - (width - 1) / 2, y - (height - 1) / 2


# --- motion of changed pictures is changed motion --------------------------------------------------------------------

SIDE = 65


def motion(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A smooth flow (2, ...) of up to 4 pixels, with no symmetry."""
    u = 1.7 + 0.03 * x - 0.02 * y + 0.5 * np.sin(0.09 * x + 0.05 * y + 1)
    v = -0.8 + 0.01 * x + 0.04 * y + 0.6 * np.cos(0.04 * x - 0.08 * y)
    return np.stack([u, v])


def pair() -> np.ndarray:
    """Two pictures (2, 1, S, S) with second(p + motion(p)) = first(p), both computed where their pixels are."""

    def picture(x, y):
        return np.sin(0.35 * x + 0.1 * y) + np.cos(0.3 * y - 0.12 * x + 0.4)

    x, y = before_x, before_y = grid(SIDE, SIDE)
    for _ in range(60):  # where each pixel of the second picture was in the first
        u, v = motion(before_x, before_y)
        before_x, before_y = x - u, y - v
    return np.stack([picture(x, y), picture(before_x, before_y)])[:, None]


def mismatch(first: np.ndarray, second: np.ndarray, flow: np.ndarray) -> float:
    """Largest |second(p + flow(p)) - first(p)| over the central part of the pictures."""
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(float)
    moved = map_coordinates(second, [y + flow[1], x + flow[0]], order=3, mode="nearest")
    return np.abs(moved - first)[18:-18, 18:-18].max()


@pytest.mark.parametrize("text", ["flip", "rotate:25", "flip rotate:25", "shift:4", "rotate:180 flip shift:3"])
def test_the_flow_of_changed_pictures_is_the_changed_flow(text):
    n = 8
    x, y = grid(SIDE, SIDE)
    pictures = changed(text, copies(pair(), n), ("r",)).numpy()
    flows = changed(text, copies(motion(x, y), n), ("u", "v")).numpy()
    # moved like the pictures, but vectors neither turned nor mirrored
    planes = changed(text, copies(motion(x, y), n), ("strain", "magnitude")).numpy()
    assert mismatch(*pair()[:, 0], motion(x, y)) < 1e-3
    right = [mismatch(*pictures[i, :, 0], flows[i]) for i in range(n)]
    wrong = [mismatch(*pictures[i, :, 0], planes[i]) for i in range(n)]
    assert max(right) < 0.03  # both pictures are interpolated bilinearly
    if text != "shift:4":
        assert max(wrong) > 0.3


def test_vectors_turn_with_the_picture():
    """A flow A p + t turned by R is R A R^-1 p + R t; the angle is read off pictures of the coordinates."""
    a, t = np.array([[0.03, -0.05], [0.02, 0.04]]), np.array([1.0, -2.0])
    x, y = grid(41, 41)
    flow = np.einsum("ij,jhw->ihw", a, np.stack([x, y])) + t[:, None, None]
    out = changed("rotate:30", copies(np.stack([*flow, x, y]), 6), ("u", "v", "strain", "magnitude")).numpy()
    for turned in out:
        cos, sin = turned[2, 20, 21] - turned[2, 20, 20], turned[2, 21, 20] - turned[2, 20, 20]
        r = np.array([[cos, -sin], [sin, cos]])
        expected = np.einsum("ij,jhw->ihw", r @ a @ r.T, np.stack([x, y])) + (r @ t)[:, None, None]
        np.testing.assert_allclose(turned[:2, 10:-10, 10:-10], expected[:, 10:-10, 10:-10], atol=1e-6)
        assert abs(np.degrees(np.arctan2(sin, cos))) <= 30
    assert len({round(float(turned[2, 20, 21]), 6) for turned in out}) == 6


def test_a_turn_keeps_lengths_in_pictures_that_are_not_square():
    x, y = grid(21, 61)
    for turned in changed("rotate:180", copies(np.stack([x, y]), 10), ("strain", "magnitude")).numpy():
        across, down = turned[:, 10, 31] - turned[:, 10, 30], turned[:, 11, 30] - turned[:, 10, 30]
        np.testing.assert_allclose(turned[:, 10, 30], 0, atol=1e-5)  # about the centre
        np.testing.assert_allclose([across @ across, down @ down, across @ down], [1, 1, 0], atol=1e-5)


def test_what_turns_into_the_picture_repeats_its_edge():
    x = torch.full((6, 1, 9, 9), 7.0)
    torch.testing.assert_close(changed("rotate:180", x, ("strain",)), x)


def test_strain_of_flipped_flow_is_flipped_strain():
    flow = np.random.default_rng(0).normal(size=(2, 20, 23))
    out = changed("flip", copies(np.stack([*flow, strain_magnitude(flow)]), 12)).numpy()
    assert len(np.unique(out[:, 2, 0, 0])) == 2  # some are flipped, some are not
    for clip in out:
        np.testing.assert_allclose(strain_magnitude(clip[:2]), clip[2], atol=1e-12)


def test_strain_of_turned_flow_is_turned_strain():
    """Up to what bilinear interpolation does to derivatives; without turning the vectors it is another strain."""
    x, y = grid(129, 129)
    flow = np.stack([2 * np.sin(x / 12) + y * np.cos(y / 15) / 10, 0.05 * x + np.sin(y / 14 - x / 20)])
    flow += 0.2 * np.stack([-y, x])  # has no strain, unless positions turn without their vectors
    planes = np.stack([*flow, strain_magnitude(flow)])
    inner = np.s_[..., 40:-40, 40:-40]
    for text in ("rotate:40", "rotate:40 flip"):
        for clip in changed(text, copies(planes, 6)).numpy():
            np.testing.assert_allclose(strain_magnitude(clip[:2])[inner], clip[2][inner], atol=0.012)
    still = changed("rotate:40", copies(planes, 6), ("strain", "strain", "strain")).numpy()
    assert max(np.abs(strain_magnitude(clip[:2]) - clip[2])[inner].max() for clip in still) > 0.1


# --- flip ------------------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([FLOW, ("strain", "v", "u"), ("u", "u", "v", "v"), DIFF, RGB, ("v",)]),
    st.sampled_from(["pixels", "any", "byte", "unit", "imagenet"]),
    st.sampled_from([(), (4,)]),
    st.integers(0, 99),
)
def test_flipped_twice_is_what_it_was(channels, scale, frames, seed):
    """The same chance flips the same clips again."""
    assume(scale != "imagenet" or len(channels) == 3)
    x = torch.randint(0, 256, (6, *frames, len(channels), 5, 7), generator=chance(seed)).float()
    x = x if scale in ("pixels", "any", "byte") else x / 255
    once = changed("flip", x, channels, scale, seed)
    twice = changed("flip", once, channels, scale, seed)
    torch.testing.assert_close(twice, x, rtol=0, atol=1e-5 if scale in ("unit", "imagenet") else 0)


@settings(max_examples=60, deadline=None)
@given(
    arrays.arrays(np.float32, (3, 4, 5), elements=st.floats(-8, 8, width=32)),
    st.sampled_from(["byte", "unit"]),
    st.integers(0, 9),
)
def test_a_stretched_flip_is_the_stretched_flow_of_the_flipped_clip(flow, scale, seed):
    """Up to one of 255 levels where a number lies exactly between two; also where nothing moves along x."""
    meta, wanted = {"channels": list(FLOW), "scale": "pixels"}, {"channels": list(FLOW), "range": scale}
    for planes in (flow, flow * np.float32([0, 1, 1])[:, None, None]):
        mirrored = planes[..., ::-1] * np.float32([-1, 1, 1])[:, None, None]
        x = copies(prepare(planes, meta, wanted), 8)
        flipped = torch.from_numpy(prepare(mirrored, meta, wanted))
        chosen = torch.rand(8, generator=chance(seed)) < 0.5
        for clip, is_flipped in zip(changed("flip", x, FLOW, scale, seed), chosen, strict=True):
            level = 1 if scale == "byte" else 1 / 255
            torch.testing.assert_close(clip, flipped if is_flipped else x[0], rtol=0, atol=1.001 * level)


def test_half_of_the_clips_are_flipped_and_only_u_changes_its_sign():
    x = torch.rand(2000, 6, 2, 2, generator=chance()) + 1
    out = changed("flip", x, DIFF, "any")
    flipped = out[:, 3, 0, 0] < 0
    assert 0.46 < flipped.float().mean() < 0.54
    signs = torch.tensor([1, 1, 1, -1, 1, 1])[:, None, None]
    assert torch.equal(out[flipped], x[flipped].flip(-1) * signs)
    assert torch.equal(out[~flipped], x[~flipped])


def test_photographs_are_mirrored_in_any_range():
    x = torch.rand(6, 8, 3, 4, 4, generator=chance())
    for scale in ("any", "byte", "unit"):
        for clip, out in zip(x, changed("flip", x, RGB, scale), strict=True):
            assert torch.equal(out, clip) or torch.equal(out, clip.flip(-1))


# --- shift, scale, light ---------------------------------------------------------------------------------------------


def test_shifts_are_whole_pixels_and_repeat_the_edge():
    x, y = (plane.astype(np.float32) for plane in np.mgrid[0:11, 0:13][::-1])
    seen = set()
    for column, row in changed("shift:4", copies(np.stack([x, y]), 600), ("strain", "magnitude")).numpy():
        right, down = 6 - column[5, 6], 5 - row[5, 6]
        seen.add((right, down))
        np.testing.assert_array_equal(column, np.clip(x - right, 0, 12))
        np.testing.assert_array_equal(row, np.clip(y - down, 0, 10))
    assert seen == {(i, j) for i in range(-4, 5) for j in range(-4, 5)}


def test_scale_multiplies_all_motion_of_a_clip_and_nothing_else():
    x = torch.rand(500, 6, 3, 3, generator=chance()) + 1
    out = changed("scale:0.8:1.5", x, DIFF, "any")
    assert torch.equal(out[:, :3], x[:, :3])
    factors = (out / x)[:, 3:].flatten(1)
    assert factors.std(dim=1).max() < 1e-6
    assert 0.8 <= factors.min() < 0.82
    assert 1.48 < factors.max() <= 1.5 + 1e-6


def test_series_are_scaled_as_a_whole():
    """ME-TST multiplies a window by 0.9 to 1.1 (docs/model-sources.md#me-tst)."""
    augmentation = parse("scale:0.9:1.1")
    augmentation.check(regions(10), "pixels", "roi_flow")
    x = torch.rand(40, 10, 30, generator=chance()) + 1
    factors = (augmentation(x, regions(10), "pixels", chance()) / x).flatten(1)
    assert factors.std(dim=1).max() < 1e-6
    assert len(factors[:, 0].unique()) == 40
    assert 0.9 <= factors.min() < factors.max() <= 1.1 + 1e-6


def test_light_is_the_same_in_every_range():
    pictures = torch.randint(60, 200, (50, 4, 3, 6, 6), generator=chance()).float()
    mean, std = (torch.tensor(values)[:, None, None] for values in (IMAGENET_MEAN, IMAGENET_STD))
    lit = changed("light:0.1", pictures, RGB, "byte")
    assert torch.equal(lit, changed("light:0.1", pictures, RGB, "any"))
    unit = changed("light:0.1", pictures / 255, RGB, "unit")
    torch.testing.assert_close(255 * unit, lit, rtol=0, atol=1e-3)
    seen = changed("light:0.1", (pictures / 255 - mean) / std, RGB, "imagenet")
    torch.testing.assert_close(255 * (seen * std + mean), lit, rtol=0, atol=1e-3)


def test_light_is_one_line_per_clip_within_its_bounds():
    """out = gain in + offset for all pixels, frames and colours of a clip; the mean moves by up to 10 % of white."""
    x = torch.randint(60, 200, (300, 2, 3, 4, 4), generator=chance()).double()
    out = changed("light:0.1", x, RGB, "byte")
    gains = out.flatten(1).std(dim=1) / x.flatten(1).std(dim=1)
    moves = out.flatten(1).mean(dim=1) - x.flatten(1).mean(dim=1)
    line = gains[:, None] * (x.flatten(1) - x.flatten(1).mean(dim=1, keepdim=True)) + out.flatten(1).mean(1, True)
    torch.testing.assert_close(out.flatten(1), line)
    assert 0.9 <= gains.min() < 0.91
    assert 1.09 < gains.max() <= 1.1
    assert -25.5 <= moves.min() < -23
    assert 23 < moves.max() <= 25.5
    assert abs(np.corrcoef(gains, moves)[0, 1]) < 0.2


def test_light_stays_between_black_and_white():
    x = torch.tensor([0.0, 255.0]).expand(40, 3, 3, 2).clone()
    out = changed("light:0.5", x, RGB, "byte")
    assert out.min() == 0
    assert out.max() == 255


def test_light_on_textures_keeps_their_difference_and_all_motion():
    onset, apex = torch.randn(2, 30, 1, 5, 5, generator=chance()) + 1
    x = torch.cat([onset, apex, apex - onset, torch.randn(30, 3, 5, 5, generator=chance())], dim=1)
    out = changed("light:0.1", x, DIFF, "any")
    torch.testing.assert_close(out[:, 2], out[:, 1] - out[:, 0])
    assert torch.equal(out[:, 3:], x[:, 3:])
    assert ((out - x)[:, :3].abs().amax(dim=(1, 2, 3)) > 1e-4).all()


# --- chance ----------------------------------------------------------------------------------------------------------

CASES = [
    ("flip", FLOW, "pixels"),
    ("shift:2", FLOW, "unit"),
    ("rotate:5", FLOW, "pixels"),
    ("scale:0.8:1.5", FLOW, "any"),
    ("light:0.1", RGB, "imagenet"),
    ("flip shift:4 rotate:5 scale:0.8:1.5 light:0.1", DIFF, "any"),
]


@pytest.mark.parametrize(("text", "channels", "scale"), CASES)
def test_frames_of_a_clip_are_changed_alike_and_clips_are_not(text, channels, scale):
    picture = torch.rand(1, 1, len(channels), 9, 9, generator=chance())
    x = picture.repeat(16, 5, 1, 1, 1)
    before = x.clone()
    out = changed(text, x, channels, scale, 3)
    assert torch.equal(x, before), "the batch itself is left as it is"
    assert out.shape == x.shape
    assert out.dtype == x.dtype
    assert (out == out[:, :1]).all()
    assert len(out[:, 0].flatten(1).unique(dim=0)) >= (2 if text == "flip" else 9)
    torch.testing.assert_close(changed(text, x[:, 0], channels, scale, 3), out[:, 0])  # T pictures or one


@pytest.mark.parametrize(("text", "channels", "scale"), CASES)
def test_chance_is_the_generator_alone(text, channels, scale):
    x = torch.rand(16, len(channels), 9, 9, generator=chance())
    torch.manual_seed(1)
    first, augmentation = changed(text, x, channels, scale, 3), parse(text)
    state, generator = torch.get_rng_state(), chance(3)
    assert torch.equal(augmentation(x, channels, scale, generator), first)
    assert torch.equal(torch.get_rng_state(), state), "the global stream is not drawn from"
    assert not torch.equal(augmentation(x, channels, scale, generator), first), "the next batch draws on"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU is visible")
@pytest.mark.parametrize(("text", "channels", "scale"), CASES)
def test_a_gpu_changes_clips_as_the_cpu_does(text, channels, scale):
    x = torch.rand(16, len(channels), 32, 32, generator=chance())
    torch.testing.assert_close(changed(text, x.cuda(), channels, scale).cpu(), changed(text, x, channels, scale))


# --- words -----------------------------------------------------------------------------------------------------------


def test_none_is_no_augmentation():
    assert parse("none") is None


def test_every_words_example_is_understood():
    for name, word in WORDS.items():
        (parsed,) = parse(word.EXAMPLE).words
        assert (type(parsed), parsed.name) == (word, name)
    assert set(CHANGES) == set(WORDS.values())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("flop", r"unknown word 'flop' \(did you mean 'flip'\?\)"),
        ("flip rotat:5", r"unknown word 'rotat' \(did you mean 'rotate'\?\)"),
        ("flip:0.5", "'flip:0.5', but flip takes no argument; write for example 'flip'"),
        ("shift", "shift takes a whole number of pixels above 0; write for example 'shift:4'"),
        ("shift:0", "shift takes a whole number"),
        ("shift:1.5", "shift takes a whole number"),
        ("shift:four", "shift takes a whole number"),
        ("rotate:200", "rotate takes an angle"),
        ("rotate:nan", "rotate takes an angle"),
        ("scale:1.5:0.8", "scale takes two factors above 0, the smaller one first; .* 'scale:0.8:1.5'"),
        ("scale:0.8", "scale takes two factors"),
        ("light:1", "light takes a share above 0 and below 1"),
        ("light:", "light takes a share"),
        ("flip shift:2 flip", "has flip twice"),
        ("flip none", "is no list of words; write none, or for example 'flip shift:4'"),
        ("", "is no list of words"),
    ],
)
def test_words_that_are_wrong(text, message):
    with pytest.raises(UserError, match=message):
        parse(text)


@pytest.mark.parametrize(
    ("text", "channels", "scale", "message"),
    [
        ("flip", ("red", "green", "blue"), "unit", "flip does not go with long_flow .* by mirroring alone"),
        ("rotate:5", ("red", "green", "blue"), "unit", "hue is a direction"),
        ("scale:1:2", ("red", "green", "blue"), "unit", "none of its channels is motion"),
        ("light:0.1", ("red", "green", "blue"), "unit", "none of its channels is a photograph"),
        ("rotate:5", FLOW, "byte", r"apex_flow \(u, v, strain\) in the range byte: vectors cannot be turned"),
        ("rotate:5", FLOW, "unit", "use the range pixels"),
        ("rotate:5", FLOW, "imagenet", "use the range pixels"),
        ("rotate:5", ("u", "strain"), "pixels", "does not read both"),
        ("scale:1:2", FLOW, "unit", "no length"),
        ("scale:1:2", RGB, "byte", "none of its channels is motion"),
        ("flip light:0.1", FLOW, "pixels", "light does not go with apex_flow"),
        ("light:0.1", DIFF, "unit", "neither brightness nor contrast"),
        ("shift:1", ("u", "warmth"), "pixels", "the channel warmth is not known"),
    ],
)  # fmt: skip
def test_words_that_do_not_go_with_the_inputs(text, channels, scale, message):
    with pytest.raises(UserError, match=message):
        parse(text).check(channels, scale, KINDS.get(channels, "apex_flow"))


@pytest.mark.parametrize("text", ["flip", "shift:1", "rotate:5", "light:0.1"])
def test_series_and_vectors_are_no_pictures(text):
    with pytest.raises(UserError, match="series of regions, not pictures; only scale"):
        parse(text).check(regions(10), "pixels", "roi_flow")
    with pytest.raises(UserError, match="set augment: none"):
        parse(text).check(["lbp_top"], "any", "lbp_top")


@pytest.mark.parametrize(
    ("text", "channels", "scale"),
    [
        ("flip shift:4 rotate:5 scale:0.8:1.5 light:0.1", DIFF, "any"),
        ("flip shift:4", FLOW, "byte"),
        ("flip shift:4", FLOW, "imagenet"),
        ("flip shift:4 rotate:5 light:0.1", RGB, "imagenet"),
        ("shift:4", ("red", "green", "blue"), "unit"),
        ("rotate:5", ("strain",), "byte"),
    ],
)
def test_words_that_go_with_the_inputs(text, channels, scale):
    parse(text).check(channels, scale, KINDS.get(channels, "apex_flow"))


def test_the_words_of_every_card_go_with_its_inputs():
    seen = 0
    for name in cards.names("models"):
        for preset in {"paper": {}, **cards.card("models", name).get("presets", {})}:
            spec = recipes.resolve({"model": name, "preset": preset})
            augmentation = parse(spec["recipe"].get("augment", "none"))
            if augmentation is not None:
                augmentation.check(spec["inputs"]["channels"], spec["inputs"]["range"], spec["inputs"]["kind"])
                seen += 1
    assert seen
