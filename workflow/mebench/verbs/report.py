"""Put tables, plots, datasets, models and provenance on one HTML page that needs no network.

Writes provenance.json into the results folder too: configuration, versions, digests of all predictions.
"""

from __future__ import annotations

import argparse
import json


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``mebench report``."""
    parser.add_argument("--out", required=True, metavar="HTML", help="the page, e.g. results/report.html")
    parser.add_argument("--config", metavar="FILE",
                        help="config.yaml or results/config.json, instead of all that follow")  # fmt: skip
    parser.add_argument("--results", default="results", metavar="FOLDER", help="results folder (default: results)")
    parser.add_argument("--tables", nargs="*", default=[], metavar="TABLE", help="tables to show")
    parser.add_argument("--tasks", nargs="*", default=[], metavar="TASK", help="tasks to show")
    parser.add_argument("--datasets", nargs="*", default=[], metavar="DATASET", help="datasets to show")
    parser.add_argument("--models", nargs="*", default=[], metavar="MODEL", help="models to show, by card")
    parser.add_argument(
        "--plots", metavar="JSON", help="plots of each task, {TASK: [PLOT, ...]} (default: the four of runs)"
    )
    parser.add_argument("--config-json", metavar="JSON", help="the configuration, kept in provenance.json")
    parser.add_argument("--define", nargs="+", default=[], metavar="JSON",
                        help="tasks that the configuration itself defines")  # fmt: skip


def main(args: argparse.Namespace) -> None:
    """Write the page and provenance.json."""
    from mebench.protocols import tasks

    tasks.define(json.loads(text) for text in args.define)
    from pathlib import Path

    from mebench.report import page

    if args.config:
        return _write_configured(args)
    plots = page.parse_plots(args.plots)
    contents = page.Contents(args.tasks, args.tables, args.datasets, args.models, plots)
    for path in page.write(Path(args.out), Path(args.results), contents, args.config_json):
        print(path)


def _write_configured(args: argparse.Namespace) -> None:
    """Write the report of all that a configuration asks for."""
    from pathlib import Path

    from mebench.plan import Plan, rehearsed_page
    from mebench.protocols import tasks
    from mebench.report import page

    plan = Plan.load(args.config)
    tasks.define(plan.own_tasks)
    if plan.config.get("archived"):
        from mebench.archive import archived_page

        return print(archived_page.write(plan, Path(args.out)))
    rehearsed = rehearsed_page.page(plan) if plan.config.get("rehearsal") else []
    contents = page.Contents(**plan.shown, rehearsed=rehearsed)
    for path in page.write(Path(args.out), Path(plan.results), contents, plan.config_json):
        print(path)
