"""Kinds of task, one file each: what a sample is, what is learned of it, what a fold writes, and how that is scored.

The engine, pooling, scores, tables, plots and report are given a :class:`Kind` and know nothing else of the task. A
kind is a file of this folder or a file of your own: a ``CARD``, which is a literal, and the class that it names under
``module``. The card is read when the configuration is; the class is loaded by the jobs that need it. The plots that
the card names are modules of plots/, or functions that the file has in ``PLOTS``. Its metrics are what the class's
``score`` gives, and functions that the file has in ``METRICS``. What happens after pooling may be a class of its own,
which the card names under ``scoring``: a change there trains nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict, cast

from mebench import cards, formats
from mebench.config.kinds import DEFAULT, card, made_of_recordings, name_of
from mebench.errors import UserError
from mebench.predicted import Predicted, Row

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import nn

    from mebench.config.spec import Recipe
    from mebench.statistics.tallied import Tallied

__all__ = ["DEFAULT", "Kind", "Objective", "Predicted", "Row", "Scoring", "card", "made_of_recordings", "name_of"]
Task = Mapping[str, Any]  # any: the definition of a task; a kind of one's own has keys of its own


class Metric(TypedDict, total=False):
    """What a card says of a metric: its ``title``, and where it has any the ``range`` of its values, ``best: min``
    where less is better, ``digits`` after the point (4, and 0 for a count), ``compared: False`` where no row of a table
    is the best, and ``fixed: True`` where it is the same for every seed."""

    title: str
    range: list[float]
    best: str
    digits: int
    compared: bool
    fixed: bool


class Objective:
    """How the network of one fold is trained and read. It is made anew for each fold, from its training targets alone.

    ``outputs`` are what the model returns for a batch, ``y`` the targets of the same samples.
    """

    def loss(self, outputs: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """The mean loss of a batch, a scalar."""
        raise NotImplementedError

    def mass(self, y: torch.Tensor) -> torch.Tensor | int:
        """What the mean of the loss divides by; a batch that is computed in parts is weighed with it."""
        return len(y)

    def agreement(self, outputs: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """The sum over the batch of what history.csv shows the mean of, in the column ``history`` of the card."""
        raise NotImplementedError

    def shares(self, outputs: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """What the mean loss is made of: numerators (n,) and masses (n,), whose sums give it as a quotient. A stack of
        folds leaves out the padding of a batch by it."""
        raise UserError("this kind of task cannot train a stack of folds: leave stack out")

    def agrees(self, outputs: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """What :meth:`agreement` adds up, (n,); for a stack of folds."""
        raise UserError("this kind of task cannot train a stack of folds: leave stack out")

    def strata(self, y: torch.Tensor) -> torch.Tensor:
        """The group (n,) int64 of each target, for the orders ``by_class`` and ``balanced``."""
        raise UserError("this kind of task has no classes: choose order: shuffled")

    def predictions(self, outputs: torch.Tensor) -> torch.Tensor:
        """What is written of the outputs, float (n, ...)."""
        return outputs.float()


class Scoring:
    """What follows pooling, bound to the definition of one ``task``: a mapping with its name and the card's keys."""

    def __init__(self, task: Task):
        self.task = task

    def decoded(self, predicted: Predicted, parameters: Mapping[str, object]) -> list[Row]:
        """What is scored: the rows after :meth:`stage`. A kind with an array overrides this."""
        return self.stage(predicted.rows, parameters)

    def stage(self, rows: list[Row], parameters: Mapping[str, object]) -> list[Row]:
        """A cheap step between pooled predictions and scores, whose parameters train nothing again."""
        return rows

    def files(self, rows: Sequence[Row]) -> Mapping[str, Sequence[Row]]:
        """The decoded rows as files beside predictions.csv, by the names that the card has under ``files``."""
        return {}

    def conventions(self, parameters: Mapping[str, object]) -> str:
        """What a reader has to know of the parameters of :meth:`stage` to compare figures, in a few sentences."""
        return ""

    def score(self, rows: Sequence[Row]) -> Mapping[str, object]:
        """``n``, and the card's metrics (None where one is not defined) with whatever else scores/TASK.json keeps."""
        raise NotImplementedError


