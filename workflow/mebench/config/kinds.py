"""What the card of a kind of task says. Its class is loaded by the jobs that need it: see :mod:`mebench.tasks`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mebench import cards

DEFAULT = "recognition"


def name_of(task: Mapping[str, Any]) -> str:
    """The kind of a task: a name, or the path of a file."""
    return task.get("kind", DEFAULT)


def card(task: Mapping[str, Any]) -> dict[str, Any]:
    """The card of a task's kind."""
    return cards.card("tasks", name_of(task))


def of_recordings(task: Mapping[str, Any]) -> bool:
    """Whether the samples of a task are made of recordings, not of clips."""
    return card(task).get("sample", "clip") == "recording"
