"""Recognition of one clip of one's own, whose onset and apex a person gives."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from mebench.clips.clip import Clip
from mebench.errors import UserError
from mebench.footage.frames import Frames
from mebench.footage.made import stored
from mebench.footage.network import Trained
from mebench.inputs.store import Store
from mebench.plots.samples import TITLES, drawing
from mebench.plots.samples.choose import Sample, ShownSamples


@dataclass(frozen=True)
class Recognised:
    """The ``clip``, its input, and the probability of each class, in the order of the classes."""

    clip: Clip
    stored: Store
    shares: dict[str, float]

    @property
    def prediction(self) -> str:
        """The most probable class, the first of equals."""
        return max(self.shares, key=lambda name: self.shares[name])

    def row(self) -> dict[str, object]:
        """The row of prediction.csv."""
        about = {"clip": self.clip.video, "onset": self.clip.onset, "apex": self.clip.apex, "offset": self.clip.offset}
        return {**about, "prediction": self.prediction, **{f"p_{name}": f"{share:.6f}"
                                                           for name, share in self.shares.items()}}  # fmt: skip


def check_times(numbers: Sequence[int], onset: int, apex: int, offset: int | None) -> None:
    """A UserError where these frames are not there, or do not follow one another; ``numbers`` are in order."""
    given = {"--onset": onset, "--apex": apex, **({} if offset is None else {"--offset": offset})}
    for option, number in given.items():
        place = bisect_left(numbers, number)
        if place == len(numbers) or numbers[place] != number:
            raise UserError(f"{option} is {number}, but there is no such frame; they are {numbers[0]} to {numbers[-1]}"
                            f"{_gaps(numbers)}")  # fmt: skip
    if onset >= apex:
        raise UserError(f"--onset {onset} is not before --apex {apex}; the apex is the frame of most motion after it")
    if offset is not None and offset < apex:
        raise UserError(f"--offset {offset} is before --apex {apex}; the offset is the last frame of the expression")


def _gaps(numbers: Sequence[int]) -> str:
    missing = numbers[-1] - numbers[0] + 1 - len(numbers)
    return f", without {missing} that are missing" if missing else ""


def recognise(trained: Trained, frames: Frames, clip: Clip, scratch: Path, crop: str) -> Recognised:
    """Recognise a part of ``frames``."""
    kept = stored(trained.input(crop), clip, frames.folder.parent, scratch)
    sample = {"clip_id": clip.clip_id, "dataset": clip.dataset, "subject": clip.subject}
    (shares,) = trained.predict([sample], kept).tolist()
    return Recognised(clip, kept, dict(zip(trained.final.card["classes"], shares, strict=True)))


def draw(found: Recognised, trained: Trained, note: str) -> Figure:
    """What the network saw of the clip, under what it says: the sample picture of the input."""
    row = {name: str(value) for name, value in found.clip.row().items()}
    sample = Sample(
        row, found.stored.get(found.clip.clip_id), found.stored.index[found.clip.clip_id], found.stored.meta
    )
    said, dataset = f"{found.prediction} {found.shares[found.prediction]:.2f}", found.clip.dataset
    kind = str(found.stored.meta["kind"])
    shown = ShownSamples(
        TITLES[kind][0], f"{trained.final.card['title']}, {trained.final.card['task']['title']}; {note}",
        trained.final.record.learned.origin == "synthetic", [dataset], [said], {(dataset, said): sample},
    )  # fmt: skip
    return drawing.DRAWERS[kind].draw(shown)
