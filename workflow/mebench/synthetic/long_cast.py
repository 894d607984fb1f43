"""What happens in long videos: their events, and the brief videos, half of which are expressions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil

import numpy as np

from mebench.synthetic import full_casme_sq
from mebench.synthetic.casme3_plan import EMOTIONS as CASME3
from mebench.synthetic.casme3_plan import LETTERS, NUMBERS
from mebench.synthetic.cast import (
    INFIX,
    MIX,
    SAMM_SUBJECTS,
    SMIC_SUBJECTS,
    WAYS,
    clips_per_subject,
    deal_emotions,
    random_stream,
)

# frames of each kind of event, least and most; an expression is over when its tail has faded
LENGTHS = {
    30: {"micro": (9, 15), "macro": (20, 40), "blink": (6, 8), "nod": (16, 24), "pause": (8, 14)},
    100: {"micro": (16, 30), "macro": (56, 72), "blink": (10, 14), "nod": (20, 30), "pause": (8, 14)},
    200: {"micro": (30, 50), "macro": (104, 124), "blink": (18, 26), "nod": (30, 50), "pause": (8, 14)},
}
FPS = {"casme3": 30, "casme3_long": 30, "casme_sq": 30, "samm_long": 200, "smic_long": 100}
VIDEOS = {"casme3": 13, "casme3_long": 13, "casme_sq": 9, "samm_long": 7}  # of one subject, at most
MIXES = {
    "casme3": CASME3,
    "casme3_long": CASME3,
    "casme_sq": {"negative": 25, "positive": 15, "surprise": 9, "others": 8},
    "samm_long": MIX["samm"],
    "smic_long": MIX["smic"],
}
PIXELS = {"micro": (1.0, 2.2), "macro": (2.6, 4.0)}
TAIL = 6  # frames after its offset in which the last of an expression fades; the pauses are longer
ALIASES = {"happy": "happiness", "sad": "sadness"}


@dataclass(frozen=True)
class Event:
    """``kind`` is micro, macro, blink, nod, talk or light; ``apex`` is the frame that a reader takes, ``peak`` that of
    most motion, ``lost`` frames that are not on disk, ``fades`` the frame at which the motion is over where that is not
    the offset. ``cells`` (name, value) are what the workbook says instead."""

    kind: str
    onset: int
    peak: int
    offset: int
    emotion: str = ""
    units: str = ""
    apex: int = 0
    cells: tuple[tuple[str, int], ...] = ()
    lost: tuple[int, ...] = ()
    fades: int = 0

    @property
    def labelled(self) -> bool:
        """Whether it is an expression that somebody named; the workbooks of SMIC-E name no macro-expressions."""
        return bool(self.emotion)

    @property
    def last(self) -> int:
        """The last frame that shows it."""
        return self.fades or self.offset


@dataclass(frozen=True)
class Video:
    """``subject`` and ``name`` are numbers or names as the dataset has them; ``last`` is the last frame's number."""

    subject: int
    name: str
    last: int
    events: tuple[Event, ...]


def draw_videos(dataset: str, subjects: int, clips: int, seed: int) -> list[Video]:
    """The videos of ``subjects`` subjects with ``clips`` micro-expressions each on average. Every second subject has
    a video without micro-expressions too, the first one without any label."""
    rng = random_stream(seed, dataset, "cast")
    counts = clips_per_subject(subjects, clips)
    shown = deal_emotions(MIXES[dataset], counts, rng)
    videos = []
    for at, (subject, emotions) in enumerate(zip(subject_numbers(dataset, subjects), shown, strict=True)):
        if dataset == "smic_long":
            videos += [_single_video(subject, number, emotion, rng) for number, emotion in enumerate(emotions, start=1)]
            continue
        groups = _groups(emotions, VIDEOS[dataset] - 1)
        kinds = [[*(("micro", emotion) for emotion in group), ("macro", None), ("blink", None), ("nod", None)]
                 for group in groups]  # fmt: skip
        if at % 2 == 0:
            kinds.append(
                [("macro", None), ("blink", None)] if at else [("blink", None), ("nod", None), ("blink", None)]
            )
        for name, happens in zip(video_names(dataset), kinds, strict=False):
            videos.append(_video(dataset, subject, name, happens, rng))
    return with_faults(dataset, videos)


