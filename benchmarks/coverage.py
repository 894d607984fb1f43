"""Whether intervals, tests and power are what they say, on simulated studies of the composite whose truth is known.

    nice python benchmarks/coverage.py    # the tables of benchmarks/README.md#coverage

A study is 68 subjects of SMIC, CASME II and SAMM, as many of each as in reality. The classes of a subject are those of
a real subject of its dataset, drawn with replacement (``drawn``) or as they are (``fixed``). How a subject is
predicted is drawn around the rates of a real network (HTNet at its last epoch) by Dirichlet distributions of each
class, so that clips of one subject are alike: the correlation of two of them is ``--alike`` (0.05 to 0.15 in the
measured networks). ``measured`` draws subjects of the real network with its predictions. A second network agrees with
the first on half of the clips by copying, and is drawn in the same way on the others. The figures of the tables say
how often what was computed from a study was right.
"""

from __future__ import annotations

import argparse
import resource
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mebench.catalogue.listing import markdown_table
from mebench.metrics.pooled import uf1
from mebench.statistics import reading, source
from mebench.statistics.comparison import mcnemar_exact
from mebench.statistics.counts import Counts
from mebench.statistics.intervals import METHODS, Resampled, interval_ends
from mebench.statistics.permutation import permutation
from mebench.statistics.power import pair_detectable
from mebench.statistics.resampling import draws, mean_over_seeds, places_by_stratum, pooled, without_each

FOLDS = Path(__file__).parents[1] / "docs/megc2019-flow-folds.csv"
RESAMPLES = 1999
COPIED = 0.5  # share of the clips on which the second network says what the first one says
PARTS = {"all": "composite", "smic": "SMIC", "casme2": "CASME II", "samm": "SAMM"}


@dataclass(frozen=True)
class Pair:
    """The results of two networks on the same clips, and how many clips only one of them predicts right."""

    a: Counts
    b: Counts
    only_a: int
    only_b: int


@dataclass(frozen=True)
class World:
    """What studies are drawn from: the measured network, and how alike clips of a subject are; 0: not at all."""

    measured: Counts
    alike: float
    design: str  # drawn, fixed or measured

    @property
    def sizes(self) -> np.ndarray:
        """Clips of each subject and class, (S, C)."""
        return self.measured.table[0].sum(axis=-1)

    @property
    def rates(self) -> np.ndarray:
        """How often each class is predicted for a true class in the dataset of each subject, (S, C, C)."""
        rates = np.empty(self.measured.table.shape[1:])
        for places in places_by_stratum(self.measured.strata):
            counts = self.measured.table[0, places].sum(axis=0) + 0.5
            rates[places] = counts / counts.sum(axis=-1, keepdims=True)
        return rates

    def true(self, rates: np.ndarray | None = None) -> float:
        """UF1 of endless clips."""
        if self.design == "measured":
            return float(uf1(self.measured.table[0].sum(axis=0)))
        used = self.rates if rates is None else rates
        return float(uf1((self.sizes[..., None] * used).sum(axis=0)))

    def subjects(self, random: np.random.Generator) -> np.ndarray:
        """The places of the subjects of a study."""
        if self.design == "fixed":
            return np.arange(len(self.measured.subjects))
        drawn = np.empty(len(self.measured.subjects), dtype=np.int64)
        for places in places_by_stratum(self.measured.strata):
            drawn[places] = random.choice(places, len(places))
        return drawn

    def predicted(self, subjects: np.ndarray, sizes: np.ndarray, rates: np.ndarray, random: np.random.Generator):
        """Counts (S, C, C) of clips, ``sizes`` (S, C) of them."""
        own = rates[subjects]
        if self.alike:
            own = random.standard_gamma(own * (1 / self.alike - 1))
            own = own / own.sum(axis=-1, keepdims=True)
        return random.multinomial(sizes, own)

    def study(self, random: np.random.Generator) -> Counts:
        """The results of one network."""
        subjects = self.subjects(random)
        if self.design == "measured":
            return self._counts(self.measured.table[0, subjects])
        return self._counts(self.predicted(subjects, self.sizes[subjects], self.rates, random))

    def pair(self, random: np.random.Generator, better: np.ndarray) -> Pair:
        """The results of two networks; those of the second are as the rates ``better`` say."""
        subjects = self.subjects(random)
        sizes = self.sizes[subjects]
        first = self.predicted(subjects, sizes, self.rates, random)
        copied = random.binomial(first, COPIED)
        left, others = sizes - copied.sum(axis=-1), (better - COPIED * self.rates) / (1 - COPIED)
        second = self.predicted(subjects, left, others, random)
        right, other = (np.diagonal(own, axis1=-2, axis2=-1) for own in (first - copied, second))
        both = random.hypergeometric(right, left - right, other)  # which clips these are is chance
        return Pair(self._counts(first), self._counts(copied + second), int((right - both).sum()),
                    int((other - both).sum()))  # fmt: skip

    def _counts(self, table: np.ndarray) -> Counts:
        return replace(self.measured, table=table[None], clips=None)


def better_rates(world: World, difference: float) -> np.ndarray:
    """Rates with which UF1 is ``difference`` higher: a share of every error becomes right."""
    right = np.eye(world.rates.shape[-1])
    low, high = 0.0, COPIED
    for _ in range(40):
        share = (low + high) / 2
        rates = world.rates * (1 - share) + share * right
        low, high = (share, high) if world.true(rates) - world.true() < difference else (low, share)
    return rates


