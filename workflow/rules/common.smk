# The plan of this run: every file of the benchmark follows from it, so no rule looks into folders to find out what exists.

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
    plot="[^/]+",
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
    plots,
    dataset_plots,
    report,


def run_of(wildcards):
    return plan.run(wildcards.task, wildcards.model, wildcards.seed)


def times_attempt(amount):
    """A resource that doubles, trebles, ... when a job is tried again."""
    return lambda wildcards, attempt: attempt * (
        amount(wildcards) if callable(amount) else amount
    )
