"""Regenerate a table from the scores of its task: CSV, Markdown, LaTeX, HTML, and its statistics as JSON.

TABLE is the name of a description in mebench/tables (megc2019, casme2-5, ...), of a task (which has a default table
where there is no description), or the path of a YAML file of your own. Without --scores, a table of the configuration
is made from the scores of each model that it shows; its intervals, letters and differences are
from the predictions of these runs. A table of a file of scores has none. A table may be made of results of any code:

  mebench tables megc2019-flow --out five --results htnet::last=docs/megc2019-flow-folds.csv::run=htnet,epochs=last \
    vit_tiny-28::last=docs/megc2019-flow-folds.csv::run=vit_tiny-28,epochs=last
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mebench.errors import UserError

if TYPE_CHECKING:
    from mebench.statistics.counts import Counts
    from mebench.statistics.table_statistics import TableStatistics
    from mebench.tables import Table
    from mebench.tables.absent import AbsentRun
    from mebench.tables.description import Description
    from mebench.tables.scores import Score

    Results = Mapping[tuple[str, str], Counts]  # by model and selection


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``mebench tables``."""
    parser.add_argument("table", metavar="TABLE", help="name of the table, or the path of its YAML file")
    parser.add_argument("--scores", nargs="+", metavar="CSV",
                        help="scores of the table's tasks, where none of a configuration")  # fmt: skip
    parser.add_argument("--results", nargs="+", default=[], metavar="MODEL::SELECTION=FILE",
                        help="results of a task of recognition to show too: predictions or counts of subjects, as "
                             "mebench compare reads them; FILE::column=value takes some rows")  # fmt: skip
    parser.add_argument("--out", required=True, metavar="STEM",
                        help="writes STEM.csv, .md, .tex and .html, and how sure its figures are: .statistics.json, "
                             ".figures.csv and .differences.csv")  # fmt: skip
    parser.add_argument("--config", metavar="FILE",
                        help="config.yaml or results/config.json: whose scores are shown without --scores, "
                             "and what its own tasks are")  # fmt: skip
    parser.add_argument("--define", nargs="+", default=[], metavar="JSON",
                        help="the same as JSON")  # fmt: skip


def main(args: argparse.Namespace) -> None:
    """Write all files, or none."""
    from mebench.protocols import tasks

    tasks.define(json.loads(text) for text in args.define)
    if not (args.scores or args.config or args.results):
        raise UserError("give --scores CSV, or --config FILE with the configuration whose scores the table shows")
    if args.config:
        from mebench.plan import Plan

        tasks.define(Plan.load(args.config).own_tasks)
    from mebench import tables

    description, scores = tables.describe(args.table), []
    absent: list[AbsentRun] = []
    if args.scores:
        scores = [score for path in args.scores for score in tables.read_scores(path)]
    elif args.config:
        description, scores, absent = configured(args.config, args.table)
    given = given_results(args.results, description.task)
    scores += given_scores(description.task, given)
    table = tables.build(description, scores, absent)
    config = None if args.scores else args.config
    table = tables.with_statistics(table, statistics_of(table, config, args.table, given))
    for path in tables.write(table, args.out):
        print(path)


def statistics_of(table: Table, config: str | None, named: str, given: Results) -> TableStatistics:
    """The statistics of a table, from the predictions of the runs of a configuration and from given results; none from
    scores alone."""
    from mebench.plan import Plan
    from mebench.runs import table_statistics

    if config is None and not given:
        return table_statistics.of_scores_alone(table)
    folders = Plan.load(config).folders_of_table(named) if config else {}
    return table_statistics.compute(table, folders, given)


def given_results(texts: Sequence[str], task: str) -> Results:
    """The counts that are given by name, as MODEL::SELECTION=FILE, by model and selection."""
    from mebench.statistics import reading, source
    from mebench.tables import given

    found: dict[tuple[str, str], Counts] = {}
    for one in map(given.parse, texts):
        if (one.model, one.selection) in found:
            raise UserError(f"--results has {one.model} twice with the same selection; name one of them otherwise")
        found[one.model, one.selection] = reading.read(source.parse(one.result), given.classes_of(task))
    return found


def given_scores(task: str, results: Results) -> list[Score]:
    """Their scores."""
    from mebench.tables import given

    return given.scores(task, results)


def configured(config: str, table: str) -> tuple[Description, list[Score], list[AbsentRun]]:
    """The description of a table of a configuration, the scores of each model that it shows, and the runs that an
    archive lacks."""
    from mebench.plan import Plan
    from mebench.plan.shown_tables import absent_runs, described, scores_shown

    plan = Plan.load(config)
    unmade = [path for path in plan.scores_of_table(table) if not Path(path).is_file()]
    if unmade and not absent_runs(plan):
        raise UserError(f"{unmade[0]} is not there, which the table shows; run snakemake, which makes it")
    description = described(plan, table)
    return description, scores_shown(plan, table, description), absent_runs(plan)
