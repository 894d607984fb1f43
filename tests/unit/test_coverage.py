"""The simulated studies of benchmarks/coverage.py: a few in every run, the campaign by name (pytest -m slow)."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mebench.metrics.pooled import uf1
from mebench.statistics.counts import check_same_clips

SCRIPT = Path(__file__).parents[2] / "benchmarks/coverage.py"


def _script():
    spec = importlib.util.spec_from_file_location("simulated_studies", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look their own module up
    spec.loader.exec_module(module)
    return module


coverage = _script()
WORLDS = coverage.worlds("all", 0.1)
SLOW = "'slow' not in config.getoption('-m')"


def test_studies_are_around_the_truth_and_have_the_sizes_of_the_composite():
    random = np.random.default_rng(0)
    assert WORLDS["fixed"].study(random).clip_count == 442
    for world in WORLDS.values():
        found = [float(uf1(world.study(random).table.sum(axis=1))[0]) for _ in range(200)]
        assert np.mean(found) == pytest.approx(world.true(), abs=0.01)
    world = WORLDS["drawn"]
    share = coverage.share_better(world, 0.1)
    pairs = [world.pair(random, share) for _ in range(200)]
    check_same_clips(pairs[0].a, pairs[0].b)
    apart = [float(uf1(pair.b.table.sum(axis=(0, 1))) - uf1(pair.a.table.sum(axis=(0, 1)))) for pair in pairs]
    assert np.mean(apart) == pytest.approx(0.1, abs=0.01)


def test_clips_of_a_subject_are_alike():
    random = np.random.default_rng(0)
    spread = []
    for alike in (0.0, 0.3):
        world = replace(WORLDS["fixed"], alike=alike)
        spread.append(np.std([uf1(world.study(random).table.sum(axis=1))[0] for _ in range(300)]))
    assert spread[1] > 1.3 * spread[0]


def test_intervals_of_a_few_studies_hold_the_truth():
    held = coverage.coverage(WORLDS["measured"], 60, np.random.default_rng(1))
    assert held["expanded"] >= max(held["percentile"], 0.88)


@pytest.mark.slow
@pytest.mark.skipif(SLOW, reason="a long campaign; run it with -m slow")
@pytest.mark.parametrize("design", WORLDS)
def test_intervals_hold_the_truth_in_95_of_100_studies(design):
    held = coverage.coverage(WORLDS[design], 2000, np.random.default_rng(2))
    assert 0.93 <= held["expanded"] <= 0.97


@pytest.mark.slow
@pytest.mark.skipif(SLOW, reason="a long campaign; run it with -m slow")
def test_the_permutation_keeps_its_level():
    kept, _ = coverage.levels(WORLDS["drawn"], 2000, np.random.default_rng(3))
    assert kept == pytest.approx(0.05, abs=0.01)


@pytest.mark.slow
@pytest.mark.skipif(SLOW, reason="a long campaign; run it with -m slow")
@pytest.mark.parametrize("part", coverage.PARTS)
def test_power_is_what_it_says(part):
    world = coverage.worlds(part, 0.1)["drawn"]
    found = coverage.power(world, 100, coverage.NEW, np.random.default_rng([4, *part.encode()]))
    assert found.chance == pytest.approx(0.8, abs=0.05)
