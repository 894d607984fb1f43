"""Scores and tables of a plan, made again from the predictions that lie in its folder of results."""

from __future__ import annotations

from pathlib import Path

from mebench import tables
from mebench.plan import Plan
from mebench.plan.shown_tables import absent_runs, described, scores_shown
from mebench.protocols import tasks
from mebench.runs import model_scores, run_record, table_statistics


def made_of_table(name: str) -> list[str]:
    """The names of the files of a table."""
    return [f"{name}.{end}" for end in tables.ENDS]


def rebuild(plan: Plan) -> list[str]:
    """Make scores and tables of the runs that are there; returns the names of the files below the folder of results.
    The runs that an archive lacks are said in the tables."""
    tasks.define(plan.own_tasks)
    results, made = Path(plan.results), []
    scored = [(task, model) for task in plan.tasks for model in plan.paths.models_of(task) if _score(plan, task, model)]
    made += [f"scores/{task}/{model}.json" for task, model in scored]
    for task in dict.fromkeys(task for task, _ in scored):
        models = [Path(plan.paths.model_scores(task, model)) for of, model in scored if of == task]
        model_scores.join(models, results / f"scores/{task}.csv")
        made += [f"scores/{task}.csv", f"scores/{task}.json", f"audit/{task}.json"]
    for name in plan.tables:
        description = described(plan, name)
        built = tables.build(description, scores_shown(plan, name, description), absent_runs(plan))
        statistics = table_statistics.compute(built, plan.folders_of_table(name))
        tables.write(tables.with_statistics(built, statistics), results / "tables" / name)
        made += [f"tables/{file}" for file in made_of_table(name)]
    return made


def _score(plan: Plan, task: str, model: str) -> bool:
    """Score the runs of a model that are there; whether there is one."""
    folders = [Path(plan.paths.folder(run)) for run in plan.paths.with_seeds(task, model)]
    folders = [folder for folder in folders if (folder / run_record.FILE).is_file()]
    if folders:
        stage = plan.arguments.stage_parameters(task, model)
        model_scores.write_pooled(folders, Path(plan.paths.model_scores(task, model)), stage)
    return bool(folders)
