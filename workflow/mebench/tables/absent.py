"""Runs that a table should show but that have no predictions, with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class AbsentRun:
    """A run without predictions. A run is a model on a task with one seed. ``reason`` is one sentence."""

    task: str
    model: str
    title: str
    kind: str
    seed: int
    reason: str


def sentences(absent: Sequence[AbsentRun]) -> list[str]:
    """One sentence for each model and reason: ``STSTNet, seeds 0 and 1: training failed.``"""
    groups: dict[tuple[str, str, str], list[int]] = {}
    for run in absent:
        groups.setdefault((run.title, run.model, run.reason), []).append(run.seed)
    titles = {title: {model for t, model, _ in groups if t == title} for title, _, _ in groups}
    lines = []
    for (title, model, reason), seeds in groups.items():
        name = title if len(titles[title]) == 1 else f"{title} ({model})"
        noun = "seed" if len(seeds) == 1 else "seeds"
        lines.append(f"{name}, {noun} {', '.join(map(str, sorted(seeds)))}: {reason.rstrip('.')}.")
    return lines
