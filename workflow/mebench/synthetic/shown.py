"""What a folder of generated frames shows: whose face, and which expressions at which frames."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Expression:
    """One expression; ``apex`` is the frame that the dataset's reader takes. ``clip`` is the name that the reader gives
    to it, empty where its flow need not be known."""

    onset: int
    apex: int
    offset: int
    emotion: str
    kind: str = "micro"
    clip: str = ""


@dataclass(frozen=True)
class Take:
    """One recording of ``subject``."""

    subject: str
    expressions: tuple[Expression, ...] = ()


def short(subject: str, clip: str, emotion: str, onset: int, apex: object, offset: int) -> Take:
    """The recording of a short clip; ``apex`` is what a workbook says, and the middle is taken where it makes no
    sense."""
    taken = apex if isinstance(apex, int) and onset < apex <= offset else middle(onset, offset)
    return Take(subject, (Expression(onset, taken, offset, emotion, clip=clip),))


def middle(onset: int, offset: int) -> int:
    """The frame in the middle, which readers take where there is no usable apex."""
    return onset + (offset - onset) // 2
