"""Whether each task finds the clips that it has on the real data."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from mebench import tasks
from mebench.clips.clip import Clip
from mebench.doctor.findings import TaskFound
from mebench.protocols.tasks import TASKS, TaskDefinition, differences


def look(
    clips: Mapping[str, Sequence[Clip]], whole: Collection[str], own: Iterable[TaskDefinition] = ()
) -> list[TaskFound]:
    """One record for each task, shipped or the configuration's ``own``, whose datasets were all read; ``clips`` by
    dataset, ``whole`` names those that should be complete, so that the task's numbers apply. ``differs`` holds words
    such as 'negative 249 instead of 250'."""
    found = []
    for name, task in {**TASKS, **{task["name"]: task for task in own}}.items():
        if not set(task["datasets"]) <= set(clips):
            continue
        rows = [{key: str(value) for key, value in clip.row().items()}
                for dataset in task["datasets"] for clip in clips[dataset]]  # fmt: skip
        counted = tasks.kind_of({"name": name, **task}).counted(rows)
        expected = task.get("expected") if set(task["datasets"]) <= set(whole) else None
        differs = differences(counted, expected) if expected else []
        by_class = {label: counted[label] for label in task["classes"]}
        found.append(TaskFound(name, counted["clips"], counted["subjects"], by_class, expected, differs))
    return found
