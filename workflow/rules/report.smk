# scores and predictions -> what people read: tables, plots and one page that shows them all


rule tables:
    input:
        lambda wildcards: plan.scores_of_table(wildcards.table),
    output:
        multiext("<results>/tables/{table}", ".csv", ".md", ".tex", ".html"),
    log:
        "<results>/logs/tables/{table}.log",
    benchmark:
        "<results>/benchmarks/tables/{table}.tsv"
    localrule: True
    conda:
        "../../envs/mebench.yaml"
    resources:
        mem_mb=2000,
        runtime=times_attempt(30),
    params:
        define=lambda wildcards: plan.define_arguments(
            plan.task_of_table(wildcards.table)
        ),
        out=subpath(output[0], strip_suffix=".csv"),
        code=lambda wildcards: plan.source_of_table(wildcards.table),
    shell:
        "mebench tables {wildcards.table} --scores {input:q} --out {params.out:q} {params.define:q} > {log:q} 2>&1"


# all plots of a task are one job; each task has a rule of its own, as its plots depend on its models
for task in plan.tasks:

    rule:
        name:
            f"plots_{task}"
        input:
            data=lambda wildcards, of=task: plan.plotted(of),
            clips=plan.clips(task),
        output:
            svg=[shown_in_report(file, task) for file in plan.plot_files(task, "svg")],
            png=plan.plot_files(task, "png"),
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
            arguments=lambda wildcards, of=task: plan.plot_arguments(of),
            define=plan.define_arguments(task),
            out=subpath(output[0], parent=True),
            code=plan.source_of_task("plots", task),
        shell:
            "mebench plots task {params.arguments:q} --out {params.out:q} {params.define:q} > {log:q} 2>&1"


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
        code=plan.source("plots"),
    shell:
        "mebench plots datasets --clips {input.clips:q} --out {params.out:q} > {log:q} 2>&1"


rule report:
    input:
        tables=collect("<results>/tables/{table}.html", table=plan.tables),
        plots=[file for task in plan.tasks for file in plan.plot_files(task, "svg")],
        scores=collect("<results>/scores/{task}.csv", task=plan.tasks),
        runs=[record for task in plan.tasks for record in plan.records(task)],
        datasets=collect(
            "<results>/datasets/{dataset}/report.md", dataset=plan.datasets
        ),
        pictures=collect(
            "<results>/plots/datasets/{dataset}.svg", dataset=plan.datasets
        ),
        faces=collect("<results>/faces/{dataset}/meta.json", dataset=plan.with_faces),
    output:
        html=report(
            "<results>/report.html",
            category="Everything",
            caption="../report/report.rst",
        ),
        provenance="<results>/provenance.json",
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
        results=subpath(output.html, parent=True),
        tables=plan.tables,
        tasks=list(plan.tasks),
        datasets=list(plan.datasets),
        models=plan.model_names,
        plots=canonical_json({task: plan.plots_of(task) for task in plan.tasks}),
        define=plan.define_arguments(*plan.tasks),
        config=plan.config_json,
        code=plan.source("report"),
    shell:
        "mebench report --out {output.html:q} --results {params.results:q} --tables {params.tables:q} --tasks {params.tasks:q}"
        " --datasets {params.datasets:q} --models {params.models:q} --plots {params.plots:q} {params.define:q} --config-json {params.config:q} > {log:q} 2>&1"
