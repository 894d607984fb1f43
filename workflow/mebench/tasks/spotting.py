"""Spotting: where in long videos expressions are, and which emotion each shows. F1 of spotting, F1 of recognition over
what was found, and STRS, from intervals that are decoded after pooling.

A sample is a window of a recording. What follows pooling is a class of its own, so that a change of it trains nothing.
NumPy and torch are imported where they are needed: `mebench status` asks for samples, and has to start quickly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from mebench.errors import UserError
from mebench.metrics.intervals import Interval
from mebench.spotting import half_width
from mebench.spotting.recording import Footage, Pace, as_text, from_text
from mebench.tasks import Kind, Objective, Predicted, Row, Scoring, Task

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import nn

    from mebench.config.spec import Recipe
    from mebench.spotting.subject_tallies import SpottingCounts

CARD = {
    "title": "Spotting",
    "module": "Spotting",
    "scoring": "Intervals",
    "sample": "recording",
    "definition": ["classes", "labels", "expression", "train_videos", "negatives"],
    "required": ["classes", "labels", "expression"],
    "history": "train_frames_right",
    "selection": {"inner": "inner_frame_ap", "test_peek": "test_frame_ap"},
    "holds": True,
    "stage": {
        "stitching": "correct",
        "batch": 32,
        "half_width": "train",
        "length": "mean",
        "threshold": 0.55,
        "edges": "zero",
        "empty": "none",
        "distance": None,
        "clip": False,
        "intervals": "fixed",
        "synergy": 2,
        "neutral_logit": "keep",
        "neutral": "delete_then_match",
        "matcher": "greedy",
        "iou": 0.5,
        "strict": False,
        "unit": "frames",
        "absent": "zero",
        "recognised": [],
    },
    "stage_values": {
        "stitching": ["correct", "released"],
        "batch": ["<count>"],
        "half_width": ["train", "all", "<count>"],
        "length": ["mean", "median"],
        "threshold": ["inner", "<share>"],
        "edges": ["zero", "valid"],
        "empty": ["none", "first_frame"],
        "distance": [None, "<count>"],
        "clip": [False, True],
        "intervals": ["fixed", "variable"],
        "synergy": [0, 1, 2],
        "neutral_logit": ["keep", "zero"],
        "neutral": ["delete_then_match", "match_then_delete"],
        "matcher": ["greedy", "megc2020", "strs", "optimal", "reuse"],
        "iou": ["<share>"],
        "strict": [False, True],
        "unit": ["frames", "positions"],
        "absent": ["zero", "skip"],
        "recognised": ["<classes>"],
    },
    "predictions": {
        "video": "the name of the recording in its release",
        "first": "the frame of its first position",
        "step": "frames from one position to the next",
        "frames": "positions that it has; those after its last window have no score",
        "windows": "windows that its positions were read in",
        "truth": "its labelled intervals, `12..40 negative;90..130 others`, in frames",
        "types": "of each of them, micro or macro, joined by `;`",
        "train_mean": "mean of offset minus onset of the labels of the fold's training subjects, in positions",
        "train_median": "their median",
        "intervals": "what a model predicted that gives intervals, not scores: as in `truth`",
        "start": "the first row of its windows in predictions.npy",
        "count": "how many rows it has there, window by window; 0 where it has intervals",
    },
    "array": {
        "score": "the spotting score of a position, 0 to 1",
        "e_<classes>": "the logit of each emotion",
        "e_neutral": "the logit of no emotion",
    },
    "files": {
        "intervals.csv": {
            "dataset": "the dataset of the recording", "subject": "its subject", "video": "its name",
            "onset": "first frame of a predicted interval", "offset": "its last frame; either may lie outside",
            "emotion": "its class", "threshold": "the share that its fold was decoded with",
            "half_width": "half its length, in positions",
        },
        "labels.csv": {
            "dataset": "the dataset of the recording", "subject": "its subject", "video": "its name",
            "onset": "first frame of a labelled interval", "offset": "its last frame", "emotion": "its class",
            "type": "micro or macro",
        },
        "sweep.csv": {
            "dataset": "the dataset", "subject": "the subject of the recordings",
            "threshold": "a share from 0 to 1", "tp": "true positives at it",
            "fp": "false positives", "fn": "labels that are not found",
        },
    },
    "metrics": {
        "strs": {"title": "STRS", "range": [0, 1]},
        "f1_spotting": {"title": "F1 of spotting", "range": [0, 1]},
        "f1_recognition": {"title": "F1 of recognition", "range": [0, 1]},
        "ap": {"title": "AP over thresholds", "range": [0, 1]},
        "tp": {"title": "true positives", "digits": 0, "compared": False},
        "fp": {"title": "false positives", "best": "min", "digits": 0, "compared": False},
        "fn": {"title": "false negatives", "best": "min", "digits": 0, "compared": False},
        "precision": {"title": "precision", "range": [0, 1]},
        "recall": {"title": "recall", "range": [0, 1]},
        "uf1": {"title": "UF1 over true positives", "range": [0, 1]},
        "uar": {"title": "UAR over true positives", "range": [0, 1]},
        "strs_with_me": {"title": "STRS, videos with a label", "range": [0, 1]},
        "f1_with_me": {"title": "F1 of spotting, videos with a label", "range": [0, 1]},
        "fp_with_me": {"title": "false positives in videos with a label", "best": "min", "digits": 0,
                       "compared": False},
        "f1_test_peek": {"title": "F1 of spotting, threshold chosen on the test subjects", "range": [0, 1],
                         "compared": False},
    },
    "columns": {
        "all": [["strs", "STRS"], ["f1_spotting", "F1 spot"], ["f1_recognition", "F1 recog"], ["tp", "TP"],
                ["fp", "FP"], ["fn", "FN"], ["ap", "AP"], ["strs_with_me", "ME STRS"],
                ["f1_with_me", "ME F1"], ["fp_with_me", "ME FP"],
                ["f1_test_peek", "F1, peeked p"]],
        "part": [["strs", "STRS"], ["f1_spotting", "F1 spot"], ["tp", "TP"], ["fp", "FP"], ["fn", "FN"]],
    },
    "caption": "STRS = F1 of spotting x F1 of recognition over true positives, of intervals pooled over all folds.",
    "plots": {
        "forest": ["Figures and differences", "Each figure with its interval over subjects and its letters, and its "
                   "difference to the best model. Results that share a letter cannot be told apart; p is corrected for "
                   "the number of pairs (Holm). The grey band is the region of practical equivalence."],
        "curves": ["Learning curves",
                   "Training loss over the folds; a curve that still falls at its end was cut short."],
        "recordings": ["Recordings",
                       "The smoothed score, its threshold, labels and predicted intervals; below, a line for each "
                       "emotion of labels, predictions and frames. First seed; of each model the recording with most "
                       "labels found, most missed, and most false alarms."],
        "precision_recall": ["Precision and recall over the threshold",
                             "All else as scored. Points are the scored threshold; AP is the area below the third "
                             "curve. A threshold chosen here would be chosen on the test subjects."],
        "lengths": ["Lengths and overlaps",
                    "Predictions much shorter or longer than labels cannot overlap enough; predictions just left of "
                    "the dashed line are near misses."],
        "durations_found": ["Found by duration",
                            "Short and long labels are missed where all predictions have one length."],
        "emotions": ["Emotions of what is found",
                     "True positives only: F1 of recognition comes from these counts. Rows are the labels; a model "
                     "without true positives is left out."],
        "false_alarms": ["What false alarms are",
                         "Met badly: the overlap is too small for a true positive. Of real recordings only labelled "
                         "expressions are known, so that blinks are among the unknown."],
        "cost": ["Cost", "The figure of each network against its parameters and the operations of a window's forward "
                 "pass, as its card counts them."],
        "seconds": ["Time", "The figure of each model against the seconds of a fold on the machine of this run."],
    },
    "plots_need": {"forest": "statistics", "cost": "statistics", "seconds": "statistics"},
    "plots_beside": ["seconds"],
    "plots_of_clips": ["false_alarms"],
    "pages": {
        "all_recordings": ["All recordings", "a page for each subject, all recordings and models that are no controls"],
    },
}  # fmt: skip

SPOT_SHARE = 0.9  # of the loss of a model that brings none; emotions have the rest, as in ME-TST
MASKED = -1


class Spotting(Kind):
    """The task's ``expression`` is micro, macro or all. ``labels`` map the emotions of each dataset to its ``classes``;
    an expression with another emotion is spotted all the same, as ``others`` where that is a class. One without an
    emotion is spotted, and no part of recognition.

    All recordings of the subjects who have a label are tested. Windows of ``train_videos`` are trained on: with_me
    (those with a label, the default) or all. ``negatives``: windows without a label for each window with one.
    """

    needed = ("truth", "start", "count")

    def __init__(self, task: Task):
        super().__init__(task)
        self.classes: list[str] = list(task["classes"])

    @property
    def samples_per_clip(self) -> float:  # type: ignore[override]  # it depends on the task
        """Windows to learn from for each label: about three have a part of it, and others are drawn."""
        return 3 * (1 + float(self.task.get("negatives", 1)))

    # --- samples and targets

    def samples(self, clips: list[Row], recordings: Sequence[Row] = ()) -> list[Row]:
        """A row for each window, sorted by recording and window, with the labels of its whole recording."""
        labels: dict[tuple[str, str], list[Row]] = {}
        for clip in filter(self.takes, clips):
            labels.setdefault((clip["dataset"], clip["frames"]), []).append(clip)
        shown = {clip["subject"] for found in labels.values() for clip in found}
        if not shown:
            raise UserError(
                f"the task {self.task['name']} has no {self._wanted} in its {len(recordings)} recordings; check the "
                "columns expression and emotion of clips.csv, or choose a task that fits these data"
            )
        rows: list[Row] = []
        for video in sorted(recordings, key=lambda row: row["video_id"]):
            if video["subject"] in shown:
                rows += self._windows(video, labels.get((video["dataset"], video["frames"]), []))
        return rows

    @property
    def _wanted(self) -> str:
        expression = self.task["expression"]
        return "expression" if expression == "all" else f"{expression}-expression"

    def takes(self, clip: Row) -> bool:
        known = all(clip.get(end) != "" for end in ("onset", "offset"))  # of data to be generated no frame is told
        return self.task["expression"] in (clip["expression"], "all") and known

    @property
    def groups(self) -> list[str]:
        return self.classes

    def group(self, sample: Row) -> str:
        """The class of a clip: a sample picture shows one of each, in its recording."""
        return self._class(sample)

    def counted(self, clips: Sequence[Row]) -> dict[str, int]:
        """Labelled expressions, the subjects who show one, and the expressions of each class."""
        classes = Counter(self._class(clip) for clip in clips if self.takes(clip))
        return super().counted(clips) | {name: classes[name] for name in self.classes}

    def _windows(self, video: Row, clips: list[Row]) -> Iterable[Row]:
        labels = sorted(
            (Interval(int(clip["onset"]), int(clip["offset"]), self._class(clip)), clip["expression"]) for clip in clips
        )
        first, step = int(video.get("first") or 0), int(video.get("step") or 1)
        about = {name: video[name] for name in ("dataset", "subject", "video")}
        about |= {
            "clip_id": video["video_id"],
            "first": str(first),
            "step": str(step),
            "frames": str((int(video["last"]) - first) // step + 1),
            "windows": video.get("windows") or "1",
            "fps": video.get("fps") or "",
            "length": (video.get("shape") or "1").rpartition("x")[2]
            if video.get("length") is None
            else video["length"],
            "truth": as_text(label for label, _ in labels),
            "types": ";".join(kind for _, kind in labels),
        }
        return ({**about, "window": str(number)} for number in range(int(about["windows"])))

    def _class(self, clip: Row) -> str:
        known = self.task["labels"].get(clip["dataset"], {})
        return known.get(clip["emotion"], "others" if clip["emotion"] and "others" in self.classes else "")

    def arrays(self, sample: Row, stored: np.ndarray, kind: str) -> np.ndarray:
        return stored[int(sample["window"])]

    def targets(self, samples: Sequence[Row]) -> np.ndarray:
        """The class of each position (n, T) int64: that of the expression strictly between onset and offset; C,
        neutral, elsewhere; C + 1 in an expression without a class; -1 where a window ends after its recording."""
        import numpy as np

        neutral, length = len(self.classes), int(samples[0]["length"])
        places = np.arange(length)
        targets = np.full((len(samples), length), neutral, dtype=np.int64)
        for row, sample in zip(targets, samples, strict=True):
            pace, start = Pace.of_row(sample), int(sample["window"]) * max(1, length // 2)
            for label in from_text(sample["truth"]):
                inside = pace.positions(label)
                at = self.classes.index(label.emotion) if label.emotion else neutral + 1
                row[(places + start > inside.onset) & (places + start < inside.offset)] = at
            row[places + start >= pace.count] = MASKED
        return targets

    # --- training

    def drawn(self, samples: Sequence[Row], y: torch.Tensor, train: list[int], recipe: Recipe, seed: int) -> list[int]:
        """All windows with a position inside an expression, and for each as many as the recipe's or the task's
        ``negatives`` of those without; all of these but two where there are fewer. Sorted. A :class:`UserError` where
        no window has a label."""
        import random

        shown = ((y != len(self.classes)) & (y != MASKED)).any(dim=1).tolist()
        if self.task.get("train_videos", "with_me") == "with_me":
            train = [row for row in train if samples[row]["truth"]]
        positive = [row for row in train if shown[row]]
        if not positive:
            raise UserError(
                f"a fold of the task {self.task['name']} has no training window with a frame between onset and offset; "
                "it needs labels of more subjects"
            )
        others = [row for row in train if not shown[row]]
        wanted = int(float(recipe.get("negatives", self.task.get("negatives", 1))) * len(positive))
        wanted = wanted if wanted <= len(others) else max(0, len(others) - 2)
        return sorted([*positive, *random.Random(seed).sample(others, wanted)])

    def forward(self, model: nn.Module) -> Callable[[torch.Tensor], torch.Tensor]:
        """Scores and logits of each position, (n, T, 1 + C + 1). A model with ``whole: True`` is trained on windows,
        and in evaluation mode it is given all windows of a recording as one series."""
        from mebench.spotting import scan

        each = lambda x: packed(*model.frames(x))  # type: ignore[operator]  # noqa: E731  # torch types methods as modules
        if not getattr(model, "whole", False):
            return each
        return lambda x: each(x) if model.training else scan.in_one_pass(x, each)

    def together(self, model: nn.Module, samples: Sequence[Row]) -> list[str] | None:
        """The recordings, for a model with ``whole: True``."""
        return [sample["clip_id"] for sample in samples] if getattr(model, "whole", False) else None

    @property
    def outputs(self) -> int:
        return len(self.classes)

    def objective(self, recipe: Recipe, y: torch.Tensor) -> Positions:
        return Positions(len(self.classes))

    def quality(self, selection: str, predictions: np.ndarray, y: np.ndarray) -> float:
        """Average precision of the scores of positions: it needs no threshold and no length."""
        known = y != MASKED
        return average_precision(predictions[..., 0][known], (y != len(self.classes))[known])

    # --- what a fold writes

    def written(
        self, samples: Sequence[Row], targets: np.ndarray, predictions: np.ndarray, training: Sequence[Row]
    ) -> tuple[list[Mapping[str, object]], np.ndarray | None]:
        """A row for each recording; the array has the positions of its windows, (sum of windows x T, 1 + C + 1)."""
        import numpy as np

        rows, start = self._recordings(samples, training), 0
        for row, (_, own) in zip(rows, _by_recording(samples), strict=True):
            row |= {"start": start, "count": len(own) * int(own[0]["length"])}
            start += len(own) * int(own[0]["length"])
        array = np.ascontiguousarray(predictions.reshape(-1, predictions.shape[-1]), dtype=np.float32)
        return [*rows], array

    def direct(
        self, model: nn.Module, training: Sequence[Row], tested: Sequence[Row], read: Callable[[Row], np.ndarray],
        seed: int, reveal: bool,
    ) -> tuple[list[Mapping[str, object]], np.ndarray | None]:  # fmt: skip
        """The model's ``spot(training, tested, draw)`` gives the intervals of each tested recording, in frames. Both
        are lists of :class:`Footage`, and ``draw`` is a ``random.Random`` of the fold."""
        import random

        import numpy as np

        sides = [self._footage(training, read, True), self._footage(tested, read, reveal)]
        found = model.spot(*sides, random.Random(seed))  # type: ignore[operator]  # torch types methods as modules
        rows = self._recordings(tested, training)
        for row, intervals in zip(rows, found, strict=True):
            row |= {"intervals": as_text(intervals), "start": 0, "count": 0}
        return [*rows], np.zeros((0, len(self.classes) + 2), dtype=np.float32)

    def _footage(self, samples: Sequence[Row], read: Callable[[Row], np.ndarray], labels: bool) -> list[Footage]:
        return [
            Footage(
                name, float(own[0]["fps"] or 0), Pace.of_row(own[0]), from_text(own[0]["truth"]) if labels else [],
                partial(_stacked, own, read),
            )
            for name, own in _by_recording(samples)
        ]  # fmt: skip

    def _recordings(self, samples: Sequence[Row], training: Sequence[Row]) -> list[dict[str, object]]:
        """What a row says of each recording, but for its scores."""
        copied = ("clip_id", "dataset", "subject", "video", "first", "step", "frames", "truth", "types")
        about = self._training_lengths(training)
        return [
            {**{key: own[0][key] for key in copied}, **about, "intervals": "", "windows": len(own)}
            for _, own in _by_recording(samples)
        ]  # fmt: skip

    def _training_lengths(self, training: Sequence[Row]) -> dict[str, str]:
        recordings = {sample["clip_id"]: sample for sample in training}
        found = half_width.typical(
            length
            for sample in recordings.values()
            for length in half_width.lengths(map(Pace.of_row(sample).positions, from_text(sample["truth"])))
        )
        return {f"train_{name}": f"{value:.6f}" for name, value in found.items()}

    def record(self) -> dict[str, object]:
        return {"classes": self.classes}


def _by_recording(samples: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    return [(name, list(own)) for name, own in groupby(samples, key=lambda sample: sample["clip_id"])]


def _stacked(samples: Sequence[Row], read: Callable[[Row], np.ndarray]) -> np.ndarray:
    import numpy as np

    return np.stack([read(sample) for sample in samples])


class Positions(Objective):
    """0.9 mean squared error of the score, which is to be 1 inside an expression, + 0.1 cross-entropy of emotions."""

    def __init__(self, classes: int):
        self.neutral = classes

    def loss(self, outputs: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        import torch.nn.functional as F

        known, named = y != MASKED, (y != MASKED) & (y <= self.neutral)
        spot = F.mse_loss(outputs[..., 0][known].float(), (y != self.neutral)[known].float())
        return SPOT_SHARE * spot + (1 - SPOT_SHARE) * F.cross_entropy(outputs[..., 1:][named].float(), y[named])

    def agreement(self, outputs: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        known = y != MASKED
        right = ((outputs[..., 0] > 0.5) == (y != self.neutral)) & known
        return (right.sum(dim=1) / known.sum(dim=1)).sum()


def packed(scores: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    """Scores (n, T) and logits (n, T, C + 1) as one tensor (n, T, 1 + C + 1)."""
    import torch

    return torch.cat([scores[..., None], logits], dim=-1)


def average_precision(scores: np.ndarray, positive: np.ndarray) -> float:
    """The mean of the precision at each positive, from the highest score down, equal scores together; 0 without a
    positive."""
    import numpy as np

    if not positive.any():
        return 0.0
    order = np.argsort(-scores, kind="stable")
    found, ranked = np.cumsum(positive[order]), scores[order]
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    hits = np.diff(found[last], prepend=0)
    return float((hits * found[last] / (last + 1)).sum() / positive.sum())


class Intervals(Scoring):
    """Intervals from the pooled scores, and figures from the intervals. ``parameters`` are those of
    :class:`mebench.spotting.choices.Choices`."""

    def decoded(self, predicted: Predicted, parameters: Mapping[str, object]) -> list[Row]:
        from mebench.spotting import decoded
        from mebench.spotting.choices import Choices

        return decoded.rows(predicted, list(self.task["classes"]), Choices.read(parameters))

    def files(self, rows: Sequence[Row]) -> Mapping[str, Sequence[Row]]:
        from mebench.spotting import decoded

        return decoded.by_file(rows)

    def read_back(
        self, recordings: Sequence[Row], files: Mapping[str, Sequence[Row]], parameters: Mapping[str, object]
    ) -> list[Row]:  # fmt: skip
        """What :meth:`decoded` gave, from the rows of predictions.csv and of the files beside it."""
        from mebench.spotting import decoded

        return decoded.read_back(recordings, files, parameters)

    def conventions(self, parameters: Mapping[str, object]) -> str:
        from mebench.spotting.choices import Choices

        return Choices.read(parameters).sentences(self.task["classes"])

    def score(self, rows: Sequence[Row]) -> Mapping[str, object]:
        from mebench.spotting import decoded

        return decoded.figures(rows, tuple(self.task["classes"]))

    def learned(self, samples: Sequence[Row]) -> dict[str, object]:
        """What a training on everyone says of its labels: how many of each class there are, and their lengths, as
        predictions.csv has them of a fold."""
        recordings = {sample["clip_id"]: sample["truth"] for sample in samples}
        classes = Counter(label.emotion for truth in recordings.values() for label in from_text(truth))
        return {"expressions": dict(sorted(classes.items())), **Spotting(self.task)._training_lengths(samples)}

    def decoding(self, learned: Mapping[str, object], parameters: Mapping[str, object]) -> dict[str, object]:
        """How the scores of a network that was trained on everyone become intervals, from what it ``learned`` and the
        parameters of the stage. No subject was held out, so for ``threshold: inner`` it is the 0.55 of the paper."""
        from mebench.spotting.decoded import PAPER

        width, threshold = parameters["half_width"], parameters["threshold"]
        if not isinstance(width, int):
            width = half_width.half_width(float(str(learned[f"train_{parameters['length']}"])))
        threshold = PAPER if threshold == "inner" else threshold
        return {"half_width": width, "threshold": threshold, "stage": dict(parameters)}


def tally(name: str, seeds: Mapping[str, Sequence[Row]], task: Task) -> SpottingCounts:
    """What is counted of each subject, from the decoded rows of each seed. Intervals and tests are computed from it."""
    from mebench.spotting import subject_tallies

    return subject_tallies.tally(name, seeds, task["classes"])