class Kind(Scoring):
    """A kind of task, bound to the definition of one ``task``."""

    key: tuple[str, ...] = ("clip_id",)  # the columns by which a row of predictions.csv is known
    needed: tuple[str, ...] = ()  # the others without which nothing can be scored
    samples_per_clip: float = 1  # about how many a fold learns from, for estimates of what a plan costs

    # --- samples and targets

    def samples(self, clips: list[Row], recordings: Sequence[Row] = ()) -> list[Row]:
        """The samples that are tested, sorted: rows with at least clip_id (that of an array of the inputs), dataset and
        subject. ``clips`` are rows of clips.csv; ``recordings``, where the card has ``sample: recording``, are rows of
        videos.csv with what the index of the inputs says of each. Raises :class:`UserError` where they do not fit the
        task."""
        raise NotImplementedError

    def takes(self, clip: Row) -> bool:
        """Whether a row of clips.csv is of the task, so that leaving it out or mending it is said in its results."""
        return True

    def counted(self, clips: Sequence[Row]) -> dict[str, int]:
        """How many ``clips`` and ``subjects`` of these rows of clips.csv are of the task, to compare with what it
        expects; a kind adds counts of its own."""
        own = [clip for clip in clips if self.takes(clip)]
        return {"clips": len(own), "subjects": len({clip["subject"] for clip in own})}

    def extra_samples(self, wanted: str, clips: list[Row]) -> list[Row]:
        """Samples to train on besides, where the recipe has ``extra_clips``; none by default."""
        return []

    def arrays(self, sample: Row, stored: np.ndarray, kind: str) -> np.ndarray:
        """What a model reads of the ``stored`` array of the sample's clip; ``kind`` is that of the input."""
        return stored

    def targets(self, samples: Sequence[Row]) -> np.ndarray:
        """What is learned of the samples, (n, ...)."""
        raise NotImplementedError

    @property
    def groups(self) -> list[str]:
        """The groups of samples that a sample picture shows one of each; see :meth:`group`."""
        return ["all"]

    def group(self, sample: Row) -> str:
        """The group of a sample."""
        return "all"

    # --- training

    def drawn(self, samples: Sequence[Row], y: torch.Tensor, train: list[int], recipe: Recipe, seed: int) -> list[int]:
        """Those of the training rows ``train`` that a fold learns from, drawn once with its ``seed``; all by default.
        ``samples`` and targets ``y`` are those of all rows."""
        return train

    def forward(self, model: nn.Module) -> Callable[[torch.Tensor], torch.Tensor]:
        """What makes outputs of a batch: the model, or one of its methods."""
        return model

    def together(self, model: nn.Module, samples: Sequence[Row]) -> list[str] | None:
        """For a model that predicts neighbouring samples together, the name of the group of each sample; None where it
        sees each sample alone."""
        return None

    @property
    def outputs(self) -> int:
        """How many numbers a model returns for a sample."""
        raise NotImplementedError

    def objective(self, recipe: Recipe, y: torch.Tensor) -> Objective:
        """How a fold is trained and read; ``y`` are its training targets."""
        raise NotImplementedError

    def quality(self, selection: str, predictions: np.ndarray, y: np.ndarray) -> float:
        """How good predictions are, higher is better: what ``inner`` and ``test_peek`` choose an epoch by."""
        raise NotImplementedError

    # --- what a fold writes

    def columns(self) -> list[str]:
        """The columns of predictions.csv: those of every kind, and those that the card has under ``predictions``."""
        about = card(self.task)
        if "predictions" not in about:
            raise UserError(f"the card of the kind {about['title']} names no columns of predictions.csv under "
                            "'predictions'")  # fmt: skip
        return [*formats.PREDICTIONS.names, *own_columns(about["predictions"], self.task)]

    def rows(self, sample: Row, target: np.ndarray, prediction: np.ndarray) -> Sequence[Mapping[str, object]]:
        """The rows of predictions.csv of a sample; what a fold adds of itself (fold, seed) is added for them."""
        raise NotImplementedError

    def written(
        self, samples: Sequence[Row], targets: np.ndarray, predictions: np.ndarray, training: Sequence[Row]
    ) -> tuple[list[Mapping[str, object]], np.ndarray | None]:
        """The rows of all samples that a fold predicts, and the array beside them where the card has ``array``.
        ``training`` are the samples of the fold's training subjects."""
        each = zip(samples, targets, predictions, strict=True)
        return [row for sample, target, one in each for row in self.rows(sample, target, one)], None

    def direct(
        self, model: nn.Module, training: Sequence[Row], tested: Sequence[Row], read: Callable[[Row], np.ndarray],
        seed: int, reveal: bool,
    ) -> tuple[list[Mapping[str, object]], np.ndarray | None]:  # fmt: skip
        """What :meth:`written` gives, from a model that predicts without outputs for samples (``training: direct``).
        ``read`` gives the input of a sample; with ``reveal`` the model, an oracle, may see the test targets."""
        raise UserError(f"no model predicts directly for the task {self.task['name']}; choose one with outputs")

    def keys(self, samples: Iterable[Row]) -> set[tuple[str, ...]]:
        """What ``key`` has to be in the rows of these samples, each once."""
        return {tuple(sample[name] for name in self.key) for sample in samples}

    def given(self, sample: Row, row: Row, where: str) -> Mapping[str, object]:
        """What predictions.csv says of a sample besides fold and seed, from a ``row`` of a given.csv that a model
        outside the engine wrote; ``where`` is that file and the line. Raises :class:`UserError` where the row
        cannot be meant."""
        raise UserError(f"predictions made outside the engine cannot be taken over for the task {self.task['name']}")

    def record(self) -> dict[str, object]:
        """What run.json says of the task for those who read predictions."""
        return {}


