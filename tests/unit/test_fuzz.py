"""A handful of the random corruptions of `benchmarks/fuzz.py`: no traceback, and what nobody touched stays the same."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import fuzz


@pytest.mark.parametrize(("dataset", "count"), [("flow_images", 40), ("smic_vis", 25), ("casme3", 35)])
def test_corruptions(tmp_path, dataset, count):
    counts, faults = fuzz.campaign(dataset, count, seed=1, place=tmp_path)
    assert [str(fault) for fault in faults] == []
    assert sum(counts.values()) >= 0.9 * count
    assert len({outcome for _, outcome in counts}) >= 3


@pytest.mark.slow
@pytest.mark.skipif("'slow' not in config.getoption('-m')", reason="a long campaign; run it with -m slow")
@pytest.mark.parametrize("dataset", fuzz.cards.names("datasets"))
def test_a_thousand_corruptions(tmp_path, dataset):
    _, faults = fuzz.campaign(dataset, 1000, seed=0, place=tmp_path)
    assert [str(fault) for fault in faults] == []


def test_a_fault_is_seen(tmp_path, monkeypatch):
    """A reader that changes clips which nobody touched, one that loses them, one that breaks and one that hangs."""
    whole = fuzz.Whole("flow_images", tmp_path)
    touched = fuzz.Touched("nothing", set())

    def other_label(dataset, root, out):
        clips = [fuzz.replace(clip, emotion="surprise") for clip in whole.rows]
        return clips, ""

    monkeypatch.setattr(fuzz, "index", other_label)
    what, sentence = fuzz.judged(whole, touched, whole.root, fuzz.Random(0), tmp_path)
    assert what == "nothing"
    assert "was not touched, but is" in sentence
    monkeypatch.setattr(fuzz, "index", lambda dataset, root, out: ([], "## Dropped rows (0)"))
    _, sentence = fuzz.judged(whole, fuzz.Touched("a folder", set(whole.clips)), whole.root, fuzz.Random(0), tmp_path)
    assert "is gone and no row is dropped" in sentence
    monkeypatch.undo()

    def breaks(chance, copy):
        raise KeyError("a reader breaks")

    monkeypatch.setattr(fuzz, "CORRUPTIONS", {"broken": breaks})
    monkeypatch.setattr(fuzz, "TEXTS", {})
    _, faults = fuzz.campaign("flow_images", 4, seed=0, place=tmp_path / "again")
    assert any("KeyError: 'a reader breaks'" in fault.what for fault in faults)
    with pytest.raises(TimeoutError, match="not finished after 1 s"), fuzz.limited(1):
        time.sleep(5)
