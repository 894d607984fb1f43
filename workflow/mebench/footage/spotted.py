"""Spotting in footage of one's own: from its frames to scores, and from scores to intervals, as the benchmark does it
with a recording."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mebench.footage.frames import OWN, Frames
from mebench.footage.made import stored
from mebench.footage.network import Trained
from mebench.inputs.store import Store
from mebench.metrics.intervals import Interval
from mebench.predicted import Predicted, Row
from mebench.spotting.choices import Choices
from mebench.spotting.decoded import recordings
from mebench.spotting.decoder import Decoder, Track
from mebench.tasks import own_columns


@dataclass(frozen=True)
class Found:
    """What was found: the scores of all positions, how they were decoded, and the intervals in frames."""

    track: Track
    decoder: Decoder
    intervals: list[Interval]

    @property
    def classes(self) -> list[str]:
        """The emotions that have a logit."""
        return list(self.track.classes)

    def rows(self, name: str) -> Iterator[dict[str, object]]:
        """The rows of scores.csv, for a video called ``name``."""
        logits = self.track.logits
        assert logits is not None, "networks give emotions"
        for place, score in enumerate(self.track.scores):
            emotions = zip(self.classes, logits[place], strict=True)
            yield {
                "dataset": OWN, "subject": OWN, "video": name, "frame": self.track.first + place * self.track.step,
                "score": f"{score:.9g}", **{f"e_{one}": f"{logit:.9g}" for one, logit in emotions},
            }  # fmt: skip


def spot(
    trained: Trained, frames: Frames, scratch: Path, crop: str, threshold: float | None, half_width: int | None
) -> Found:
    """Find intervals. ``threshold`` and ``half_width`` are those of the card where they are None."""
    clip, spec = frames.clip(), trained.input(crop)
    kept = stored(spec, clip, frames.folder.parent, scratch)
    decoding = trained.final.card["decoding"]
    assert decoding is not None, "the card of a task of spotting has it"
    choices = Choices.read(decoding["stage"])
    decoder = choices.decoder(half_width or decoding["half_width"],
                              decoding["threshold"] if threshold is None else threshold)  # fmt: skip
    row = _row(kept, clip.clip_id, frames)
    samples = [{**row, "window": str(number)} for number in range(int(row["windows"]))]
    numbers = trained.predict(samples, kept)
    predicted = Predicted([row | {"count": str(numbers.shape[0] * numbers.shape[1])}],
                          numbers.reshape(-1, numbers.shape[-1]))  # fmt: skip
    (one,) = recordings(predicted, trained.final.card["classes"], choices)
    assert one.track is not None, "there are scores"
    return Found(one.track, decoder, one.intervals(decoder))


def _row(kept: Store, clip_id: str, frames: Frames) -> Row:
    """A recording as predictions.csv has it, without labels."""
    index = kept.index[clip_id]
    first, step = int(index.get("first") or frames.numbers[0]), int(index.get("step") or 1)
    return {
        "clip_id": clip_id, "dataset": OWN, "subject": OWN, "video": frames.name, "fold": "everyone",
        "first": str(first), "step": str(step), "frames": str((frames.numbers[-1] - first) // step + 1),
        "windows": index.get("windows") or "1", "truth": "", "types": "", "intervals": "", "start": "0",
    }  # fmt: skip


def columns(trained: Trained) -> list[str]:
    """The columns of scores.csv."""
    logits = own_columns(["e_<classes>", "e_neutral"], trained.final.spec["task"])
    return ["dataset", "subject", "video", "frame", "score", *logits]