def kind_of(task: Task) -> Kind:
    """The kind of a task, bound to it."""
    return cast(Kind, _part(task, "module", card(task)["module"])(task))


def scoring_of(task: Task) -> Scoring:
    """What follows pooling for a task: the class that its kind's card names under ``scoring``, else the kind itself."""
    about = card(task)
    return cast(Scoring, _part(task, "scoring", about["scoring"])(task)) if "scoring" in about else kind_of(task)


def _part(task: Task, key: str, name: str) -> Callable[[Task], object]:
    module = cards.load("tasks", name_of(task))
    if not hasattr(module, name):
        raise UserError(f"{module.__file__} defines no class {name}, which its card names under '{key}'")
    return getattr(module, name)


def metrics(kind: str) -> dict[str, Metric]:
    """The metrics of a kind, by name."""
    return cards.card("tasks", kind)["metrics"]


def further_metrics(task: Task) -> Mapping[str, Callable[[Sequence[Row]], float | None]]:
    """``METRICS`` of the file of a task's kind: functions of the rows that the class does not call, so that a new one
    trains nothing."""
    return getattr(cards.load("tasks", name_of(task)), "METRICS", {})


def tally_of(task: Task) -> Callable[[str, Mapping[str, Sequence[Row]], Task], Tallied] | None:
    """``tally`` of the file of a task's kind: what is counted of each subject, of the scored rows of each seed. The
    class does not call it, so that a new one trains nothing. None for a kind without intervals over subjects."""
    return getattr(cards.load("tasks", name_of(task)), "tally", None)


def history(task: Task, selection: str = "last") -> list[str]:
    """The columns of a fold's history.csv; the last one is that of a ``selection`` that looks at each epoch."""
    about = card(task)
    looked = [about["selection"][selection]] if selection in about["selection"] else []
    return [*formats.HISTORY.names[1:], about["history"], *looked]


def own_columns(names: Iterable[str], task: Task) -> list[str]:
    """The columns that these ``names`` of a card stand for: ``p_<classes>`` is one for each of the task's classes."""
    columns = []
    for name in names:
        head, bracket, rest = name.partition("<")
        key, _, tail = rest.partition(">")
        columns += [f"{head}{one}{tail}" for one in task[key]] if bracket else [name]
    return columns
