"""Every recording of a task, a page for each subject: a PDF file beside the report."""

from __future__ import annotations

from collections.abc import Iterator

from matplotlib.figure import Figure

from mebench.plots import recording_panel
from mebench.plots.looks import Look
from mebench.plots.recordings import shown_models, stacked
from mebench.plots.runs import TaskRuns
from mebench.plots.spotted import Scored, scored


def pages(task: TaskRuns) -> Iterator[Figure]:
    """A figure for each subject: its recordings, each with the models one below another, of the first seed."""
    subjects: dict[str, list[tuple[Scored, Look, str]]] = {}
    for model, look in shown_models(task):
        for one in scored(model.runs[0]):
            title = f"{one.outcome.video.video}, {model.label}: {recording_panel.counts(one.outcome)}"
            subjects.setdefault(one.outcome.video.subject, []).append((one, look, title))
    for subject in sorted(subjects):
        panels = sorted(subjects[subject], key=lambda panel: panel[0].outcome.video)  # stable: models keep their order
        yield stacked(panels, task, f"{subject}: {task.title}", "")
