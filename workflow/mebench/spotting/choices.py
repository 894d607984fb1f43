"""The choices between stored scores and figures, as the stage of a task of spotting names them. None trains anything.

docs/spotting.md says which code made which choice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from mebench.metrics.intervals import Passes
from mebench.metrics.spotting import Convention
from mebench.spotting.decoder import Decoder
from mebench.spotting.emotion import Synergy


@dataclass(frozen=True)
class Choices:
    """``stitching``, and the test ``batch`` that the released one depends on. ``half_width``: train (from the labels of
    the fold's training subjects), all (of all subjects) or a number of positions; ``length``: the mean or median of
    those labels. ``threshold``: a share, or inner, chosen on the subjects that the fold held out.
    ``intervals``: fixed or variable lengths. ``synergy``: ME-TST's strategy; ``neutral_logit``; ``neutral``: deleted
    before or after matching under strategy 1. ``unit``: of the IoU, frames or positions. ``recognised``: the classes of
    recognition; empty for all. The others are those of :class:`Decoder` and :class:`Convention`.
    """

    stitching: str
    batch: int
    half_width: str | int
    length: str
    threshold: str | float
    edges: str
    empty: str
    distance: int | None
    clip: bool
    intervals: str
    synergy: int
    neutral_logit: str
    neutral: str
    matcher: str
    iou: float
    strict: bool
    unit: str
    absent: str
    recognised: tuple[str, ...]

    @classmethod
    def read(cls, parameters: Mapping[str, object]) -> Choices:
        """The choices from the parameters of a stage; all are there."""
        given = {one.name: parameters[one.name] for one in fields(cls)}
        given["recognised"] = tuple(parameters["recognised"])  # type: ignore[arg-type]  # the schema says it is a list
        return cls(**given)  # type: ignore[arg-type]

    def decoder(self, half_width: int, threshold: float) -> Decoder:
        """How one fold's scores become intervals."""
        keeps = self.synergy == 1 and self.neutral == "match_then_delete"
        return Decoder(
            half_width, threshold, self.edges, self.empty, self.distance, self.clip, self.intervals,
            Synergy(0 if keeps else self.synergy, self.neutral_logit),
        )  # fmt: skip

    def convention(self, classes: tuple[str, ...], videos: str = "all") -> Convention:
        """How intervals become figures."""
        return Convention(
            self.matcher, Passes(self.iou, self.strict), videos, self.recognised or classes, self.absent,
            self.neutral if self.synergy == 1 else "count",
        )  # fmt: skip

    def sentences(self, classes: Sequence[str]) -> str:
        """What moves the figures of a run, for those who read them."""
        widths = {"train": f"from the {self.length} label of each fold's training subjects",
                  "all": f"from the {self.length} label of all subjects, those of the test among them"}  # fmt: skip
        shares = {"inner": "chosen in each fold on subjects that it holds out of its training subjects"}
        compared = f"IoU {'>' if self.strict else '>='} {self.iou:g} of {self.unit}"
        lengths = "" if self.intervals == "fixed" else "; intervals of variable length"
        named = ", ".join(self.recognised or classes)
        counts = "counts 0" if self.absent == "zero" else "is left out of the mean"
        share = shares.get(str(self.threshold), f"{self.threshold}, fixed")
        width = widths.get(str(self.half_width), f"{self.half_width} positions")
        return (
            f"Conventions: threshold p {share}; half-width k {width}{lengths}; stitching {self.stitching}, edges "
            f"{self.edges}, empty {self.empty}, synergy {self.synergy}; matcher {self.matcher}, {compared}; "
            f"recognition of {named}, where a class in no true positive {counts}; all videos of the tested subjects, "
            "under ME those with a label. docs/spotting.md of mebench explains the words."
        )
