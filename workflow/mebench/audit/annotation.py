"""From emotions to classes: which clips of an annotation a result has to predict, and as what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from mebench.clips.dataset_names import part_name
from mebench.given_table import GivenRow
from mebench.given_values import key, number
from mebench.metrics.given import class_named
from mebench.protocols.tasks import TASKS, TaskDefinition
from mebench.protocols.tasks import task as task_named

PLAIN = ("truth", "label", "class")


def annotated(
    clips: Sequence[str], rows: Sequence[GivenRow], classes: Sequence[str], task: TaskDefinition | None
) -> tuple[dict[str, str], str]:  # fmt: skip
    """(class of each clip that has to be predicted, why there are none). ``classes`` are those of the predictions."""
    if task:
        return _by_task(clips, rows, task), ""
    plain = next((name for name in PLAIN if name in rows[0].cells), None)
    if plain:
        return {clip: class_named(row[plain], classes) or row[plain] for clip, row in zip(clips, rows, strict=True)}, ""
    if "emotion" not in rows[0].cells:
        return {}, f"the annotation has neither {', '.join(PLAIN)} nor emotion, so it says no class"
    fitting = [one for one in (_by_task(clips, rows, task) for task in _tasks(classes, rows, clips)) if one]
    if any(_differ(one, other) for one, other in pairwise(fitting)):
        return {}, "several tasks make other classes of these emotions; name the task with --task"
    if fitting:
        return max(fitting, key=len), ""
    if {key(name) for name in classes} <= {key(row["emotion"]) for row in rows}:
        named = {clip: class_named(row["emotion"], classes) for clip, row in zip(clips, rows, strict=True)}
        return {clip: label for clip, label in named.items() if label}, ""
    return {}, "how emotions become these classes is not known; name the task with --task"


def _tasks(classes: Sequence[str], rows: Sequence[GivenRow], clips: Sequence[str]) -> list[TaskDefinition]:
    """The tasks of recognition of all these datasets that have these classes, and as few others as there are."""
    datasets = {_dataset(clip, row) for clip, row in zip(clips, rows, strict=True)}
    found = [task_named(name) for name, one in sorted(TASKS.items())
             if "expression" not in one and set(one.get("classes", ())) >= set(classes)
             and set(one.get("labels", ())) >= datasets]  # fmt: skip
    fewest = min((len(one["classes"]) for one in found), default=0)
    return [one for one in found if len(one["classes"]) == fewest]


def _dataset(clip: str, row: GivenRow) -> str:
    return part_name(row.cells.get("dataset", "")) or clip.partition("/")[0]


def _differ(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    return any(other.get(clip, label) != label for clip, label in one.items())


def _by_task(clips: Sequence[str], rows: Sequence[GivenRow], task: TaskDefinition) -> dict[str, str]:
    column, found = task.get("label_from", "emotion"), {}
    for clip, row in zip(clips, rows, strict=True):
        label = task["labels"].get(_dataset(clip, row), {}).get(row.cells.get(column, ""))
        if label is not None and clip not in task["drop"]:
            found[clip] = label
    return found


def cut(row: Mapping[str, str]) -> tuple[str, int, int] | None:
    """(recording, first, last frame) of a row of clips.csv; None where it does not say that."""
    folder = row.get("frames") or row.get("video")
    first, last = number(row.get("onset", "")), number(row.get("offset", ""))
    if not folder or first is None or last is None:
        return None
    return f"{row.get('dataset', '')}/{folder}", int(first), int(last)
