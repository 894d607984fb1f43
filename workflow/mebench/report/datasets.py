"""A dataset on the page: its clips counted by emotion and subject, its index report, its figure, its faces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mebench.clips.card import dataset_card
from mebench.errors import UserError
from mebench.files import read_csv, read_json
from mebench.papers import Paper, paper
from mebench.report.faces import ROOM, FacesPart, faces_part
from mebench.report.markdown import sections, to_html
from mebench.report.pictures import Picture, letters_note, svg

# how the lines of report.md begin that name an accepted deviation, and that say that the data are synthetic
ACCEPTED, SYNTHETIC = "**Accepted deviation", "**SYNTHETIC DATA"


@dataclass(frozen=True)
class EmotionCount:
    """The clips of one emotion; ``share`` is in per cent of those of the most frequent one."""

    name: str
    clips: int
    subjects: int
    share: int


@dataclass(frozen=True)
class SubjectCount:
    """The clips of one subject, of each emotion and of all."""

    subject: str
    of_each: tuple[int, ...]
    total: int


@dataclass(frozen=True)
class IndexReport:
    """The report.md of a dataset as HTML: accepted deviations, what was counted, and (heading, text) of the rest."""

    accepted: tuple[str, ...]
    counts: str
    sections: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class DatasetPart:
    """``frames`` says whether the dataset has frames at all: published flow pictures have neither these nor faces."""

    name: str
    title: str
    paper: Paper | None
    fps: int | None
    licence: str
    homepage: str
    synthetic: bool
    clips: int
    repaired: int
    emotions: tuple[EmotionCount, ...]
    emotion_names: tuple[str, ...]
    by_subject: tuple[SubjectCount, ...]
    report: IndexReport
    figure: Picture | None
    letters_note: str
    frames: bool
    faces: FacesPart | None
    path: Path


def dataset_part(results: Path, name: str, sheet_room: int = ROOM, drawn: bool = True) -> DatasetPart:
    """Read a dataset. ``sheet_room``: bytes that its contact sheet may add to the page; ``drawn``: whether it has a
    figure."""
    card = dataset_card(name)
    folder = results / "datasets" / name
    clips = read_csv(folder / "clips.csv", ("clip_id", "dataset", "subject", "emotion", "repairs"))
    if not clips:
        raise UserError(f"{folder / 'clips.csv'} lists no clips; run `mebench index {name}` again")
    emotions = sorted({clip["emotion"] for clip in clips})
    text = _text(folder / "report.md")
    plot = results / "plots" / "datasets" / f"{name}.svg"
    origin = _origin(results / "sources" / name / "source.json")
    return DatasetPart(
        name=name,
        title=card.title,
        paper=paper(card.paper),
        fps=card.fps,
        licence=card.licence,
        homepage=card.homepage,
        synthetic=SYNTHETIC in sections(text)[0] or origin == "synthetic",
        clips=len(clips),
        repaired=sum(bool(clip["repairs"].strip()) for clip in clips),
        emotions=_emotions(clips, emotions),
        emotion_names=tuple(emotions),
        by_subject=_subjects(clips, emotions),
        report=_index_report(text),
        figure=svg(plot) if drawn else None,
        letters_note=letters_note(plot) if drawn else "",
        frames=card.delivers != "pictures",
        faces=faces_part(results, name, sheet_room),
        path=folder / "clips.csv",
    )


def _index_report(text: str) -> IndexReport:
    head, rest = sections(text)
    accepted = [line for line in head.splitlines() if line.startswith(ACCEPTED)]
    others = [line for line in head.splitlines() if not line.startswith(ACCEPTED)]
    return IndexReport(
        accepted=tuple(map(to_html, accepted)),
        counts=to_html("\n".join(others)),
        sections=tuple((heading, to_html(below)) for heading, below in rest),
    )


def _subjects(clips: Sequence[dict[str, str]], emotions: Sequence[str]) -> tuple[SubjectCount, ...]:
    counts = Counter((clip["subject"], clip["emotion"]) for clip in clips)
    of_each = {
        subject: tuple(counts[subject, emotion] for emotion in emotions)
        for subject in sorted({clip["subject"] for clip in clips})
    }
    return tuple(SubjectCount(subject, own, sum(own)) for subject, own in of_each.items())


def _emotions(clips: Sequence[dict[str, str]], emotions: Sequence[str]) -> tuple[EmotionCount, ...]:
    """The most frequent first."""
    counts = Counter(clip["emotion"] for clip in clips)
    subjects = {name: len({clip["subject"] for clip in clips if clip["emotion"] == name}) for name in emotions}
    most = max(counts.values())
    order = sorted(emotions, key=lambda name: (-counts[name], name))
    return tuple(EmotionCount(name, counts[name], subjects[name], round(100 * counts[name] / most)) for name in order)


def _origin(path: Path) -> str:
    """Where a dataset came from; empty for one that was indexed by hand, without ``mebench fetch``."""
    return read_json(path)["origin"] if path.exists() else ""


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}; run `mebench index` again") from error
