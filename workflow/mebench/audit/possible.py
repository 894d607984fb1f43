"""Is there a confusion matrix with these class sizes that gives all printed figures?

The diagonal ``hits`` decides UAR and accuracy. F1 and precision need, of each class, also how many clips of other
classes are called so, ``called``. Such numbers belong to a matrix if and only if they sum up to all misses, and no
class has more of them than the other classes have misses (Gale 1957: a transport problem without diagonal). So hits
and called are searched, not matrices, and three classes of a benchmark take less than a second or two. The answer is
exact: hits and called are enumerated, or a bound excludes them, or a matrix is shown. Otherwise it is "not decided".
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from mebench.audit import bound
from mebench.audit.printed import PrintedFigure, figure

POSSIBLE, IMPOSSIBLE, NOT_DECIDED = "possible", "impossible", "not decided"
MOST_HITS = 8_000_000  # combinations of hits that are listed
MOST_CELLS = 400_000_000  # combinations of hits and called that are looked at
TOLERANCE = 1e-9  # of sums of floats; what is found is computed again as fractions
STREAM = 5280
DRAWS, TRIED = 200_000, 100  # of the search for a matrix where there are too many to list


@dataclass(frozen=True)
class Answer:
    """``verdict`` and, where it is ``possible``, a ``matrix`` that gives the figures (rows are the truth)."""

    verdict: str
    matrix: tuple[tuple[int, ...], ...] | None = None


def possible(figures: Sequence[PrintedFigure], sizes: Sequence[int]) -> Answer:
    """Whether any confusion matrix with classes of these ``sizes`` (each at least 1) gives all figures."""
    clips = np.array(sizes, dtype=np.int64)
    if _beyond_bounds(figures, sizes):
        return Answer(IMPOSSIBLE)
    if math.prod(size + 1 for size in sizes) > MOST_HITS:
        return _of_too_many(figures, clips)
    hits = _within_range(figures, clips, _listed_hits(figures, clips))
    cells = 0
    for own in hits:
        cells += _count_of_called(clips, own)
        if cells > MOST_CELLS:
            return _of_too_many(figures, clips)
        found = _with_hits(figures, clips, own)
        if found:
            return Answer(POSSIBLE, found)
    return Answer(IMPOSSIBLE)


def _of_too_many(figures: Sequence[PrintedFigure], clips: np.ndarray) -> Answer:
    """The answer where there are too many hits and called to try all: a matrix that is found, or a bound."""
    if found := _drawn(figures, clips):
        return Answer(POSSIBLE, found)
    return Answer(IMPOSSIBLE if bound.excluded(figures, clips.tolist()) else NOT_DECIDED)


# --- what no matrix reaches


def _beyond_bounds(figures: Sequence[PrintedFigure], sizes: Sequence[int]) -> bool:
    """Whether two figures exclude each other for any number of classes. F1 of a class is at most 2r/(1 + r) of its
    recall r, which is concave: UF1 is at most 2 UAR/(1 + UAR). With a given UAR the accuracy is highest where the
    largest classes are right, and lowest where the smallest are."""
    by_name = {one.name: one for one in figures}
    uf1, uar, accuracy = (by_name.get(name) for name in ("uf1", "uar", "accuracy"))
    if uf1 and uar and uf1.low > 2 * uar.high / (1 + uar.high):
        return True
    if uar and accuracy:
        return (accuracy.high < _accuracy(sorted(sizes), uar.low)
                or accuracy.low > _accuracy(sorted(sizes, reverse=True), uar.high))  # fmt: skip
    return False


def _accuracy(sizes: Sequence[int], uar: Fraction) -> Fraction:
    """The accuracy where classes are right in this order, as many as a UAR asks for."""
    left, right = max(uar, Fraction(0)) * len(sizes), Fraction(0)
    for size in sizes:
        recall = min(left, Fraction(1))
        right, left = right + recall * size, left - recall
    return right / sum(sizes)


# --- hits


def _listed_hits(figures: Sequence[PrintedFigure], clips: np.ndarray) -> np.ndarray:
    """All hits (M, C) that give the UAR and the accuracy, where these are among the figures."""
    shape = tuple(int(size) + 1 for size in clips)
    fits = np.ones(shape, dtype=bool)
    weights = {"uar": 1 / (clips * len(clips)), "accuracy": np.full(len(clips), 1 / clips.sum())}
    for one in figures:
        if one.name in weights:
            fits &= _fits(one, _sums([np.arange(n) * w for n, w in zip(shape, weights[one.name], strict=True)]))
    return np.argwhere(fits)


def _sums(parts: Sequence[np.ndarray]) -> np.ndarray:
    """The sum of one number of each part, for all combinations."""
    total = parts[0]
    for part in parts[1:]:
        total = np.add.outer(total, part)
    return total


def _fits(one: PrintedFigure, values: np.ndarray) -> np.ndarray:
    return (values >= float(one.low) - TOLERANCE) & (values <= float(one.high) + TOLERANCE)


def _within_range(figures: Sequence[PrintedFigure], clips: np.ndarray, hits: np.ndarray) -> np.ndarray:
    """The hits between whose lowest and highest figures the printed ones lie. First come those whose figures are near
    the printed ones where each class has its share of the misses of the others."""
    if not len(hits):
        return hits
    misses = clips - hits
    most = misses.sum(axis=1, keepdims=True) - misses
    left, far = np.ones(len(hits), dtype=bool), np.zeros(len(hits))
    for one in figures:
        if one.name not in FORMULAS:
            continue
        shared = most / max(len(clips) - 1, 1)
        low, middle, high = (FORMULAS[one.name](clips, hits, called) for called in (most, shared, np.zeros_like(most)))
        left &= (low <= float(one.high) + TOLERANCE) & (high >= float(one.low) - TOLERANCE)
        far += abs(middle - float(one.low + one.high) / 2)
    return hits[left][np.argsort(far[left], kind="stable")]


# --- what other classes are called, for given hits


def _uf1(clips: np.ndarray, hits: np.ndarray, called: np.ndarray) -> np.ndarray:
    return (2 * hits / (clips + hits + called)).mean(axis=-1)


def _weighted_f1(clips: np.ndarray, hits: np.ndarray, called: np.ndarray) -> np.ndarray:
    return (2 * hits * clips / (clips + hits + called)).sum(axis=-1) / clips.sum()


def _macro_precision(clips: np.ndarray, hits: np.ndarray, called: np.ndarray) -> np.ndarray:
    return (hits / np.maximum(hits + called, 1)).mean(axis=-1)


FORMULAS = {"uf1": _uf1, "weighted_f1": _weighted_f1, "macro_precision": _macro_precision}


def _count_of_called(clips: np.ndarray, hits: np.ndarray) -> int:
    """About how many combinations of called there are."""
    return math.comb(int((clips - hits).sum()) + len(clips) - 1, len(clips) - 1)


def _with_hits(
    figures: Sequence[PrintedFigure], clips: np.ndarray, hits: np.ndarray
) -> tuple[tuple[int, ...], ...] | None:  # fmt: skip
    """A matrix with these hits that gives all figures."""
    misses = clips - hits
    total = int(misses.sum())
    for called in _called(total, [total - int(miss) for miss in misses]):
        if found := _first(figures, clips, hits, called):
            return found
    return None


def _called(total: int, most: Sequence[int]) -> Iterator[np.ndarray]:
    """All called (K, C) that sum up to ``total``, each class at most ``most``: the last two classes in one array."""
    *before, one, other = most
    for first in itertools.product(*(range(min(limit, total) + 1) for limit in before[:-1])):
        rest = total - sum(first)
        if rest < 0:
            continue
        middle = np.arange(min(before[-1], rest) + 1) if before else np.zeros(1, dtype=np.int64)
        third = np.arange(min(one, rest) + 1)
        pair = np.stack(np.meshgrid(middle, third, indexing="ij"), axis=-1).reshape(-1, 2)
        last = rest - pair.sum(axis=1)
        pair, last = pair[there := (last >= 0) & (last <= other)], last[there]
        columns = [np.full(len(pair), value) for value in first]
        yield np.column_stack([*columns, *([pair[:, 0]] if before else []), pair[:, 1], last])


def _first(
    figures: Sequence[PrintedFigure], clips: np.ndarray, hits: np.ndarray, called: np.ndarray
) -> tuple[tuple[int, ...], ...] | None:  # fmt: skip
    """The matrix of the first called (K, C) that gives all figures, as fractions too. ``hits`` are (C) or (K, C)."""
    fits = np.ones(len(called), dtype=bool)
    for one in figures:
        if one.name in FORMULAS:
            fits &= _fits(one, FORMULAS[one.name](clips, hits, called))
    for place in np.flatnonzero(fits):
        own = hits if hits.ndim == 1 else hits[place]
        values = fractions(clips.tolist(), own.tolist(), called[place].tolist())
        if all(one.gives(values[one.name]) for one in figures):
            return matrix(clips.tolist(), own.tolist(), called[place].tolist())
    return None


def fractions(clips: Sequence[int], hits: Sequence[int], called: Sequence[int]) -> Mapping[str, Fraction]:
    """All figures, exactly."""
    each = list(zip(clips, hits, called, strict=True))
    f1 = [Fraction(2 * hit, size + hit + other) for size, hit, other in each]
    precision = [Fraction(hit, max(hit + other, 1)) for _, hit, other in each]
    return {
        "uf1": sum(f1, Fraction(0)) / len(each),
        "uar": sum((Fraction(hit, size) for size, hit, _ in each), Fraction(0)) / len(each),
        "accuracy": Fraction(sum(hits), sum(clips)),
        "weighted_f1": sum((size * one for size, one in zip(clips, f1, strict=True)), Fraction(0)) / sum(clips),
        "macro_precision": sum(precision, Fraction(0)) / len(each),
    }


def matrix(clips: Sequence[int], hits: Sequence[int], called: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """A matrix with these hits and called. The class with the most left is served first, so that nothing is left over
    that could only go to itself."""
    table = [[hit if row == column else 0 for column in range(len(hits))] for row, hit in enumerate(hits)]
    misses, open_calls = [size - hit for size, hit in zip(clips, hits, strict=True)], list(called)
    places = range(len(hits))
    while any(misses):
        left = [miss + call for miss, call in zip(misses, open_calls, strict=True)]
        one = max(places, key=left.__getitem__)
        side = open_calls if misses[one] else misses
        other = max((place for place in places if place != one and side[place]), key=left.__getitem__)
        row, column = (one, other) if misses[one] else (other, one)
        table[row][column] += 1
        misses[row] -= 1
        open_calls[column] -= 1
    return tuple(map(tuple, table))


# --- too many to list: a matrix may still be found


def _drawn(figures: Sequence[PrintedFigure], clips: np.ndarray) -> tuple[tuple[int, ...], ...] | None:
    """A matrix that gives all figures, looked for at random (a fixed stream). None says nothing."""
    random = np.random.default_rng([STREAM, *clips])
    by_name = {one.name: float(one.low + one.high) / 2 for one in figures}
    centre = by_name.get("uar", by_name.get("uf1", by_name.get("accuracy", 0.5)))
    spread = np.where(np.arange(DRAWS) % 2, 0.2, 0.7)[:, None]  # alike classes, and some right and others wrong
    recall = (centre + spread * random.normal(size=(DRAWS, len(clips)))).clip(0, 1)
    hits = np.rint(recall * clips).astype(np.int64)
    _made_up_for(hits, clips, by_name)
    fits = ((hits >= 0) & (hits <= clips)).all(axis=1)
    for name, value in (("uar", (hits / clips).mean(axis=1)), ("accuracy", hits.sum(axis=1) / clips.sum())):
        for one in figures:
            if one.name == name:
                fits &= _fits(one, value)
    for own in _within_range(figures, clips, np.unique(hits[fits], axis=0))[:TRIED]:
        misses = clips - own
        total = int(misses.sum())
        shares = np.concatenate([random.dirichlet(np.full(len(clips), even), 1000) for even in (1.0, 0.2)])
        called = np.floor(shares * total).astype(np.int64)
        called[:, -1] += total - called.sum(axis=1)
        called = called[(called <= total - misses).all(axis=1)]
        if found := _first(figures, clips, own, called):
            return found
    return None


def _made_up_for(hits: np.ndarray, clips: np.ndarray, wanted: Mapping[str, float]) -> None:
    """Change the hits of the largest class, and of the smallest one, so that UAR and accuracy are those wanted."""
    one, other = int(clips.argmax()), int(clips.argmin())
    if "uar" not in wanted:
        return
    recall = wanted["uar"] * len(clips) - np.delete(hits / clips, [one, other], axis=1).sum(axis=1)
    if "accuracy" in wanted and clips[one] != clips[other]:
        right = wanted["accuracy"] * clips.sum() - np.delete(hits, [one, other], axis=1).sum(axis=1)
        hits[:, other] = np.rint((recall - right / clips[one]) / (1 / clips[other] - 1 / clips[one]))
        hits[:, one] = np.rint(right - hits[:, other])
    elif one != other:
        hits[:, one] = np.rint((recall - hits[:, other] / clips[other]) * clips[one])


def explained(answer: Answer, printed: Mapping[str, str], sizes: Mapping[str, int]) -> str:
    """What the answer means, in a sentence; ``printed`` are the figures by name, ``sizes`` the clips of each class."""
    what = " and ".join(f"{name} {text}" for name, text in printed.items())
    of = ", ".join(f"{size} {name}" for name, size in sizes.items())
    if answer.verdict == POSSIBLE:
        return f"a confusion matrix of {of} gives {what}, for example the one here (rows: truth)"
    if answer.verdict == NOT_DECIDED:
        return f"no confusion matrix of {of} with {what} was found, and there are too many to try all"
    cut = possible([figure(name, text, cut=True) for name, text in printed.items()], list(sizes.values()))
    otherwise = "; it is possible only if further digits were cut off, not rounded" if cut.verdict == POSSIBLE else ""
    return f"no confusion matrix of {of} gives {what}{otherwise}"
