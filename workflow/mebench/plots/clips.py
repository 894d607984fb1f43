"""What the figures of a dataset need of its clips, and the look of a class in all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from mebench.plots import style

NEEDED = ("clip_id", "dataset", "subject", "onset", "apex", "offset", "apex_source", "emotion", "expression", "fps",
          "frames")  # fmt: skip
# an emotion has the same colour in every dataset; classes that share one are told apart by `colours`
COLOURS = {
    "negative": style.BLUE, "disgust": style.BLUE, "positive": style.ORANGE, "happiness": style.ORANGE,
    "surprise": style.GREEN, "repression": style.SKY, "sadness": style.PURPLE, "fear": style.YELLOW,
    "anger": style.VERMILLION, "contempt": style.INK, "others": style.GREY,
    "micro-expression": style.VERMILLION, "macro-expression": style.SKY,
}  # fmt: skip
PALE = 0.45  # opacity of macro-expressions beside micro-expressions


@dataclass(frozen=True)
class TimedClip:
    """What the figures need of a clip; None where the labels do not say.

    ``frames`` is the length with onset and offset; ``apex`` is (apex - onset) / (offset - onset).
    """

    subject: str
    name: str
    macro: bool
    frames: int | None
    fps: float | None
    apex: float | None
    apex_source: str

    @property
    def seconds(self) -> float | None:
        return self.frames / self.fps if self.frames and self.fps else None


def read_clip(row: Mapping[str, str]) -> TimedClip:
    """The :class:`TimedClip` behind a row of clips.csv."""
    onset, apex, offset = (int(row[key]) if row[key].strip() else None for key in ("onset", "apex", "offset"))
    length = offset - onset if onset is not None and offset is not None and offset > onset else None
    kind = f"{row['expression']}-expression" if row["expression"] else "no label"
    return TimedClip(
        subject=row["subject"],
        name=row["emotion"] or kind,
        macro=row["expression"] == "macro",
        frames=None if length is None else length + 1,
        fps=float(row["fps"]) if row["fps"].strip() and float(row["fps"]) > 0 else None,
        apex=None if length is None or apex is None or onset is None else (apex - onset) / length,
        apex_source=row["apex_source"],
    )


def colours(names: Sequence[str]) -> dict[str, str]:
    """A colour for each class: its own, or the next free one; grey where no colour is free."""
    chosen: dict[str, str] = {}
    for name in names:
        if name in COLOURS and COLOURS[name] not in chosen.values():
            chosen[name] = COLOURS[name]
    own = {COLOURS[name] for name in names if name in COLOURS}
    free = [c for c in dict.fromkeys(COLOURS.values()) if c not in own]
    for name in names:
        if name not in chosen:
            chosen[name] = free.pop(0) if free else style.GREY
    return chosen


def alpha(name: str, macro: bool) -> float:
    """The opacity of a class: macro-expressions are pale, except where the name of the class says that they are."""
    return PALE if macro and not name.endswith("-expression") else 1.0


def name_rows(ax: Axes, names: Sequence[str]) -> None:
    """A row of the panel for each class, the first on top."""
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
