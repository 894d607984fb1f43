"""Say why something would run (again): a file of the results, or a run named TASK/MODEL/seedK.

Snakemake's dry run says which jobs start and why. The fold engine says for each run which folds hold, and what differs
for the others. For a file that is incomplete because of a failure, it says what was missing. Nothing is run. If you run
snakemake with further arguments, give them here too:

  mebench explain megc2019/ststnet/seed0 --snakemake="--workflow-profile profiles/slurm"
"""

from __future__ import annotations

import argparse
from pathlib import Path

CONFIG = Path("config.yaml")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", metavar="TARGET", help="a file such as results/report.html, or TASK/MODEL/seedK")
    parser.add_argument("--snakemake", default="", metavar="ARGUMENTS", help="further arguments for snakemake")
    parser.add_argument("--config", type=Path, default=CONFIG, metavar="FILE",
                        help="the configuration (default: config.yaml)")  # fmt: skip


def main(args: argparse.Namespace) -> None:
    import shlex

    from mebench.errors import UserError
    from mebench.plan import Plan
    from mebench.plan.data_state import DataStates
    from mebench.watch import dryrun, explain, incomplete

    plan = Plan.load(args.config)
    results = Path(plan.results)
    for line in incomplete.sentences(args.target, results):
        print(line)
    if incomplete.in_tree(args.target, results):
        return
    target, run = explain.target_of(plan, args.target)
    other = [] if args.config == CONFIG else ["--configfile", str(args.config)]
    try:
        more = shlex.split(args.snakemake)
    except ValueError as error:
        raise UserError(f"--snakemake {args.snakemake} cannot be read ({error}); mind the quotes") from error
    jobs = dryrun.jobs(target, [*other, *more])
    print("\n".join(explain.about_jobs(target, jobs)))
    data = DataStates(plan)
    for sentence in explain.about_data(data, run.datasets if run else plan.datasets):
        print(sentence)
    named = [*([run.id] if run else []), *dict.fromkeys(job.runs for job in jobs if job.runs)]
    found = [own for name in named for own in plan.having_run(name).runs
             if own.id == name or own.id.startswith(f"{name}/")]  # fmt: skip
    lines = explain.about_runs(plan, list({own.id: own for own in found}.values()), data)
    if lines:
        print("\n".join(["", *lines]))