def worlds(part: str, alike: float) -> dict[str, World]:
    measured = reading.read(source.parse(f"{FOLDS}::run=htnet,epochs=last"))
    measured = measured if part == "all" else measured.part(part)
    return {design: World(measured, alike, design) for design in ("drawn", "fixed", "measured")}


# --- intervals


def coverage(world: World, simulations: int, random: np.random.Generator) -> dict[str, float]:
    """The share of studies whose interval of UF1 holds the truth, by method."""
    true, held = world.true(), dict.fromkeys(METHODS, 0)
    weights, left = draws(world.measured.strata, RESAMPLES), without_each(len(world.measured.subjects))
    for _ in range(simulations):
        study = world.study(random)
        found = Resampled(float(uf1(study.table.sum(axis=1))[0]), mean_over_seeds(uf1, pooled(study.table, weights)),
                          mean_over_seeds(uf1, pooled(study.table, left)), study.strata)  # fmt: skip
        for method in METHODS:
            ends = interval_ends(found, method=method)
            held[method] += ends.low <= true <= ends.high
    return {method: count / simulations for method, count in held.items()}


def difference_coverage(world: World, difference: float, simulations: int, random: np.random.Generator) -> float:
    """The share of studies whose interval of a difference holds the truth."""
    rates = better_rates(world, difference)
    true, held = world.true(rates) - world.true(), 0
    weights, left = draws(world.measured.strata, RESAMPLES), without_each(len(world.measured.subjects))
    for _ in range(simulations):
        pair = world.pair(random, rates)
        a, b = pair.a.table, pair.b.table
        apart = [mean_over_seeds(uf1, pooled(b, own)) - mean_over_seeds(uf1, pooled(a, own)) for own in (weights, left)]
        observed = float(uf1(b.sum(axis=1))[0] - uf1(a.sum(axis=1))[0])
        ends = interval_ends(Resampled(observed, *apart, world.measured.strata))
        held += ends.low <= true <= ends.high
    return held / simulations


# --- tests


def levels(world: World, simulations: int, random: np.random.Generator) -> tuple[float, float]:
    """How often two networks that are equally good are told apart at 5 %: by the permutation of UF1, and by McNemar."""
    found = [0, 0]
    for _ in range(simulations):
        pair = world.pair(random, world.rates)
        found[0] += _shown(pair.a, pair.b)
        found[1] += mcnemar_exact(pair.only_a, pair.only_b) <= 0.05
    return found[0] / simulations, found[1] / simulations


# --- power


@dataclass(frozen=True)
class Found:
    """What the figure of power is worth: the ``mean`` and the standard deviation, over measured studies, of the
    difference that is said to be found with 80 %, and how often new studies with a true difference of that size show
    it: where errors become right by ``chance``, as the figure assumes, and where those of both networks ``stay``."""

    mean: float
    spread: float
    chance: float
    stay: float


def power(world: World, studies: int, simulations: int, random: np.random.Generator) -> Found:
    said = []
    for _ in range(studies):
        pair = world.pair(random, world.rates)
        said.append(pair_detectable(pair.a, pair.b, seeds=1))
    found, right = [0, 0], np.eye(world.rates.shape[-1], dtype=np.int64)
    for difference in said:
        rates = better_rates(world, difference)
        share = float(1 - (1 - rates[0, 0, 0]) / (1 - world.rates[0, 0, 0]))
        for _ in range(simulations):
            pair = world.pair(random, world.rates)
            mended = random.binomial(pair.b.table * (1 - right), share)
            better = replace(pair.b, table=pair.b.table - mended + right * mended.sum(axis=-1)[..., None])
            found[0] += _shown(pair.a, better)
            pair = world.pair(random, rates)
            found[1] += _shown(pair.a, pair.b)
    shares = [count / studies / simulations for count in found]
    return Found(float(np.mean(said)), float(np.std(said)), *shares)


def _shown(a: Counts, b: Counts) -> bool:
    tested = permutation(a, b, uf1)
    return tested is not None and tested.p <= 0.05


# --- the tables


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulations", type=int, default=2000, help="studies of each cell (default 2000)")
    parser.add_argument("--alike", type=float, default=0.1, help="correlation of a subject's clips (default 0.1)")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    random, per_cent = np.random.default_rng(args.seed), "{:.1f} %".format
    intervals, tests, detected = [], [], []
    for part, title in PARTS.items():
        made = worlds(part, args.alike)
        for design, world in made.items():
            held = coverage(world, args.simulations, random)
            intervals.append([title, design, f"{world.true():.3f}", *(per_cent(100 * held[name]) for name in METHODS)])
        held_apart = difference_coverage(made["drawn"], 0.05, args.simulations, random)
        kept, mcnemar = levels(made["drawn"], args.simulations, random)
        _, independent = levels(replace(made["drawn"], alike=0.0), args.simulations, random)
        tests.append([title, *(per_cent(100 * one) for one in (held_apart, kept, mcnemar, independent))])
        studies = max(2, args.simulations // 50)
        one = power(made["drawn"], studies, 50, random)
        said = f"{one.mean:.3f} ± {one.spread:.3f}"
        detected.append([title, said, per_cent(100 * one.chance), per_cent(100 * one.stay)])
    print(markdown_table(("part", "subjects", "true UF1", *METHODS), intervals), "\n")
    print(markdown_table(("part", "interval of a difference of 0.05", "permutation by subject", "McNemar",
                          "McNemar, clips independent"), tests), "\n")  # fmt: skip
    print(markdown_table(("part", "smallest difference", "found", "found where shared errors stay"), detected), "\n")
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(f"{args.simulations} studies a cell, {used.ru_utime + used.ru_stime:.0f} s of CPU")


if __name__ == "__main__":
    main()
