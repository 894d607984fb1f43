"""What happens where a spotter gives a false alarm: an expression whose label it meets badly or a second time, an
expression of another type, and in generated recordings blinks, nods, talk and changing light."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from mebench.metrics.intervals import Interval
from mebench.metrics.spotting import Video
from mebench.plots import known_events, style
from mebench.plots.runs import ModelRuns, TaskRuns
from mebench.plots.spotted import Outcome, outcomes

AGAIN, BESIDE, UNKNOWN = "label found\nalready", "label met\nbadly", "unknown"
OWN = (AGAIN, BESIDE)
SHARED = 0.5  # of the shorter of both has to be shared


def draw(task: TaskRuns) -> Figure:
    """A row for each model, a column for each cause: the number of false alarms, and in colour their share."""
    known = known_events.read(task.clips, task.events)
    causes = [caused(model, known) for model in task.models]
    if not sum(map(Counter.total, causes)):
        return style.message("No false alarm: no model of this task predicts an interval that is none.")
    kinds = sorted({cause for own in causes for cause in own} - {*OWN, UNKNOWN})
    columns = [*OWN, *kinds, UNKNOWN]
    counts = np.array([[own[cause] for cause in columns] for own in causes])
    names = max(len(model.label) for model in task.models)
    fig = style.figure(max(7.5, 0.85 * len(columns) + 0.075 * names + 1.5), 0.42 * len(task.models) + 1.9)
    ax = fig.subplots()
    totals = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    image = ax.imshow(share, vmin=0, vmax=1, cmap="Blues", aspect="auto")
    for (row, column), count in np.ndenumerate(counts):
        colour = "white" if share[row, column] > 0.55 else style.INK
        text = f"{count} ({share[row, column]:.0%})" if count else "0"
        ax.text(column, row, text, ha="center", va="center", color=colour, fontsize=8)
    ax.set_xticks(range(len(columns)), [_heading(cause) for cause in columns])
    ax.set_yticks(range(len(task.models)), [f"{model.label}: {int(own)}" for model, own in
                                            zip(task.models, totals[:, 0], strict=True)])  # fmt: skip
    for label, model in zip(ax.get_yticklabels(), task.models, strict=True):
        label.set_color(style.GREY if model.control else style.INK)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    bar = fig.colorbar(image, ax=ax, fraction=0.03, pad=0.02)
    bar.set_label("share of the false alarms")
    bar.outline.set_visible(False)
    note = f"false alarms over all folds and {task.seeds}; an event counts where half of the shorter interval is shared"
    style.title(fig, f"What false alarms are: {task.title}", task.mark, note)
    return fig


def caused(model: ModelRuns, known: Mapping[Video, Sequence[Interval]]) -> Counter[str]:
    """How many false alarms of a model, over its seeds, each cause has."""
    return Counter(
        cause(alarm, one, known.get(one.video, ()))
        for run in model.runs
        for one in outcomes(run)
        for alarm in one.false_alarms
    )


def cause(alarm: Interval, recording: Outcome, known: Sequence[Interval]) -> str:
    """The event that shares most frames with a false alarm, of those that share half of the shorter of both. Labels of
    the task come first."""
    touched = [label for label in recording.labels if _shares(alarm, label)]
    if touched:
        return AGAIN if max(touched, key=lambda one: shared(alarm, one)) in recording.found_labels else BESIDE
    own = {(label.onset, label.offset) for label in recording.labels}
    others = [one for one in known if (one.onset, one.offset) not in own and _shares(alarm, one)]
    return min(others, key=lambda one: (-shared(alarm, one), one)).emotion if others else UNKNOWN


def shared(one: Interval, other: Interval) -> int:
    """How many frames both have."""
    return max(0, min(one.offset, other.offset) - max(one.onset, other.onset) + 1)


def _shares(one: Interval, other: Interval) -> bool:
    return shared(one, other) >= SHARED * min(one.length, other.length)


def _heading(cause: str) -> str:
    return f"{cause}-\nexpression" if cause in known_events.LABELLED else cause
