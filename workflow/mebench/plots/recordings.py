"""A few recordings of each model: that in which it finds most, that in which it misses most, and that with most false
alarms. All recordings stand in ``all_recordings``, a file beside the report. In the report they would be too many: a
panel is about 80 kB of SVG, so that the 147 recordings of SAMM Long Videos are 12 MB for each model; as PDF, 1 MB."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from matplotlib.figure import Figure

from mebench.plots import recording_panel, style
from mebench.plots.looks import Look, looks
from mebench.plots.runs import ModelRuns, TaskRuns
from mebench.plots.spotted import Outcome, Scored, scored

WIDTH, ROOM = 9.5, 0.55  # inches of the figure, and between panels
MOST: dict[str, Callable[[Outcome], int]] = {
    "most found": lambda one: len(one.found_labels),
    "most missed": lambda one: len(one.misses),
    "most false alarms": lambda one: len(one.false_alarms),
}


def draw(task: TaskRuns) -> Figure:
    """A panel for each model and chosen recording, of the first seed."""
    panels: list[tuple[Scored, Look, str]] = []
    for model, look in shown_models(task):
        for why, one in telling(scored(model.runs[0])):
            title = f"{model.label}, {why}: {one.outcome.video.video}, {recording_panel.counts(one.outcome)}"
            panels.append((one, look, title))
    if not panels:
        return style.message("No recording to show: no model predicts an interval or misses a label.")
    note = "chosen by what each model finds, misses and adds; all stand in all_recordings.pdf"
    return stacked(panels, task, f"Recordings: {task.title}", note)


def shown_models(task: TaskRuns) -> list[tuple[ModelRuns, Look]]:
    """The models that are shown by recording: no controls, unless there is nothing else."""
    every = looks(task)
    return [pair for pair in every if not pair[0].control] or every


def telling(recordings: Sequence[Scored]) -> list[tuple[str, Scored]]:
    """A recording for each of :data:`MOST`, all different; of equal ones the first by name. None where nothing of
    that sort happens."""
    chosen: list[tuple[str, Scored]] = []
    for why, count in MOST.items():
        left = [one for one in recordings if all(one is not other for _, other in chosen) and count(one.outcome)]
        if left:
            chosen.append((why, min(left, key=lambda one: (-count(one.outcome), one.outcome.video))))
    return chosen


def stacked(panels: Sequence[tuple[Scored, Look, str]], task: TaskRuns, title: str, note: str) -> Figure:
    """Panels one below another. They are placed by hand: the layout engine takes seconds for a page of them."""
    heights = [recording_panel.height([one], task.classes) for one, _, _ in panels]
    head, foot = 0.6 + 0.2 * (bool(task.mark) + bool(note)), 0.45
    whole = head + sum(heights) + ROOM * len(panels) + foot
    fig = style.figure(WIDTH, whole)
    fig.set_layout_engine("none")
    y = whole - head
    for (one, look, text), inches in zip(panels, heights, strict=True):
        y -= inches
        ax = fig.add_axes((0.095, y / whole, 0.885, inches / whole))
        recording_panel.draw(ax, one, task.classes, look, text)
        y -= ROOM
    fig.axes[-1].set_xlabel("frame")
    fig.legend(handles=recording_panel.legend(), loc="lower center", bbox_to_anchor=(0.5, 0.02 / whole), ncols=7,
               fontsize=7.5, columnspacing=1.2)  # fmt: skip
    style.title(fig, title, task.mark, note, top=0.12)
    return fig
