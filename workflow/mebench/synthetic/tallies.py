"""From counts to clips: what the full-size stand-ins of the short-clip datasets share.

The counts are those of the real datasets (clips per subject and emotion, durations, objective classes); who shows what
within them, and every frame number that no quirk needs, is drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Row:
    """One clip of a coding workbook: ``apex`` is the cell's content, ``units`` the action units, ``group`` the
    objective class."""

    subject: str
    name: str
    emotion: str
    onset: int = 0
    apex: int | str = 0
    offset: int = 0
    units: int | str = ""
    group: str = ""


@dataclass(frozen=True)
class Span:
    """Durations in frames and relative apex positions: clipped normal distributions."""

    mean: float
    sd: float
    least: int
    most: int
    apex: float = 0.5
    apex_sd: float = 0.17

    def draw(self, rng: np.random.Generator, onset: int) -> tuple[int, int, int]:
        """(onset, apex, offset); the apex is strictly inside where the clip is long enough."""
        length = int(np.clip(round(rng.normal(self.mean, self.sd)), self.least, self.most))
        rise = round((length - 1) * float(np.clip(rng.normal(self.apex, self.apex_sd), 0.08, 0.95)))
        return onset, onset + min(max(1, rise), max(1, length - 2)), onset + length - 1


def parse(table: str) -> dict[str, dict[str, int]]:
    """A table as text, its first line the emotions and each other line a subject with its counts."""
    header, *lines = (line.split() for line in table.strip().splitlines())
    return {
        line[0]: {emotion: int(count) for emotion, count in zip(header, line[1:], strict=True) if int(count)}
        for line in lines
    }


def deal(
    rows: Iterable[Row], shares: Mapping[str, Sequence[tuple[str, int]]], none_for: frozenset[str] = frozenset()
) -> list[Row]:
    """Give each row an objective class: ``shares[emotion]`` are (class, how many), the rest are VII.

    The first clip of every subject comes before the second of any, so that as many subjects as possible show one of
    the classes I to V; ``none_for`` are subjects that show none of them.
    """
    rows = list(rows)
    dealt: dict[int, str] = {}
    for emotion, parts in shares.items():
        seen: dict[str, int] = {}
        turns = []
        for at, row in enumerate(rows):
            if row.emotion == emotion:
                seen[row.subject] = seen.get(row.subject, 0) + 1
                turns.append((seen[row.subject], at))
        left = [at for _, at in sorted(turns)]
        for group, count in parts:
            able = [at for at in left if group in ("VI", "VII") or rows[at].subject not in none_for][:count]
            dealt |= dict.fromkeys(able, group)
            left = [at for at in left if at not in dealt]
    return [changed(row, group=dealt.get(at, "VII")) for at, row in enumerate(rows)]


def changed(row: Row, **values: object) -> Row:
    """``row`` with other values."""
    return Row(**{**row.__dict__, **values})


def units(
    rows: Sequence[Row],
    alone: Mapping[str, Sequence[int]],
    together: Mapping[str, Sequence[str]],
    numbers: int,
    rng: np.random.Generator,
) -> list[Row]:
    """Give each row its action units: ``numbers`` rows a single unit as a number, the others a text, by emotion."""
    single = set(rng.permutation(len(rows))[:numbers].tolist())
    return [
        changed(row, units=int(rng.choice(alone[row.emotion])) if at in single
                else str(rng.choice(together[row.emotion])))
        for at, row in enumerate(rows)
    ]  # fmt: skip
