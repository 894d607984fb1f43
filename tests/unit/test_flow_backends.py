"""Optical flow estimators against motion that is known, against OpenCV, and against themselves in batches."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from mebench import cards
from mebench.clips.clip import Clip
from mebench.config import input_names
from mebench.errors import UserError
from mebench.files import read_json, write_json
from mebench.inputs import build, dis, farneback, quality, store, tvl1, tvl1_solver, tvl1_torch
from mebench.inputs.flow import STILL, estimate_many, estimator
from mebench.inputs.median import SORT5, median5
from mebench.media.unavailable import Unavailable
from mebench.synthetic import generate

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU is visible")


def texture(height=80, width=96, seed=0):
    """A smooth random picture, float32 0..255."""
    picture = np.random.default_rng(seed).uniform(0, 255, (height, width)).astype(np.float32)
    return cv2.normalize(cv2.GaussianBlur(picture, (0, 0), 2), None, 0, 255, cv2.NORM_MINMAX)


def moved(picture, u, v):
    matrix = np.float32([[1, 0, u], [0, 1, v]])
    size = picture.shape[::-1]
    return cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT).clip(0, 255)


def pairs(count, height=40, width=50):
    """``count`` pairs of frames (B, H, W) with motions from none to three pixels."""
    first = [texture(height, width, seed) for seed in range(count)]
    second = [moved(picture, 3 * i / count, -i / count) for i, picture in enumerate(first)]
    return np.uint8(first), np.uint8(second)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """A small generated dataset: (folder, clips)."""
    folder = tmp_path_factory.mktemp("smic")
    generate.write("smic", folder / "data", folder / "truth", subjects=2, clips=3, seed=1)
    return folder, cards.load("datasets", "smic").read(folder / "data").clips


def source(folder, name):
    return build.InputJob(input_names.parse(name), folder / "data", "synthetic")


def made(folder, clips, name, out):
    build.make(source(folder, name), clips, out)
    build.finish(source(folder, name), clips, out)
    return store.load(out)


@pytest.mark.parametrize("name", input_names.FLOWS)
def test_a_shift_of_the_picture_is_found(name):
    picture = texture()
    first, second = np.uint8(picture), np.uint8(moved(picture, 1.5, -0.75))
    flow = estimator(name)(first, second)
    assert flow.shape == (2, 80, 96)
    assert flow.dtype == np.float32
    assert flow.flags.c_contiguous
    u, v = flow[:, 10:-10, 10:-10]
    assert abs(np.median(u) - 1.5) < 0.05  # to the right
    assert abs(np.median(v) + 0.75) < 0.05  # up


@pytest.mark.parametrize("name", ["tvl1", "tvl1_torch", "dis"])
def test_frames_that_are_equal_do_not_move(name):
    """Farneback's does: OpenCV finds up to 0.16 px between a frame and itself, near the border."""
    picture = np.uint8(texture())
    assert np.abs(estimator(name)(picture, picture)).max() < STILL


@pytest.mark.parametrize("name", input_names.FLOWS)
def test_equal_frames_are_refused(dataset, name):
    folder, clips = dataset
    maker = source(folder, name).maker()
    still = replace(clips[0], apex=clips[0].onset)
    with pytest.raises(UserError, match="both frames are the same picture"):
        list(maker.make_all([still]))


@pytest.mark.parametrize("name", input_names.FLOWS)
def test_frames_of_different_size_are_refused(name):
    with pytest.raises(ValueError, match="different size"):
        estimator(name)(np.zeros((32, 32), np.uint8), np.zeros((32, 33), np.uint8))


@pytest.mark.parametrize("name", input_names.FLOWS)
def test_one_frame_against_many(name):
    first, second = pairs(3)
    flows = estimate_many(name, first[0], list(second))
    np.testing.assert_array_equal(flows, [estimator(name)(first[0], other) for other in second])


def test_dis_is_the_preset_medium():
    first, second = (frames[-1] for frames in pairs(3, 80, 96))
    preset = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(first, second, None)
    np.testing.assert_array_equal(dis.flow(first, second), preset.transpose(2, 0, 1))


def test_farneback_has_slstt_parameters():
    """Facts on SLSTT, section 1.4."""
    assert list(farneback.SETTINGS.values()) == [0.5, 3, 15, 3, 5, 1.2, 0]


# --- TV-L1 in torch ---------------------------------------------------------------------------------------------------


