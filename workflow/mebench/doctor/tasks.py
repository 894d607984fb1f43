"""Whether each task finds the clips that it has on the real data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from mebench.protocols.tasks import TASKS


def look(clips: Mapping[str, list[dict[str, Any]]], whole: Collection[str]) -> list[dict[str, Any]]:
    """One record for each task whose datasets were all read; ``clips`` by dataset, ``whole`` names those that should
    be complete, so that the task's numbers apply. ``differs`` holds words such as 'negative 249 instead of 250'."""
    found = []
    for name, task in TASKS.items():
        if not set(task["datasets"]) <= set(clips):
            continue
        column = task.get("label_from", "emotion")
        rows = [clip for dataset in task["datasets"] for clip in clips[dataset] if clip["clip_id"] not in task["drop"]]
        labelled = [(row, task["labels"].get(row["dataset"], {}).get(row[column])) for row in rows]
        labelled = [(row, label) for row, label in labelled if label is not None]
        classes = Counter(label for _, label in labelled)
        counted = {"clips": len(labelled), "subjects": len({row["subject"] for row, _ in labelled})}
        expected = task.get("expected") if set(task["datasets"]) <= set(whole) else None
        found.append({"task": name, **counted, "classes": {c: classes[c] for c in task["classes"]},
                      "expected": expected, "differs": _differs(counted | classes, expected)})  # fmt: skip
    return found


def _differs(counted: Mapping[str, int], expected: dict[str, Any] | None) -> list[str]:
    if not expected:
        return []
    wanted = {key: expected[key] for key in ("clips", "subjects") if key in expected} | expected.get("classes", {})
    return [f"{name} {counted.get(name, 0)} instead of {n}" for name, n in wanted.items() if counted.get(name, 0) != n]
