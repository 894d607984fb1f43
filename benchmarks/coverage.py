"""Whether intervals, tests and power are what they say, on simulated studies of the composite whose truth is known.

    nice python benchmarks/coverage.py    # the tables of benchmarks/README.md#coverage

A study is 68 subjects of SMIC, CASME II and SAMM, as many of each as in reality. The classes of a subject are those of
a real subject of its dataset, drawn with replacement (``drawn``) or as they are (``fixed``). How a subject is
predicted is drawn around the rates of a real network (HTNet at its last epoch) by Dirichlet distributions of each
class, so that clips of one subject are alike: the correlation of two of them is ``--alike`` (0.05 to 0.15 in the
measured networks). ``measured`` draws subjects of the real network with its predictions. Two networks agree on half of
the clips, which are predicted by the habits of one or the other, and are drawn apart on the others. The figures of the
tables say how often what was computed from a study was right.
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
NEW = 20  # studies for each measured one in the table of power: measured ones differ more than new ones
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

    def habits(self, subjects: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """How a network predicts each class of each subject, (S, C, C): its rates, moved by chance for each subject."""
        own = self.rates[subjects]
        if self.alike:
            own = random.standard_gamma(own * (1 / self.alike - 1))
            own = own / own.sum(axis=-1, keepdims=True)
        return own

    def study(self, random: np.random.Generator) -> Counts:
        """The results of one network."""
        subjects = self.subjects(random)
        if self.design == "measured":
            return self._counts(self.measured.table[0, subjects])
        return self._counts(random.multinomial(self.sizes[subjects], self.habits(subjects, random)))

    def pair(self, random: np.random.Generator, share: float = 0) -> Pair:
        """The results of two networks that agree on some clips, by the habits of one or the other. With ``share`` that
        share of the second one's errors becomes right, on the clips on which they need not agree."""
        subjects = self.subjects(random)
        sizes = self.sizes[subjects]
        habits = [self.habits(subjects, random) for _ in range(2)]
        by_first = random.binomial(sizes, COPIED / 2)
        by_second = random.binomial(sizes - by_first, COPIED / (2 - COPIED))
        left, right = sizes - by_first - by_second, share / (1 - COPIED)
        alike = random.multinomial(by_first, habits[0]) + random.multinomial(by_second, habits[1])
        better = habits[1] * (1 - right) + right * np.eye(sizes.shape[-1])
        own = [random.multinomial(left, habit) for habit in (habits[0], better)]
        hits = [np.diagonal(one, axis1=-2, axis2=-1) for one in own]
        both = random.hypergeometric(hits[0], left - hits[0], hits[1])  # which clips these are is chance
        of_a, of_b = (self._counts(alike + one) for one in own)
        return Pair(of_a, of_b, int((hits[0] - both).sum()), int((hits[1] - both).sum()))

    def _counts(self, table: np.ndarray) -> Counts:
        return replace(self.measured, table=table[None], clips=None)


def share_better(world: World, difference: float) -> float:
    """The share of all errors that has to become right for a UF1 that is ``difference`` higher."""
    low, high = 0.0, 1.0
    for _ in range(40):
        share = (low + high) / 2
        low, high = (share, high) if world.true(rates_after(world, share)) - world.true() < difference else (low, share)
    return share


def rates_after(world: World, share: float) -> np.ndarray:
    """The rates when a share of every error becomes right."""
    return world.rates * (1 - share) + share * np.eye(world.rates.shape[-1])


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
    share, held = share_better(world, difference), 0
    true = world.true(rates_after(world, share)) - world.true()
    weights, left = draws(world.measured.strata, RESAMPLES), without_each(len(world.measured.subjects))
    for _ in range(simulations):
        pair = world.pair(random, share)
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
        pair = world.pair(random)
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
    stay: float | None


