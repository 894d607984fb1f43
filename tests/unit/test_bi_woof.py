"""Bi-WOOF: the feature against a plain loop, by hand, and in the cases that a plain loop gets wrong."""

from __future__ import annotations

import math

import pytest
import torch

from mebench.models import build
from mebench.models.bi_woof_svm import bi_woof, block_sums, octant

# all edges of the bins and, in each bin, its middle; the last edge, 180 degrees, is the first
EDGES = {(-1, 0): 0, (-1, -1): 1, (0, -1): 2, (1, -1): 3, (1, 0): 4, (1, 1): 5, (0, 1): 6, (-1, 1): 7}
MIDDLES = {(-2, -1): 0, (-1, -2): 1, (1, -2): 2, (2, -1): 3, (2, 1): 4, (1, 2): 5, (-1, 2): 6, (-2, 1): 7}


def flow(n=2, height=23, width=31, seed=0):
    x = torch.randn(n, 3, height, width, generator=torch.Generator().manual_seed(seed))
    x[:, 2] = x[:, 2].abs()
    return x


def by_loop(x, blocks=5):
    """The facts, baselines 9, one pixel at a time, for one clip (3, H, W)."""
    _, height, width = x.shape
    histogram = torch.zeros(blocks, blocks, 8, dtype=torch.double)
    strain = torch.zeros(blocks, blocks, dtype=torch.double)
    for i in range(height):
        for j in range(width):
            u, v, e = x[:, i, j].tolist()
            p, q = i * blocks // height, j * blocks // width
            degrees = math.degrees(math.atan2(v, u))
            histogram[p, q, int((degrees + 180) // 45)] += math.hypot(u, v)
            strain[p, q] += e
    vector = (histogram / histogram.sum(dim=-1, keepdim=True) * strain[..., None]).flatten()
    return vector / vector.norm()


@pytest.mark.parametrize("blocks", [5, 6, 8])
def test_vectors_are_those_of_the_plain_loop(blocks):
    x = flow()
    expected = torch.stack([by_loop(clip, blocks) for clip in x])
    torch.testing.assert_close(bi_woof(x, blocks).double(), expected, rtol=1e-5, atol=1e-7)


def test_200_values_of_length_one():
    """Facts, baselines 9: 5 x 5 blocks of 8 bins."""
    vectors = bi_woof(flow(4))
    assert vectors.shape == (4, 200)
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(4))
    assert (vectors >= 0).all()


def test_two_pixels_by_hand():
    """One block: magnitude 5 at 53 degrees (bin 5) and 15 at 180 (bin 0), strain 2 + 4: histogram (3/4, 0, ..., 1/4),
    times 6, divided by its length."""
    x = torch.tensor([[[[3.0, -15.0]], [[4.0, 0.0]], [[2.0, 4.0]]]])
    expected = torch.zeros(1, 8)
    expected[0, 0], expected[0, 5] = 3 / math.sqrt(10), 1 / math.sqrt(10)
    torch.testing.assert_close(bi_woof(x, blocks=1), expected)


def test_strain_weighs_blocks_and_magnitude_only_pixels_within_them():
    x = flow(1, 20, 20)
    plain = bi_woof(x).reshape(5, 5, 8).sum(dim=-1)
    torch.testing.assert_close(plain / plain[0, 0], (sums := block_sums(x[:, 2], 5)[0]) / sums[0, 0])
    faster = x.clone()
    faster[:, :2, :4, :4] *= 7  # all flow of the first block
    torch.testing.assert_close(bi_woof(faster), bi_woof(x))
    x[:, 2, :4, :4] *= 3
    strained = bi_woof(x).reshape(5, 5, 8).sum(dim=-1)
    torch.testing.assert_close(strained[0, 0] / strained[2, 2], 3 * plain[0, 0] / plain[2, 2])


@pytest.mark.parametrize("length", [1e-6, 0.1, 1, 1 / 3, 1e5])
@pytest.mark.parametrize(("direction", "expected"), [*EDGES.items(), *MIDDLES.items()])
def test_bins_hold_their_lower_edge(direction, expected, length):
    u, v = (length * torch.tensor(float(d)) for d in direction)
    assert octant(u, v).item() == expected
    assert octant(u, -0.0 * u if v == 0 else v).item() == expected  # a zero has no sign


def test_bins_are_those_of_the_angle():
    u, v = torch.randn(2, 10_000, generator=torch.Generator().manual_seed(0), dtype=torch.double)
    expected = torch.floor((torch.rad2deg(torch.atan2(v, u)) + 180) / 45).long()
    assert torch.equal(octant(u, v), expected)


@pytest.mark.parametrize("turns", [1, 2, 5])
def test_flow_turned_by_45_degrees_is_in_the_next_bins(turns):
    x, angle = flow(), math.radians(45 * turns)
    turned = x.clone()
    turned[:, 0] = x[:, 0] * math.cos(angle) - x[:, 1] * math.sin(angle)
    turned[:, 1] = x[:, 0] * math.sin(angle) + x[:, 1] * math.cos(angle)
    expected = bi_woof(x).reshape(-1, 25, 8).roll(turns, dims=2).flatten(1)
    torch.testing.assert_close(bi_woof(turned), expected, rtol=1e-4, atol=1e-6)


def test_a_block_without_motion_gives_zeros():
    x = flow(1, 20, 20)
    x[:, :2, :4, 4:8] = 0
    vector = bi_woof(x).reshape(25, 8)
    assert torch.isfinite(vector).all()
    assert [i for i in range(25) if not vector[i].any()] == [1]
    torch.testing.assert_close(vector.norm(), torch.tensor(1.0))


def test_a_clip_without_motion_or_strain_gives_zeros():
    assert not bi_woof(torch.zeros(1, 3, 20, 20)).any()
    x = flow(1)
    x[:, 2] = 0
    assert not bi_woof(x).any()


@pytest.mark.parametrize("side", [20, 23])
def test_blocks_are_disjoint_and_cover_the_picture(side):
    x = flow(2, side, side + 1)[:, 2]
    torch.testing.assert_close(block_sums(x, 5).sum(dim=(1, 2)), x.sum(dim=(1, 2)))
    pixels = block_sums(torch.ones(1, side, side), 5)[0]
    assert pixels.sum() == side**2
    assert pixels.sqrt().min() >= side // 5


def test_a_clip_does_not_see_its_batch():
    x = flow(3)
    torch.testing.assert_close(bi_woof(x)[1:2], bi_woof(x[1:2]))


@pytest.mark.parametrize(("blocks", "values"), [(5, 200), (6, 288), (8, 512)])
def test_the_model_fits_directions(blocks, values):
    """Three classes that differ only in the direction of a spot of motion."""
    x, y = 0.2 * flow(60, 40, 40), torch.arange(60) % 3
    for label, (u, v) in enumerate([(1, 0.5), (-1, 0.5), (0.5, -1)]):
        x[y == label, 0, 8:16, 8:16] += u
        x[y == label, 1, 8:16, 8:16] += v
    model = build("bi_woof_svm", num_classes=3, blocks=blocks)
    assert model.svm.weight.shape == (3, values)
    model.fit(x[:45], y[:45])
    assert torch.equal(model.eval()(x[45:]).argmax(dim=1), y[45:])
