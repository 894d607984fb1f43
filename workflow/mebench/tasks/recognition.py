"""Recognition: one class for each clip. UF1, UAR and accuracy from one confusion matrix, pooled over all folds.

NumPy and torch are imported where they are needed: `mebench status` asks for samples, and has to start quickly.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mebench.errors import UserError, did_you_mean
from mebench.given_values import number
from mebench.metrics.given import class_named
from mebench.tasks import Kind, Objective, Row, Task

if TYPE_CHECKING:
    import numpy as np
    import torch

    from mebench.config.spec import Recipe
    from mebench.statistics.counts import Counts

CARD = {
    "title": "Recognition",
    "module": "Recognition",
    "definition": ["classes", "labels", "label_from", "drop"],
    "required": ["classes", "labels"],
    "classes": True,
    "stacks": True,
    "history": "train_accuracy",
    "selection": {"inner": "inner_uf1", "test_peek": "test_accuracy"},
    "predictions": {
        "truth": "the class of the clip",
        "prediction": "the most probable class, the first of equals",
        "p_<classes>": "the probability of each class, from 0 to 1",
    },
    "metrics": {
        "accuracy": {"title": "accuracy", "range": [0, 1]},
        "uf1": {"title": "UF1", "range": [0, 1]},
        "uar": {"title": "UAR", "range": [0, 1]},
        "macro_precision": {"title": "macro precision", "range": [0, 1]},
    },
    "columns": {"all": [["uf1", "UF1"], ["uar", "UAR"], ["accuracy", "Acc."]],
                "part": [["uf1", "UF1"], ["uar", "UAR"]]},
    "caption": "UF1 (macro F1), UAR (mean recall) and accuracy from predictions pooled over all folds.",
    "plots": {
        "forest": ["Figures and differences", "Each figure with its interval over subjects and its letters, and its "
                   "difference to the best model. Results that share a letter cannot be told apart; p is corrected for "
                   "the number of pairs (Holm). The grey band is the region of practical equivalence."],
        "inflation": ["Inflation", "What choosing the epoch on the test subjects adds, for the same trained networks."],
        "confusion": ["Confusion matrices", "Rows are the true classes; the colour is the share of the row."],
        "subjects": ["Subjects", "Accuracy on each left-out subject: a mean hides who is easy and who is not."],
        "curves": ["Learning curves",
                   "Training loss over the folds; a curve that still falls at its end was cut short."],
        "classes": ["Classes", "The F1 of each class, whose mean is UF1."],
        "calibration": ["Calibration",
                        "How often a prediction is right, by the probability that the model gave it. Below the "
                        "diagonal a model is too sure of itself; the error is the mean distance from it."],
        "difficulty": ["Hardest clips", "The clips that most models miss, with the flow that they read. Flow shows how "
                       "a face moves, not whose it is."],
        "agreement": ["Agreement", "How often two models give the same answer. Models that miss the same clips agree "
                      "more than their accuracies say."],
        "inspection": ["Embeddings and attention",
                       "How networks order clips of people whom they never saw, and where their last layer looks, of "
                       "the folds that were inspected."],
        "cost": ["Cost", "The figure of each network against its parameters and the operations of a clip's forward "
                 "pass, as its card counts them."],
        "seconds": ["Time", "The figure of each model against the seconds of a fold on the machine of this run."],
        "seeds": ["Seeds", "The spread of equal runs, and what choosing the epoch on the test subjects would add."],
    },
    "plots_need": {"forest": "statistics", "inflation": "statistics test_peek", "cost": "statistics",
                   "seconds": "statistics", "inspection": "inspection"},
    "plots_beside": ["seconds"],
    "plots_of_clips": ["difficulty", "inspection"],
}  # fmt: skip


class Recognition(Kind):
    """The task's ``labels`` map the column ``label_from`` of each dataset (the emotion where none is named) to one of
    its ``classes``; clips named in ``drop``, and clips with any other label, are left out."""

    needed = ("truth", "prediction")

    def __init__(self, task: Task):
        super().__init__(task)
        self.classes: list[str] = list(task["classes"])
        self.column: str = task.get("label_from", "emotion")

    def samples(self, clips: list[Row], recordings: Sequence[Row] = ()) -> list[Row]:
        """Rows with clip_id, dataset, subject and class ``label``, sorted by clip_id. Sorting here is what makes every
        later step independent of the order of rows in the annotation."""
        rows = [
            {key: clip[key] for key in ("clip_id", "dataset", "subject")} | {"label": label}
            for clip in clips
            if (label := self._label(clip)) is not None and self.takes(clip)
        ]
        rows.sort(key=lambda row: row["clip_id"])
        self._check(rows)
        return rows

    def takes(self, clip: Row) -> bool:
        return self._label(clip) is not None and clip["clip_id"] not in self.task["drop"]

    def counted(self, clips: Sequence[Row]) -> dict[str, int]:
        """Clips, subjects, and clips of each class."""
        labels = Counter(label for clip in clips if self.takes(clip) and (label := self._label(clip)) is not None)
        return super().counted(clips) | {name: labels[name] for name in self.classes}

    def _label(self, clip: Row) -> str | None:
        return self.task["labels"].get(clip["dataset"], {}).get(clip[self.column])

    def _check(self, rows: list[Row]) -> None:
        for one, two in itertools.pairwise(rows):
            if one["clip_id"] == two["clip_id"]:
                raise UserError(f"the clip {one['clip_id']} is listed twice in the clips of task {self.task['name']}; "
                                "keep one row")  # fmt: skip
        absent = [c for c in self.classes if c not in {row["label"] for row in rows}]
        if absent:
            raise UserError(
                f"the task {self.task['name']} has no clip of the class {', '.join(absent)} in {len(rows)} clips; "
                f"check the column {self.column} of clips.csv, or choose a task that fits these data"
            )

    def extra_samples(self, wanted: str, clips: list[Row]) -> list[Row]:
        """``macro`` are the macro-expressions of the long videos of the same people. ``subject`` is that of the task's
        dataset, so that no fold trains on an extra clip of the subject that it holds out."""
        rows = []
        for clip in clips if wanted == "macro" else []:
            own = self.task.get("macro", {}).get(clip["dataset"])
            label = self.task["labels"].get(own, {}).get(clip[self.column])
            if label is not None and clip["expression"] == "macro":
                subject = f"{own}/{clip['subject'].split('/', 1)[1]}"
                rows.append(
                    {"clip_id": clip["clip_id"], "dataset": clip["dataset"], "subject": subject, "label": label}
                )
        return sorted(rows, key=lambda row: row["clip_id"])

    def arrays(self, sample: Row, stored: np.ndarray, kind: str) -> np.ndarray:
        """Of a recording's windows the first, which begins at the onset; of a clip all."""
        return stored[0] if kind == "roi_flow" else stored

    @property
    def groups(self) -> list[str]:
        return self.classes

    def group(self, sample: Row) -> str:
        return sample["label"]

    def targets(self, samples: Sequence[Row]) -> np.ndarray:
        """Indices of classes, (n,) int64."""
        import numpy as np

        return np.array([self.classes.index(sample["label"]) for sample in samples], dtype=np.int64)

    @property
    def outputs(self) -> int:
        return len(self.classes)

    def objective(self, recipe: Recipe, y: torch.Tensor) -> CrossEntropy:
        return CrossEntropy(recipe, y, len(self.classes))

    def quality(self, selection: str, predictions: np.ndarray, y: np.ndarray) -> float:
        """UF1 of the inner subjects; accuracy of a peeked test subject, who seldom shows every class."""
        import numpy as np

        from mebench.metrics.recognition import from_confusion

        classes = predictions.shape[1]
        matrix = np.zeros((classes, classes), dtype=np.int64)
        np.add.at(matrix, (y, predictions.argmax(axis=1)), 1)
        numbers = from_confusion(matrix)
        value = numbers["uf1"] if selection == "inner" else numbers["accuracy"]
        assert value is not None, "there are rows"
        return value

    def rows(self, sample: Row, target: np.ndarray, prediction: np.ndarray) -> Sequence[Mapping[str, object]]:
        """One row; the prediction is the most probable class, the first of equals."""
        row = {key: sample[key] for key in ("clip_id", "dataset", "subject")}
        row |= {"truth": self.classes[int(target)], "prediction": self.classes[int(prediction.argmax())]}
        shares = zip(self.classes, prediction.tolist(), strict=True)
        return [row | {f"p_{name}": f"{value:.6f}" for name, value in shares}]

    def given(self, sample: Row, row: Row, where: str) -> Mapping[str, object]:
        """``prediction``, and optionally ``p_<class>`` for every class; the truth is never taken from there."""
        about = {key: sample[key] for key in ("clip_id", "dataset", "subject")}
        return about | {"truth": sample["label"]} | predicted(row, self.classes, where)

    def record(self) -> dict[str, object]:
        return {"classes": self.classes}

    def score(self, rows: Sequence[Row]) -> Mapping[str, object]:
        from mebench.metrics.recognition import part

        return {**part(rows, self.classes)}