def subject_numbers(dataset: str, count: int) -> list[int]:
    """The first ``count`` subjects of a dataset."""
    known = {"casme_sq": full_casme_sq.FOLDERS, "samm_long": SAMM_SUBJECTS, "smic_long": SMIC_SUBJECTS}.get(
        dataset, NUMBERS
    )
    return [*known, *range(known[-1] + 1, known[-1] + 1 + count)][:count]


def video_names(dataset: str) -> list[str]:
    """What the videos of a subject are called in the workbook, in order; those of SMIC-E have names of their own."""
    return {"casme_sq": [*full_casme_sq.CODES], "samm_long": [*"1234567"]}.get(dataset, [*LETTERS])


def _groups(emotions: list[str], most: int) -> list[list[str]]:
    """Micro-expressions by video: three in each, more where a subject would need too many videos."""
    size = max(3, ceil(len(emotions) / most))
    return [emotions[i : i + size] for i in range(0, len(emotions), size)]


def _single_video(subject: int, number: int, emotion: str, rng: np.random.Generator) -> Video:
    """A video of SMIC-E: one micro-expression among blinks and nods, no apex labelled, so that readers take the middle
    frame."""
    name = f"s{subject}_{INFIX[emotion][:3]}_{number:02d}"
    video = _video("smic_long", subject, name, [("micro", emotion), ("blink", None), ("nod", None)], rng)
    events = (replace(e, apex=e.onset + (e.offset - e.onset) // 2) if e.labelled else e for e in video.events)
    return replace(video, events=tuple(events))


def _video(
    dataset: str, subject: int, name: str, happens: list[tuple[str, str | None]], rng: np.random.Generator
) -> Video:
    lengths, events = LENGTHS[FPS[dataset]], []
    at = 1 + int(rng.integers(*lengths["pause"]))
    for i in rng.permutation(len(happens)).tolist():
        kind, emotion = happens[i]
        frames = int(rng.integers(lengths[kind][0], lengths[kind][1] + 1))
        peak = at + round((frames - 1) * float(np.clip(rng.normal(0.5, 0.1), 0.35, 0.65)))
        event = Event(kind, at, peak, at + frames - 1, apex=peak)
        if kind in ("micro", "macro"):
            emotion = emotion or str(rng.choice(list(MIXES[dataset])))
            ways = WAYS[ALIASES.get(emotion, emotion)]
            event = replace(event, emotion=emotion, units=str(rng.choice(ways)))
        events.append(event)
        at += frames + int(rng.integers(*lengths["pause"]))
    return Video(subject, name, at + 2, tuple(events))


def with_faults(dataset: str, videos: list[Video]) -> list[Video]:
    """A dead apex and a lost frame (CAS(ME)^3), an apex after its offset (SAMM), an offset 0 (CAS(ME)^2)."""

    def change(subject: int, kind: str, edit: Callable[[Event], Event]) -> None:
        for at, video in enumerate(videos):
            for i, event in enumerate(video.events):
                if video.subject == subject and event.kind == kind:
                    events = (*video.events[:i], edit(event), *video.events[i + 1 :])
                    videos[at] = replace(video, events=events)
                    return

    def middle(event: Event) -> int:
        return event.onset + (event.offset - event.onset) // 2

    first, second = list(dict.fromkeys(video.subject for video in videos))[:2]
    if dataset in ("casme3", "casme3_long"):
        change(second, "micro", lambda e: replace(e, apex=middle(e), cells=(("apex", e.onset),)))
        change(first, "micro", lambda e: replace(e, lost=(e.offset - 1,)))
    elif dataset == "samm_long":
        change(second, "micro", lambda e: replace(e, apex=middle(e), cells=(("apex", e.offset + 9),)))
    elif dataset == "casme_sq":
        change(second, "macro", lambda e: replace(e, offset=e.peak, fades=e.offset, cells=(("offset", 0),)))
    return videos
