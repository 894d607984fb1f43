"""From clips to the labelled samples of a task."""

from __future__ import annotations

import itertools
from typing import Any

from mebench.errors import UserError


def samples(definition: dict[str, Any], clips: list[dict[str, str]]) -> list[dict[str, str]]:
    """The clips of a task: rows with clip_id, dataset, subject and class ``label``, sorted by clip_id.

    Labels are made from the column ``label_from`` of the definition, the emotion where it names none. Sorting here is
    what makes every later step independent of the order of rows in the annotation.
    """
    rows, column = [], definition.get("label_from", "emotion")
    for clip in clips:
        label = definition["labels"].get(clip["dataset"], {}).get(clip[column])
        if label is not None and clip["clip_id"] not in definition["drop"]:
            rows.append({key: clip[key] for key in ("clip_id", "dataset", "subject")} | {"label": label})
    rows.sort(key=lambda row: row["clip_id"])
    for one, two in itertools.pairwise(rows):
        if one["clip_id"] == two["clip_id"]:
            raise UserError(
                f"the clip {one['clip_id']} is listed twice in the clips of task {definition['name']}; keep one row"
            )
    absent = [c for c in definition["classes"] if c not in {row["label"] for row in rows}]
    if absent:
        raise UserError(
            f"the task {definition['name']} has no clip of the class {', '.join(absent)} in {len(rows)} clips; "
            f"check the column {column} of clips.csv, or choose a task that fits these data"
        )
    return rows


def extra_samples(definition: dict[str, Any], wanted: str, clips: list[dict[str, str]]) -> list[dict[str, str]]:
    """Clips to train on besides those of the task: ``macro`` are the macro-expressions of the long videos of the same
    people. Rows as from :func:`samples`; ``subject`` is that of the task's dataset, so that no fold trains on an extra
    clip of the subject that it holds out."""
    rows, column = [], definition.get("label_from", "emotion")
    for clip in clips if wanted == "macro" else []:
        own = definition.get("macro", {}).get(clip["dataset"])
        label = definition["labels"].get(own, {}).get(clip[column])
        if label is not None and clip["expression"] == "macro":
            subject = f"{own}/{clip['subject'].split('/', 1)[1]}"
            rows.append({"clip_id": clip["clip_id"], "dataset": clip["dataset"], "subject": subject, "label": label})
    return sorted(rows, key=lambda row: row["clip_id"])