class CrossEntropy(Objective):
    """The recipe's cross-entropy: class weights, label smoothing; a mean over the weights of the clips."""

    def __init__(self, recipe: Recipe, y: torch.Tensor, classes: int):
        self.smoothing = recipe.get("label_smoothing", 0.0)
        self.weight = class_weights(y, classes, recipe.get("class_weights", "none"))

    def loss(self, outputs: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        import torch.nn.functional as F

        return F.cross_entropy(outputs.float(), y, weight=self.weight, label_smoothing=self.smoothing)

    def mass(self, y: torch.Tensor) -> torch.Tensor | int:
        return len(y) if self.weight is None else self.weight[y].sum()

    def agreement(self, outputs: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return (outputs.argmax(dim=1) == y).sum()

    def shares(self, outputs: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        losses = -outputs.float().log_softmax(dim=1)
        weight = losses.new_ones(losses.shape[1]) if self.weight is None else self.weight
        true = losses.gather(1, y[:, None]).squeeze(1)
        masses = weight[y]
        smooth = self.smoothing / losses.shape[1] * (losses * weight).sum(dim=1)
        return (1 - self.smoothing) * masses * true + smooth, masses

    def agrees(self, outputs: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return (outputs.argmax(dim=1) == y).float()

    def strata(self, y: torch.Tensor) -> torch.Tensor:
        return y

    def predictions(self, outputs: torch.Tensor) -> torch.Tensor:
        """Class probabilities (n, C)."""
        return outputs.float().softmax(dim=1)


def class_weights(y: torch.Tensor, classes: int, kind: str) -> torch.Tensor | None:
    """``balanced``: n / (C n_c) over the training labels, 0 for a class without a training clip; ``none``: no
    weights."""
    import torch

    if kind == "none":
        return None
    counts = torch.bincount(y, minlength=classes).float()
    return torch.where(counts > 0, len(y) / ((counts > 0).sum() * counts.clamp(min=1)), 0.0)


def predicted(row: Row, classes: list[str], where: str) -> dict[str, str]:
    """The prediction of a row that was made elsewhere, and its probabilities, if there are any."""
    clip, prediction = row["clip_id"], class_named(row["prediction"], classes)
    if prediction is None:
        raise UserError(
            f"{where}: the clip {clip} has the prediction '{row['prediction']}', which is no class of the task"
            f"{did_you_mean(row['prediction'], classes)}"
        )
    columns, wanted = [key for key in row if key.startswith("p_")], [f"p_{name}" for name in classes]
    if columns and set(columns) != set(wanted):
        raise UserError(
            f"{where} has the columns {', '.join(columns)}; give one for every class ({', '.join(wanted)}) or none"
        )
    return {"prediction": prediction, **{key: _probability(row[key], key, clip, where) for key in wanted if columns}}


def _probability(text: str, column: str, clip: str, where: str) -> str:
    value = number(text)
    if value is None or not 0 <= value <= 1:
        raise UserError(f"{where}: the clip {clip} has {column}: '{text}', which is no number from 0 to 1")
    return f"{value:.6f}"


def tally(name: str, seeds: Mapping[str, Sequence[Row]], task: Task) -> Counts:
    """The confusion counts of each subject, from the rows of each seed. Intervals and tests are computed from them."""
    from mebench.statistics.reading import from_rows

    return from_rows(name, seeds, task["classes"])
