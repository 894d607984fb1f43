"""Where a model differs from its source: stated on its card as a list, shown as a list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

from mebench.errors import did_you_mean


@dataclass(frozen=True)
class Deviation:
    """``what`` differs, from which ``source`` (a paper, code, or a file, line or section of it), and its ``effect``,
    where that is known."""

    what: str
    source: str
    effect: str = ""


KEYS = tuple(field.name for field in fields(Deviation))


def deviations(card: Mapping[str, object]) -> tuple[Deviation, ...]:
    """The deviations that a card states."""
    stated = card.get("deviations", ())
    return tuple(Deviation(**item) for item in stated) if isinstance(stated, list) else ()


def problems(stated: object) -> Iterator[str]:
    """What is wrong with the ``deviations`` of a card."""
    if not isinstance(stated, list) or not all(isinstance(item, dict) for item in stated):
        yield f"has deviations: {stated}, which is no list of {{what, source, effect}}"
        return
    for place, item in enumerate(stated, start=1):
        for key in item:
            if key not in KEYS:
                yield f"has the unknown key '{key}' in the deviation {place}{did_you_mean(str(key), KEYS)}"
        if lacking := [key for key in ("what", "source") if not item.get(key)]:
            yield f"lacks {' and '.join(lacking)} of the deviation {place}"
        if not all(isinstance(value, str) for value in item.values()):
            yield f"has a deviation {place} that is no text"
