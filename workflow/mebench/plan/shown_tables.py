"""A table of a plan: its description, with what there is to say of the plan's runs, and the scores that it shows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mebench import tables
from mebench.plan.plan import Plan
from mebench.runs import model_scores
from mebench.runs.run_costs import with_costs
from mebench.tables.absent import AbsentRun
from mebench.tables.description import Description
from mebench.tables.scores import Score


def described(plan: Plan, table: str) -> Description:
    """The description of a table, with a note on models that run with other settings than its own."""
    description, own = tables.describe(plan.tables.get(table, table)), plan.own_settings(table)
    said = f"With the settings of the configuration, which are others than this table's own: {', '.join(own)}."
    return replace(description, notes=(*description.notes, *([said] if own else [])))


def absent_runs(plan: Plan) -> list[AbsentRun]:
    """The runs that an archive lacks whose results these are; none of other results."""
    archived = plan.config.get("archived")
    return [AbsentRun(**run) for run in archived["absent"]] if archived else []


def scores_shown(plan: Plan, table: str, description: Description) -> list[Score]:
    """The scores of the models that a table shows, as far as they are there, with what their runs cost."""
    results, scores = Path(plan.results), []
    there = [path for path in map(Path, plan.scores_of_table(table)) if path.is_file()]
    for folder in dict.fromkeys(path.parent for path in there):  # of a task
        rows = model_scores.rows(path for path in there if path.parent == folder)
        scores += tables.scores_of(rows, folder)
    return with_costs(description, scores, results)
