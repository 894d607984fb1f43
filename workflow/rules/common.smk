# The plan of this run: every file of the benchmark follows from it, so no rule looks into folders to find out what exists.

from snakemake.exceptions import WorkflowError

from mebench import cards
from mebench.errors import UserError
from mebench.plan import PLOTS, Plan

try:
    plan = Plan(config)
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


# in how many jobs a run (task, model, seed) and an input are submitted: execution settings, changed by a profile or
# `--set-scatter train=8 inputs=4`
scattergather:
    train=1,
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
