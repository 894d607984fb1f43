# The plan of this run: every file of the benchmark follows from it, so no rule looks into folders to find out what exists.
# What is marked as local takes seconds, or needs the network that compute nodes often lack, and is never a job in a
# cluster's queue. The mark stands at each of them, because a list in one place breaks where a module renames them.

import subprocess
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger

from mebench import cards, instruction_set
from mebench.config.feasible import small_stand_in
from mebench.config.started import started
from mebench.errors import UserError
from mebench.files import canonical_json, readable_json, write_json, write_text
from mebench.names import check_working_folder, shell_word
from mebench.plan import Plan
from mebench.plan.code import CodeDigests
from mebench.plan.data_state import DataStates
from mebench.plan.expected_time import ExpectedTime
from mebench.plan.runs import parameter, parameters, spec_digest
from mebench.plan.shards import Shards
from mebench.plan.timer import OneTimer
from mebench.watch.incomplete import is_incomplete


def configuration_of(workflow):
    """What the configuration files and `--config` say, read by mebench's own rules; as a module: what it is given."""
    if workflow.modifier.skip_configfile:
        return dict(config)
    given = workflow.config_settings
    alone = given.configfiles or (given.replace_workflow_config and given.config)
    return started(given.configfiles if alone else ["config.yaml"], given.config)


def asked_of(workflow):
    """What the command line names, targets among it; nothing in a job, and where another workflow uses this one."""
    return (
        sys.argv[1:]
        if workflow.is_main_process and len(workflow.modifier_stack) == 1
        else []
    )


# how a run is submitted and carried out is no part of what the benchmark is: `--config shards=8 isa=native`, or in a
# profile. The configuration itself stays as it is: a workflow that uses this one as a module may read it twice.
try:
    settings = configuration_of(workflow)
    isa = settings.pop("isa", instruction_set.DEFAULT)
    count = settings.pop("shards", "1")
    plan = Plan(settings)
    shards = Shards(plan, count)
    instruction_set.check(isa)
    check_working_folder()
    plan.check_asked(asked_of(workflow))
except UserError as error:
    raise WorkflowError(str(error))

code = CodeDigests()
# whether the sources still are what results were made from; jobs do not look
data = DataStates(plan, look=workflow.is_main_process, say=logger.warning)


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


# what the configuration does not have, and a table asked for by its name needs, is known to the plan of that table
def plan_of(wildcards):
    return plan.having(wildcards.task, wildcards.model)


def run_of(wildcards):
    return plan_of(wildcards).run(wildcards.task, wildcards.model, wildcards.seed)


def runs_of(wildcards):
    """The runs of a model on a task, one for each seed."""
    return plan_of(wildcards).paths.with_seeds(wildcards.task, wildcards.model)


def dataset_of(wildcards):
    """The plan that has a dataset."""
    return plan.having_dataset(wildcards.dataset)


def seeds_of(wildcards):
    return ",".join(str(run.seed) for run in runs_of(wildcards))


def runs_together(task):
    """The runs of the models of a task that share a job."""
    return [
        run
        for model in shards.together(task)
        for run in plan.paths.with_seeds(task, model)
    ]


def unique(values):
    return list(dict.fromkeys(values))


def write_configuration(file, log):
    """Write the configuration, resolved, for the commands of other rules."""
    write_json(file, plan.configuration.document())
    write_text(log, f"{file}: {len(plan.runs)} runs, {len(plan.tables)} tables\n")


def refresh_configuration():
    """Before any job starts: write the configuration again where it has changed since the file was written."""
    file, document = Path(plan.results) / "config.json", plan.configuration.document()
    if file.exists() and file.read_text(encoding="utf-8") != readable_json(document):
        write_configuration(file, Path(plan.results) / "logs" / "config.log")


def say_what_is_expected(workflow):
    """Tell the logger how much work each job is expected to be, and whether the report is among what is made."""
    jobs, expected = list(workflow.dag.needrun_jobs()), ExpectedTime(plan)
    work = {
        workflow.dag.jobid(job): (
            job.rule.name,
            expected.core_seconds(job.rule.name, job.wildcards_dict),
        )
        for job in jobs
    }
    page = [str(job.output[0]) for job in jobs if job.rule.name == "report"]
    minutes = sum(seconds for _, seconds in work.values()) / 60
    logger.info(
        f"About {minutes:.0f} minutes of one core are expected, in {len(work)} jobs.",
        extra={
            "mebench_expected": work,
            "mebench_report": page[0] if page else "",
        },
    )


def look_once_a_second(scheduler):
    """Let Snakemake look for jobs that may start when a job ends and once a second, and not ever more often."""
    if hasattr(
        scheduler, "_schedule_reevalutation"
    ):  # the name of Snakemake 9.19 to 9.27
        scheduler._schedule_reevalutation = OneTimer(scheduler._open_jobs.release)


def say_what_it_takes():
    """After a rehearsal: what the real run will take, in sum."""
    if plan.config.get("rehearsal"):
        resolved = Path(plan.results) / "config.json"
        print(
            f"What the real run will take (mebench rehearsal --config {resolved}):",
            file=sys.stderr,
        )
        subprocess.run(
            ["mebench", "rehearsal", "--sums", "--config", resolved], stdout=sys.stderr
        )


def cores(most):
    """The cores of a job that prepares a dataset: one for a small stand-in, of which several are prepared at once in
    less time than one after the other on all cores."""
    return lambda wildcards: (
        1 if small_stand_in(dataset_of(wildcards).datasets[wildcards.dataset]) else most
    )


def times_attempt(amount):
    """A resource that doubles, trebles, ... when a job is tried again."""
    return lambda wildcards, attempt: attempt * (
        amount(wildcards) if callable(amount) else amount
    )


def configuration_for_table(wildcards):
    """The configuration that a table is made with. A change of it alone makes no table again, but one that was made after
    a failure is, even where nothing else is there that Snakemake could compare it with.
    """
    file, table = (
        f"{plan.results}/config.json",
        f"{plan.results}/tables/{wildcards.table}.csv",
    )
    return file if is_incomplete(Path(table)) else ancient(file)


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
    made_last = ["scores", "tables", "dataset_plots", "report"]
    made_last += [f"plots_{task}" for task in plan.tasks]
    # as they are called here: a workflow that uses this one as a module may rename them, or leave some out
    names = {
        getattr(rules, name).rule.name for name in made_last if hasattr(rules, name)
    }
    unmade = [job for job in workflow.dag.needrun_jobs() if job.rule.name in names]
    if not unmade:
        return
    resolved = Path(plan.results) / "logs" / "partial.config.json"
    write_json(resolved, plan.configuration.document())
    files = [str(file) for job in unmade for file in job.output]
    logger.warning("Making the tables and the report of what is there ...")
    subprocess.run(["mebench", "partial", "--config", resolved, "--make", *files])
    for job in unmade:
        for file in job.output:
            workflow.persistence.cleanup_metadata(file)
