"""Whether each task finds the clips that it has on the real data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from mebench.clips.clip import Clip
from mebench.doctor.findings import TaskFound
from mebench.protocols.tasks import TASKS, differences


def look(clips: Mapping[str, Sequence[Clip]], whole: Collection[str]) -> list[TaskFound]:
    """One record for each task whose datasets were all read; ``clips`` by dataset, ``whole`` names those that should
    be complete, so that the task's numbers apply. ``differs`` holds words such as 'negative 249 instead of 250'."""
    tasks = []
    for name, task in TASKS.items():
        if not set(task["datasets"]) <= set(clips):
            continue
        column = task.get("label_from", "emotion")
        rows = [clip for dataset in task["datasets"] for clip in clips[dataset] if clip.clip_id not in task["drop"]]
        labels = [(clip, task["labels"].get(clip.dataset, {}).get(getattr(clip, column))) for clip in rows]
        labelled = [(clip, label) for clip, label in labels if label is not None]
        classes = Counter(label for _, label in labelled)
        counted = {"clips": len(labelled), "subjects": len({clip.subject for clip, _ in labelled})}
        expected = task.get("expected") if set(task["datasets"]) <= set(whole) else None
        differs = differences(counted | classes, expected) if expected else []
        by_class = {label: classes[label] for label in task["classes"]}
        tasks.append(TaskFound(name, counted["clips"], counted["subjects"], by_class, expected, differs))
    return tasks
