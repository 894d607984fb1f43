# The plan of this run: every file of the benchmark follows from it, so no rule looks into folders to find out what exists.

import json
import subprocess
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

from mebench import cards
from mebench.errors import UserError
from mebench.files import canonical_json
from mebench.plan import Plan
from mebench.shards import Shards

# how a run is submitted is no part of what the benchmark is: `--config shards=8`, or in a profile
submission = config.pop("shards", "1")
try:
    plan = Plan(config)
    shards = Shards(plan, submission)
except UserError as error:
    raise WorkflowError(str(error))


pathvars:
    results=plan.results,


wildcard_constraints:
    dataset="[^/]+",
    task="[^/]+",
    model="[^/]+",
    seed="[0-9]+",
    input="[^/]+",
    table="[^/]+",
    scatteritem="[0-9]+-of-[0-9]+",


# in how many jobs an input is made: an execution setting too, `--set-scatter inputs=4`
scattergather:
    inputs=1,


# seconds each, or in need of the network that compute nodes often lack: never a job in a cluster's queue
localrules:
    fetch,
    index,
    folds,
    adopt,
    pool,
    score,
    tables,
    dataset_plots,
    report,


def run_of(wildcards):
    return plan.run(wildcards.task, wildcards.model, wildcards.seed)


def times_attempt(amount):
    """A resource that doubles, trebles, ... when a job is tried again."""
    return lambda wildcards, attempt: attempt * (
        amount(wildcards) if callable(amount) else amount
    )


def shown_in_report(file, category):
    """A plot that `snakemake --report` shows, with its name."""
    caption = "dataset" if category == "Datasets" else "plot"
    return report(
        file,
        category=category,
        labels={"plot": Path(file).stem},
        caption=f"../report/{caption}.rst",
    )


def make_partial(workflow):
    """After a failure: make the tables, plots and report of what is there, in the place of those that this command
    was to make and could not. The record of each is forgotten, so that the next start makes it again.
    """
    rules = {"score", "tables", "dataset_plots", "report"}
    rules |= {f"plots_{task}" for task in plan.tasks}
    unmade = [job for job in workflow.dag.needrun_jobs() if job.rule.name in rules]
    if not unmade:
        return
    resolved = Path(plan.results) / "logs" / "partial.config.json"
    resolved.parent.mkdir(parents=True, exist_ok=True)
    resolved.write_text(json.dumps(plan.config), encoding="utf-8")
    files = [str(file) for job in unmade for file in job.output]
    print("Making the tables and the report of what is there ...", file=sys.stderr)
    subprocess.run(["mebench", "partial", "--config", resolved, "--make", *files])
    for job in unmade:
        for file in job.output:
            workflow.persistence.cleanup_metadata(file)