def test_parameters_are_those_of_opencv():
    ours, theirs = tvl1_solver.SETTINGS, tvl1.SETTINGS
    names = {"tau": "tau", "lambda": "lambda_", "theta": "theta", "scales": "nscales", "scale_step": "scaleStep"}
    names |= {"warps": "warps", "outer": "outerIterations", "inner": "innnerIterations", "epsilon": "epsilon"}
    assert {name: ours[name] for name in names} == {name: theirs[other] for name, other in names.items()}
    assert theirs["medianFiltering"] == 5  # median5
    assert ours["inner"] % ours["check"] == 0


def test_endpoint_error_is_no_worse_than_opencvs(dataset, tmp_path):
    folder, clips = dataset
    flows = {name: made(folder, clips, name, tmp_path / name) for name in ("tvl1", "tvl1_torch")}
    errors = {
        name: [float(row["mean_epe"]) for row in quality.against_truth(kept, clips, folder / "truth")]
        for name, kept in flows.items()
    }
    assert np.mean(errors["tvl1_torch"]) <= np.mean(errors["tvl1"])
    difference = [flows["tvl1"].get(clip.clip_id) - flows["tvl1_torch"].get(clip.clip_id) for clip in clips]
    assert np.mean([np.hypot(*planes).mean() for planes in difference]) < 0.05


@pytest.mark.parametrize("size", [(16, 16), (31, 47), (40, 50)])
@pytest.mark.parametrize("together", [2, 7])
def test_a_pair_has_the_same_flow_alone_and_in_a_batch(monkeypatch, size, together):
    """Pairs stop after different numbers of iterations, so the batch loses members on its way."""
    first, second = pairs(7, *size)
    alone = np.stack([tvl1_torch.flow(a, b) for a, b in zip(first, second, strict=True)])
    monkeypatch.setattr(tvl1_solver, "batch_size", lambda *_: together)
    batch = tvl1_torch.flow_batch(first, second)
    if tvl1_solver.device().type == "cpu":
        np.testing.assert_array_equal(batch, alone)
    else:
        np.testing.assert_allclose(batch, alone, atol=1e-3)


def test_threads_change_nothing_and_are_given_back():
    first, second = pairs(2)
    before = torch.get_num_threads()
    try:
        flows = []
        for threads in (1, 2):
            torch.set_num_threads(threads)
            flows.append(tvl1_torch.flow_batch(first, second))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    np.testing.assert_array_equal(*flows)


def test_brightness_that_nothing_explains_leaves_the_flow_finite():
    first, second = np.zeros((40, 40), np.uint8), np.full((40, 40), 255, np.uint8)
    second[10:20] = 0
    assert np.isfinite(tvl1_torch.flow(first, second)).all()


def test_a_batch_fills_half_of_the_free_memory_of_a_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda where: (16 << 30, 24 << 30))
    gpu = torch.device("cuda")
    assert tvl1_solver.batch_size(gpu, 128, 128) == (8 << 30) // 640 // 128**2
    assert tvl1_solver.batch_size(gpu, 1 << 14, 1 << 14) == 1  # never none
    assert tvl1_solver.batch_size(torch.device("cpu"), 128, 128) == 1


def test_a_gpu_has_another_fingerprint_than_the_cpu(dataset, monkeypatch):
    folder, clips = dataset
    of = source(folder, "tvl1_torch")
    before = build._fingerprints(of, of.maker(), clips[:1])[0]
    monkeypatch.setattr(tvl1_solver, "device", lambda: torch.device("cuda"))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda where: "Some GPU")
    assert tvl1_torch.settings()["device"] == "Some GPU"
    assert build._fingerprints(of, of.maker(), clips[:1])[0] != before


def test_parts_of_two_kinds_of_machine_are_not_joined(dataset, tmp_path):
    folder, clips = dataset
    made(folder, clips, "dis", tmp_path / "dis")
    path = tmp_path / "dis/parts/smic-s02.json"
    record = read_json(path)
    write_json(path, record | {"settings": record["settings"] | {"PatchSize": 12}})
    with pytest.raises(UserError, match=r"PatchSize is 8 for smic-s01 and 12 for smic-s02"):
        build.finish(source(folder, "dis"), clips, tmp_path / "dis")


