# mebench: from licence-gated micro-expression datasets to the papers' tables, as one workflow.
# What it makes is said by config.yaml; where and how it runs is said by a profile.

from snakemake.utils import min_version

min_version("9.19")


include: "workflow/rules/common.smk"


# A configuration that is named on the command line stands alone: what it does not say is the default, as it is for
# `mebench plan --config`, and never what config.yaml happens to hold. common.smk reads the file by mebench's own rules
# and says what is wrong in it; Snakemake reads it here for its own report.
if not workflow.config_settings.configfiles:

    configfile: "config.yaml"


include: "workflow/rules/config.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/inputs.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/final.smk"
include: "workflow/rules/outside.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/report.smk"


for file in plan.rule_files:

    include: file


rule all:
    default_target: True
    input:
        collect("<results>/tables/{table}.csv", table=list(plan.tables)),
        collect("<results>/scores/{task}.csv", task=plan.tasks),
        "<results>/report.html",
        plan.paths.final_cards(plan.runs),


onstart:
    look_once_a_second(workflow.scheduler)
    refresh_configuration()
    say_what_is_expected(workflow)


# A rehearsal ends with what the real run will take.
onsuccess:
    say_what_it_takes()


# One failure is one failure: what could not be made is said in tables and a report of what is there.
onerror:
    make_partial(workflow)
