"""What happens in the small and the clear stand-ins of the long videos: at least 20 s each, micro-expressions in at
most a twentieth of the frames, and what a spotter may take for one: blinks, nods, talking, macro-expressions, changing
light. In clear ones only eyes blink and light changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import ceil

import numpy as np

from mebench.synthetic.cast import INFIX, WAYS, clips_per_subject, deal_emotions, random_stream
from mebench.synthetic.long_cast import (
    ALIASES,
    FPS,
    MIXES,
    VIDEOS,
    Event,
    Video,
    subject_numbers,
    video_names,
    with_faults,
)

LENGTH = (20.0, 20.8)  # seconds of a video, at least and at most; more where its micro-expressions need it
SHARE = 0.048  # of the frames of a video, at most in micro-expressions
SECONDS = {
    "micro": (0.27, 0.5),
    "macro": (0.7, 3.0),
    "blink": (0.2, 0.34),
    "nod": (0.5, 1.2),
    "talk": (1.0, 2.4),
    "light": (1.0, 3.0),
}
COUNTS = {"macro": (1, 2), "blink": (4, 7), "nod": (1, 2), "talk": (1, 2), "light": (1, 1)}  # in one video
CLEAR = {"blink": (1, 2), "light": (1, 1)}  # in one clear video
PEAKS = {"micro": (0.35, 0.6), "macro": (0.2, 0.35)}  # share of an expression after which it is whole
PAUSE = 0.3  # seconds between two motions, at least: the last of one has faded before the next begins
TAIL = 0.15  # seconds after its offset in which the last of an expression fades
TOGETHER = 2  # micro-expressions in one video, more where a subject would need too many videos


def draw_videos(dataset: str, subjects: int, clips: int, seed: int, clear: bool = False) -> list[Video]:
    """The videos of ``subjects`` subjects with ``clips`` micro-expressions each on average. Each subject has one video
    more without micro-expressions, of ``clear`` ones only the first; its has no expression at all."""
    rng, counts = random_stream(seed, dataset, "videos"), CLEAR if clear else COUNTS
    shown = deal_emotions(MIXES[dataset], clips_per_subject(subjects, clips), rng)
    videos: list[Video] = []
    for subject, emotions in zip(subject_numbers(dataset, subjects), shown, strict=True):
        for name, group in _called(dataset, subject, emotions):
            alone = not group and not videos_without(videos)
            if clear and not group and not alone:
                continue
            videos.append(_video(dataset, subject, name, group, {**counts, "macro": (0, 0)} if alone else counts, rng))
    return with_faults(dataset, videos)


def videos_without(videos: list[Video]) -> list[Video]:
    """The videos without a micro-expression."""
    return [video for video in videos if all(event.kind != "micro" for event in video.events)]


def _called(dataset: str, subject: int, emotions: list[str]) -> Iterator[tuple[str, list[str]]]:
    """(name, emotions of the micro-expressions) of each video of a subject; the last has none. A video of SMIC-E is
    called by its emotion, so that it has only one."""
    if dataset != "smic_long":
        groups = [*_groups(emotions, max(TOGETHER, ceil(len(emotions) / (VIDEOS[dataset] - 1)))), []]
        yield from zip(video_names(dataset), groups, strict=False)
        return
    groups = [group for name in INFIX for group in _groups([e for e in emotions if e == name], TOGETHER)]
    for number, group in enumerate([*groups, []], start=1):
        yield f"s{subject}_{INFIX[group[0] if group else emotions[0]][:3]}_{number:02d}", group


def _groups(emotions: list[str], size: int) -> list[list[str]]:
    return [emotions[i : i + size] for i in range(0, len(emotions), size)]


def _video(
    dataset: str, subject: int, name: str, micro: list[str], counts: dict[str, tuple[int, int]],
    rng: np.random.Generator,
) -> Video:  # fmt: skip
    """One video: its events in random order with pauses of random lengths between them; the light changes meanwhile."""
    fps = FPS[dataset]
    kinds = ["micro"] * len(micro)
    kinds += [kind for kind, (least, most) in counts.items() if kind != "light"
              for _ in range(int(rng.integers(least, most + 1)))]  # fmt: skip
    kinds = [kinds[i] for i in rng.permutation(len(kinds)).tolist()]
    lengths = [_frames(kind, fps, rng) for kind in kinds]
    pause = ceil(PAUSE * fps)
    inside = sum(frames for kind, frames in zip(kinds, lengths, strict=True) if kind == "micro")
    last = max(round(float(rng.uniform(*LENGTH)) * fps), ceil(inside / SHARE))
    spare = max(0, last - sum(lengths) - pause * (len(kinds) + 1))
    gaps = [pause + int(spare * share) for share in rng.dirichlet([1.5] * (len(kinds) + 1)).tolist()]
    events, shown, at = [], iter(micro), 1
    for kind, frames, gap in zip(kinds, lengths, gaps[:-1], strict=True):
        at += gap
        events.append(_event(dataset, kind, (at, at + frames - 1), next(shown) if kind == "micro" else "", rng))
        at += frames
    last = max(last, at + gaps[-1])
    frames = _frames("light", fps, rng)
    at = int(rng.integers(1, last - frames))
    return Video(subject, name, last, (*events, Event("light", at, at + frames // 2, at + frames - 1)))


def _frames(kind: str, fps: int, rng: np.random.Generator) -> int:
    least, most = SECONDS[kind]
    return int(rng.integers(ceil(least * fps), int(most * fps) + 1))


def _event(dataset: str, kind: str, span: tuple[int, int], emotion: str, rng: np.random.Generator) -> Event:
    """An event of a span of frames. A macro-expression shows an emotion of its own; the workbook of SMIC-E names
    none."""
    onset, offset = span
    share = float(rng.uniform(*PEAKS.get(kind, (0.45, 0.55))))
    peak = onset + round((offset - onset) * share)
    event = Event(kind, onset, peak, offset)
    if kind not in PEAKS:
        return event
    shown = emotion or str(rng.choice(list(MIXES[dataset])))
    event = replace(event, apex=peak, units=str(rng.choice(WAYS[ALIASES.get(shown, shown)])))
    if dataset == "smic_long":  # no apex is labelled, so that readers take the middle frame
        event = replace(event, apex=onset + (offset - onset) // 2)
    return event if dataset == "smic_long" and kind == "macro" else replace(event, emotion=shown)