def test_parts_hold_few_clips_of_one_subject(dataset, tmp_path):
    """Also where a subject has many: processes share its clips, and a part that is gone costs no other."""
    folder, clips = dataset
    counts = {name: sum(clip.subject == f"smic/{name}" for clip in clips) for name in ("s01", "s02")}
    assert counts == {"s01": 5, "s02": 1}
    groups = build.parts(clips[::-1], 2)
    assert {part: len(group) for part, group in groups.items()} == {"smic-s01": 2, "smic-s01+2": 2, "smic-s01+3": 1,
                                                                    "smic-s02": 1}  # fmt: skip
    assert [clip.clip_id for group in groups.values() for clip in group] == sorted(c.clip_id for c in clips)
    kept = made(folder, clips, "dis", tmp_path / "dis")
    assert set(kept.meta["parts"]) == {"smic-s01", "smic-s01+2", "smic-s02"}
    for clip in clips:
        assert kept.get(clip.clip_id).shape == (2, 128, 112)
    fewer = [clip for clip in clips if clip.subject == "smic/s01"][:3] + clips[-1:]
    assert made(folder, fewer, "dis", tmp_path / "dis").ids == sorted(clip.clip_id for clip in fewer)
    assert {path.stem for path in (tmp_path / "dis/parts").iterdir()} == {"smic-s01", "smic-s02"}


def test_clips_of_equal_size_go_together_and_come_out_in_order(monkeypatch):
    """Sizes alternate, and one clip has no face."""
    small, large = pairs(2, 32, 40), pairs(2, 48, 40)
    frames = {"a": (small[0][0], small[1][0]), "b": (large[0][1], large[1][1]), "d": (small[0][1], small[1][1])}

    def pair(self, clip):
        if clip.clip_id == "c":
            raise Unavailable("no_face", "none was found")
        return frames[clip.clip_id]

    seen = []
    real = tvl1_torch.flow_batch
    monkeypatch.setattr(tvl1_torch.Input, "pair", pair)
    monkeypatch.setattr(tvl1_torch, "flow_batch", lambda a, b: seen.append(a.shape) or real(a, b))
    # the first pair of a set stands still: without check, which would refuse it
    monkeypatch.setattr(tvl1_torch, "check", lambda result, clip_id: None)
    maker = tvl1_torch.Input(input_names.parse("tvl1_torch"), ".")
    result = list(maker.make_all([Clip(name, "s", "s/1") for name in "abcd"]))
    assert [name for name, _ in result] == list("abcd")
    assert sorted(seen) == [(1, 48, 40), (2, 32, 40)]
    results = dict(result)
    assert results["c"].status == "no_face"
    for name, (first, second) in frames.items():
        np.testing.assert_allclose(results[name].array, real(first[None], second[None])[0], atol=1e-3)


def test_clips_without_motion_are_refused_in_batches_too(monkeypatch):
    still = np.uint8(texture())
    monkeypatch.setattr(tvl1_torch.Input, "pair", lambda self, clip: (still, still))
    maker = tvl1_torch.Input(input_names.parse("tvl1_torch"), ".")
    with pytest.raises(UserError, match="the flow of s/1 .* is constant"):
        list(maker.make_all([Clip("s/1", "s", "s/1")]))


def test_a_batch_of_clips_is_stored_like_single_ones(dataset, tmp_path, monkeypatch):
    folder, clips = dataset
    kept = made(folder, clips, "tvl1_torch", tmp_path / "one")
    assert kept.meta["settings"]["device"] == tvl1_torch.settings()["device"]
    maker = source(folder, "tvl1_torch").maker()
    for clip in clips[:2]:
        np.testing.assert_array_equal(kept.get(clip.clip_id), maker.make(clip).array)


# --- the median -------------------------------------------------------------------------------------------------------


def test_the_network_sorts_all_orders_of_five():
    """Zeros and ones are enough: a network that sorts these sorts everything (Knuth)."""
    for bits in range(32):
        values = [bits >> i & 1 for i in range(5)]
        for i, j in SORT5:
            values[i], values[j] = sorted((values[i], values[j]))
        assert values == sorted(values)


@pytest.mark.parametrize("levels", [2, 3, 1000])
def test_median_is_exact(levels):
    picture = np.random.default_rng(levels).integers(0, levels, (2, 2, 21, 34)).astype(np.float32)
    expected = np.array([[cv2.medianBlur(plane, 5) for plane in planes] for planes in picture])
    np.testing.assert_array_equal(median5(torch.from_numpy(picture)), expected)


# --- on a GPU ---------------------------------------------------------------------------------------------------------


@needs_gpu
def test_a_gpu_finds_the_flow_of_the_cpu_and_repeats_itself(monkeypatch):
    first, second = pairs(16, 96, 80)
    gpu = [tvl1_torch.flow_batch(first, second) for _ in range(2)]
    np.testing.assert_array_equal(*gpu)
    monkeypatch.setattr(tvl1_solver, "device", lambda: torch.device("cpu"))
    difference = gpu[0] - tvl1_torch.flow_batch(first, second)
    assert np.sqrt((difference**2).sum(1)).mean() < 0.005