def power(world: World, studies: int, simulations: int, random: np.random.Generator) -> Found:
    said = []
    for _ in range(studies):
        pair = world.pair(random)
        said.append(pair_detectable(pair.a, pair.b, seeds=1))
    shares = [share_better(world, difference) for difference in said]
    chance = [_shown(*_mended(world, share, random)) for share in shares for _ in range(simulations)]
    stay = None
    if max(shares) <= COPIED:  # else there are not enough errors beside the copied ones
        pairs = (world.pair(random, share) for share in shares for _ in range(simulations))
        stay = float(np.mean([_shown(pair.a, pair.b) for pair in pairs]))
    return Found(float(np.mean(said)), float(np.std(said)), float(np.mean(chance)), stay)


def _mended(world: World, share: float, random: np.random.Generator) -> tuple[Counts, Counts]:
    """Two networks that are equally good, and then a share of the errors of the second becomes right by chance."""
    pair, right = world.pair(random), np.eye(world.rates.shape[-1], dtype=np.int64)
    mended = random.binomial(pair.b.table * (1 - right), share)
    return pair.a, replace(pair.b, table=pair.b.table - mended + right * mended.sum(axis=-1)[..., None])


def _shown(a: Counts, b: Counts) -> bool:
    tested = permutation(a, b, uf1)
    return tested is not None and tested.p <= 0.05


# --- the tables


def interval_rows(args: argparse.Namespace, random: np.random.Generator) -> list[list[str]]:
    return [
        [title, design, f"{world.true():.3f}", *map(percent, coverage(world, args.simulations, random).values())]
        for part, title in PARTS.items()
        for design, world in worlds(part, args.alike).items()
    ]


def test_rows(args: argparse.Namespace, random: np.random.Generator) -> list[list[str]]:
    rows = []
    for part, title in PARTS.items():
        world = worlds(part, args.alike)["drawn"]
        apart = difference_coverage(world, 0.05, args.simulations, random)
        kept, mcnemar = levels(world, args.simulations, random)
        _, independent = levels(replace(world, alike=0.0), args.simulations, random)
        rows.append([title, *map(percent, (apart, kept, mcnemar, independent))])
    return rows


def power_rows(args: argparse.Namespace, _: np.random.Generator) -> list[list[str]]:
    """A part has a stream of its own, so that parts can be measured one by one."""
    rows = []
    for part in args.parts:
        one = power(
            worlds(part, args.alike)["drawn"],
            max(2, args.simulations // NEW),
            NEW,
            np.random.default_rng([args.seed, *part.encode()]),
        )
        stay = "" if one.stay is None else percent(one.stay)
        rows.append([PARTS[part], f"{one.mean:.3f} ± {one.spread:.3f}", percent(one.chance), stay])
    return rows


def percent(share: float) -> str:
    return f"{share:.1%}".replace("%", " %")


TABLES = {
    "intervals": (interval_rows, ("part", "subjects", "true UF1", *METHODS)),
    "tests": (test_rows, ("part", "interval of a difference of 0.05", "permutation by subject", "McNemar",
                          "McNemar, clips independent")),
    "power": (power_rows, ("part", "smallest difference", "found", "found where shared errors stay")),
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"some of {', '.join(TABLES)} (default: all)")
    parser.add_argument(
        "--parts", nargs="+", choices=PARTS, default=list(PARTS), help="of the table power (default: all)"
    )
    parser.add_argument("--simulations", type=int, default=2000, help="studies of each cell (default 2000)")
    parser.add_argument("--alike", type=float, default=0.1, help="correlation of a subject's clips (default 0.1)")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    for place, (name, (rows, columns)) in enumerate(TABLES.items()):
        if name in (args.tables or TABLES):
            print(markdown_table(columns, rows(args, np.random.default_rng([args.seed, place]))), "\n", flush=True)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(f"{args.simulations} studies a cell, {used.ru_utime + used.ru_stime:.0f} s of CPU")


if __name__ == "__main__":
    main()
