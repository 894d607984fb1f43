# scores and predictions -> what people read: tables, plots and one page that shows them all


rule tables:
    input:
        scores=lambda wildcards: plan.scores_of_table(wildcards.table),
        predictions=lambda wildcards: plan.predictions_of_table(wildcards.table),
        own=lambda wildcards: plan.file_of_table(wildcards.table),
        config=configuration_for_table,
    output:
        multiext(
            "<results>/tables/{table}",
            ".csv",
            ".md",
            ".tex",
            ".html",
            ".statistics.json",
            ".figures.csv",
            ".differences.csv",
        ),
    log:
        "<results>/logs/tables/{table}.log",
    benchmark:
        "<results>/benchmarks/tables/{table}.tsv"
    wildcard_constraints:
        table=r".+(?<!\.figures)(?<!\.differences)",  # else x.figures.csv would be the table x.figures
    localrule: True
    conda:
        "../../envs/mebench.yaml"
    resources:
        mem_mb=2000,
        runtime=times_attempt(30),
    params:
        table=lambda wildcards: plan.tables.get(wildcards.table, wildcards.table),
        define=lambda wildcards: plan.arguments.define(
            *plan.tasks_of_table(wildcards.table)
        ),
        out=subpath(output[0], strip_suffix=".csv"),
        code=code.area("tables"),
    shell:
        "mebench tables {params.table:q} --out {params.out:q} --config {input.config:q} > {log:q} 2>&1"


# all plots of a task are one job; each task has a rule of its own, as its plots depend on its models
for task in plan.tasks:

    rule:
        name:
            f"plots_{task}"
        input:
            data=lambda wildcards, of=task: plan.paths.plotted(of),
            clips=plan.paths.clips(plan.tasks[task]["datasets"]),
            config=ancient("<results>/config.json"),
        output:
            svg=[
                shown_in_report(file, task)
                for file in plan.paths.plot_files(task, "svg")
            ],
            png=plan.paths.plot_files(task, "png"),
            pages=plan.paths.page_files(task),
        log:
            f"<results>/logs/plots/{task}.log",
        benchmark:
            f"<results>/benchmarks/plots/{task}.tsv"
        localrule: True
        conda:
            "../../envs/mebench.yaml"
        resources:
            mem_mb=2000,
            runtime=times_attempt(30),
        params:
            task=task,
            arguments=lambda wildcards, of=task: plan.arguments.plots(of),
            define=plan.arguments.define(task),
            out=subpath(output[0], parent=True),
            code=code.task("plots", plan.tasks[task]),
        shell:
            "mebench plots task --task {params.task} --config {input.config:q} --out {params.out:q} > {log:q} 2>&1"


rule dataset_plots:
    input:
        clips=collect("<results>/datasets/{dataset}/clips.csv", dataset=plan.datasets),
        videos=collect("<results>/datasets/{dataset}/videos.csv", dataset=plan.datasets),
        reports=collect("<results>/datasets/{dataset}/report.md", dataset=plan.datasets),
    output:
        svg=[
            shown_in_report(f"<results>/plots/datasets/{dataset}.svg", "Datasets")
            for dataset in plan.datasets
        ],
        png=collect("<results>/plots/datasets/{dataset}.png", dataset=plan.datasets),
    log:
        "<results>/logs/plots/datasets.log",
    benchmark:
        "<results>/benchmarks/plots/datasets.tsv"
    localrule: True
    conda:
        "../../envs/mebench.yaml"
    resources:
        mem_mb=2000,
        runtime=times_attempt(30),
    params:
        out=subpath(output[0], parent=True),
        code=code.area("plots"),
    shell:
        "mebench plots datasets --clips {input.clips:q} --out {params.out:q} > {log:q} 2>&1"


rule report:
    input:
        tables=collect("<results>/tables/{table}.html", table=list(plan.tables)),
        statistics=collect(
            "<results>/tables/{table}.statistics.json", table=list(plan.tables)
        ),
        plots=[
            file for task in plan.tasks for file in plan.paths.plot_files(task, "svg")
        ],
        pages=[file for task in plan.tasks for file in plan.paths.page_files(task)],
        scores=collect("<results>/scores/{task}.csv", task=plan.tasks),
        runs=[record for task in plan.tasks for record in plan.paths.records(task)],
        datasets=collect(
            "<results>/datasets/{dataset}/report.md", dataset=plan.datasets
        ),
        pictures=collect(
            "<results>/plots/datasets/{dataset}.svg", dataset=plan.datasets
        ),
        faces=collect(
            "<results>/faces/{dataset}/meta.json", dataset=plan.inputs.with_faces
        ),
        config=ancient("<results>/config.json"),
    output:
        html=report(
            "<results>/report.html",
            category="Everything",
            caption="../report/report.rst",
        ),
        provenance="<results>/provenance.json",
        ranks=plan.rank_files,
    log:
        "<results>/logs/report.log",
    benchmark:
        "<results>/benchmarks/report.tsv"
    localrule: True
    conda:
        "../../envs/mebench.yaml"
    resources:
        mem_mb=2000,
        runtime=times_attempt(30),
    params:
        shown=canonical_json(plan.shown),
        define=plan.arguments.define(*plan.tasks),
        config=plan.config_json,
        code=code.area("report"),
    shell:
        "mebench report --config {input.config:q} --out {output.html:q} > {log:q} 2>&1"
