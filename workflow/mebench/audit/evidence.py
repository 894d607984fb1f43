"""What is known of a result, as the checks are given it. What nobody said is empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from mebench.audit.look import Look
from mebench.audit.printed import PrintedFigure


@dataclass(frozen=True)
class Prediction:
    """A row of predictions: ``called`` is the predicted class, ``where`` it stands in a file. What it does not say is
    empty."""

    clip: str
    subject: str
    truth: str
    called: str
    fold: str
    seed: str
    where: str
    within: str = ""

    @property
    def key(self) -> str:
        """What is predicted once: the clip, and where ``within`` it a row is."""
        return f"{self.clip} {self.within}".strip()


@dataclass(frozen=True)
class Annotation:
    """Clips as they are annotated. ``labels`` are the classes of those that have to be predicted, empty where it is not
    known how emotions become classes (``unknown`` says why); ``subjects`` and ``cuts`` (recording, first and last
    frame) are of all clips. ``twice`` are clips that are listed twice."""

    labels: Mapping[str, str]
    subjects: Mapping[str, str]
    cuts: Mapping[str, tuple[str, int, int]] = field(default_factory=dict)
    twice: tuple[str, ...] = ()
    unknown: str = ""


@dataclass(frozen=True)
class Split:
    """The clips that a fold trains and tests on."""

    fold: str
    train: tuple[str, ...]
    test: tuple[str, ...]


@dataclass(frozen=True)
class FoldFacts:
    """What the record of a fold says: how many clips it trained and tested on and how many these should be, its epoch
    and the last one (None for a model without epochs), and the pretrained ``weights``, if any."""

    fold: str
    train: int
    test: int
    train_expected: int
    test_expected: int
    epoch: int | None
    last_epoch: int | None
    weights: str = ""


@dataclass(frozen=True)
class Epoch:
    """How a fold fared on its test subject after an ``epoch``."""

    fold: str
    epoch: int
    accuracy: float


@dataclass(frozen=True)
class Evidence:
    """All that is known of a result. ``scored`` is False for a kind of task whose rows have no class. ``shuffled`` are
    the predictions of the same task after training on shuffled labels, and ``is_shuffled`` says that the result is
    such a one. ``honest`` is the UF1 of the same training with an honest selection."""

    predictions: Sequence[Prediction]
    annotation: Annotation | None = None
    splits: Sequence[Split] = ()
    records: Sequence[FoldFacts] = ()
    looks: Mapping[str, Look] = field(default_factory=dict)
    selection: str = ""
    history: Sequence[Epoch] = ()
    shuffled: Sequence[Prediction] = ()
    is_shuffled: bool = False
    printed: Sequence[PrintedFigure] = ()
    model: str = ""
    honest: float | None = None
    scored: bool = True

    @cached_property
    def subjects(self) -> dict[str, str]:
        """The subject of each clip: as it is annotated, else as the predictions say, else from a clip_id
        DATASET/SUBJECT/CLIP."""
        known = {one.clip: one.subject for one in self.predictions if one.subject}
        for split in self.splits:
            for clip in (*split.train, *split.test):
                if clip not in known and clip.count("/") >= 2:
                    known[clip] = "/".join(clip.split("/")[:2])
        annotated = self.annotation.subjects if self.annotation else {}
        return known | {clip: subject for clip, subject in annotated.items() if subject}

    @cached_property
    def seeds(self) -> dict[str, list[Prediction]]:
        """The predictions of each seed, seeds sorted."""
        found: dict[str, list[Prediction]] = {one: [] for one in sorted({one.seed for one in self.predictions})}
        for one in self.predictions:
            found[one.seed].append(one)
        return found
