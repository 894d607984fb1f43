"""TV-L1 flow against motion that is known, and the files it is kept in."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from mebench import cards
from mebench.datasets import _synthetic
from mebench.errors import UserError
from mebench.inputs import apex_flow, store, tvl1


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """A small generated dataset with its flow: (folder, rows of clips.csv)."""
    folder = tmp_path_factory.mktemp("samm")
    _synthetic.write("samm", folder / "data", folder / "truth", subjects=2, clips=2, seed=0)
    clips = [
        {k: str(v) for k, v in clip.items()} for clip in cards.load("datasets", "samm").read(folder / "data").clips
    ]
    tvl1.make(clips, folder / "data", folder / "tvl1", origin="synthetic", truth=folder / "truth", jobs=1)
    return folder, clips


def test_a_shift_of_the_picture_is_found():
    rng = np.random.default_rng(0)
    import cv2

    picture = cv2.GaussianBlur(rng.uniform(0, 255, (80, 80)).astype(np.float32), (0, 0), 2)
    picture = cv2.normalize(picture, None, 0, 255, cv2.NORM_MINMAX)
    moved = cv2.warpAffine(picture, np.float32([[1, 0, 1.5], [0, 1, -0.75]]), (80, 80), borderMode=cv2.BORDER_REFLECT)
    u, v = tvl1.flow(picture.astype(np.uint8), moved.astype(np.uint8))[:, 10:-10, 10:-10]
    assert abs(np.median(u) - 1.5) < 0.05  # to the right
    assert abs(np.median(v) + 0.75) < 0.05  # up


def test_endpoint_error_on_synthetic_faces(dataset):
    """0.125 px was measured on 128 x 128 pictures with this estimator (facts, optical flow on one thread)."""
    folder, clips = dataset
    rows = tvl1.quality(tvl1.load(folder / "tvl1"), clips, folder / "truth")
    assert [row["clip_id"] for row in rows] == sorted(clip["clip_id"] for clip in clips)
    assert np.mean([float(row["mean_epe"]) for row in rows]) < 0.2
    for row in rows:  # far better than the guess that nothing moved
        assert float(row["mean_epe"]) < 0.5 * float(row["mean_truth"])
    assert (folder / "tvl1" / "quality.csv").read_text().splitlines()[0] == ",".join(tvl1.QUALITY)


def test_finished_subjects_are_not_done_again(dataset, tmp_path, monkeypatch):
    folder, clips = dataset
    shutil.copytree(folder / "tvl1", tmp_path / "tvl1")
    asked = []
    monkeypatch.setattr(
        tvl1, "flow", lambda a, b: asked.append(1) or np.random.default_rng(0).normal(size=(2, *a.shape))
    )
    before = (tmp_path / "tvl1" / "meta.json").read_bytes()
    tvl1.make(clips, folder / "data", tmp_path / "tvl1", origin="synthetic", truth=None, jobs=1)
    assert asked == []
    assert (tmp_path / "tvl1" / "meta.json").read_bytes() == before
    # another apex is another flow: that subject alone is done again
    changed = [dict(clip) for clip in clips]
    changed[-1]["apex"] = str(int(changed[-1]["apex"]) + 1)
    of_subject = sum(clip["subject"] == changed[-1]["subject"] for clip in clips)
    tvl1.make(changed, folder / "data", tmp_path / "tvl1", origin="synthetic", truth=None, jobs=1)
    assert len(asked) == of_subject
    assert json.loads((tmp_path / "tvl1" / "meta.json").read_text())["digest"] not in before.decode()


def test_parts_of_subjects_that_are_gone_are_removed(dataset, tmp_path):
    folder, clips = dataset
    shutil.copytree(folder / "tvl1", tmp_path / "tvl1")
    kept = [clip for clip in clips if clip["subject"] == "samm/006"]
    tvl1.make(kept, folder / "data", tmp_path / "tvl1", origin="synthetic", truth=None, jobs=1)
    assert set(tvl1.load(tmp_path / "tvl1")) == {clip["clip_id"] for clip in kept}


def test_store_is_joined_by_clip_and_not_by_position(dataset, tmp_path):
    folder, clips = dataset
    for name, order in (("a", clips), ("b", clips[::-1])):
        apex_flow.from_flow(order, folder / "tvl1", tmp_path / name, 28, origin="synthetic")
    for file in ("x.npy", "index.csv", "meta.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    kept = store.load(tmp_path / "a")
    assert kept.x.shape == (len(clips), 3, 28, 28)
    assert kept.x.dtype == np.float32
    for clip in clips:
        row = kept.x[kept.rows([clip["clip_id"]])[0]]
        np.testing.assert_array_equal(row, apex_flow.resize(tvl1.load(folder / "tvl1")[clip["clip_id"]], 28))
    with pytest.raises(UserError, match="samm/099/none"):
        kept.rows(["samm/099/none"])


def test_truth_of_another_apex_is_refused(dataset):
    folder, clips = dataset
    changed = [{**clips[0], "apex": str(int(clips[0]["apex"]) + 1)}]
    with pytest.raises(UserError, match="index the dataset again"):
        tvl1.quality(tvl1.load(folder / "tvl1"), changed, folder / "truth")


def test_opencv_without_contrib_is_named(monkeypatch):
    import cv2

    monkeypatch.delattr(cv2, "optflow")
    with pytest.raises(UserError, match="opencv-contrib-python-headless"):
        tvl1.flow(np.zeros((32, 32), np.uint8), np.zeros((32, 32), np.uint8))
