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
    conda:
        "../../envs/mebench.yaml"
    resources:
        mem_mb=2000,
        runtime=times_attempt(30),
    params:
        out=subpath(output[0], strip_suffix=".csv"),
        code=lambda wildcards: plan.source_of_table(wildcards.table),
    shell:
        "mebench tables {wildcards.table} --scores {input:q} --out {params.out:q} > {log:q} 2>&1"


rule plots:
    input:
        data=lambda wildcards: plan.plot_inputs(wildcards.task, wildcards.plot),
        clips=lambda wildcards: plan.clips(wildcards.task),
    output:
        svg=report(
            "<results>/plots/{task}/{plot}.svg",
            category="{task}",
            labels={"plot": "{plot}"},
            caption="../report/plot.rst",
        ),
        png="<results>/plots/{task}/{plot}.png",
    log:
        "<results>/logs/plots/{task}/{plot}.log",
    benchmark:
        "<results>/benchmarks/plots/{task}/{plot}.tsv"
    wildcard_constraints:
        task="(?!datasets/)[^/]+",  # those have a rule of their own
    conda:
        "../../envs/mebench.yaml"
    resources:
        mem_mb=2000,
        runtime=times_attempt(30),
    params:
        arguments=lambda wildcards: plan.plot_arguments(wildcards.task, wildcards.plot),
        out=subpath(output.svg, strip_suffix=".svg"),
        code=plan.source("plots"),
    shell:
        "mebench plots {params.arguments:q} --out {params.out:q} > {log:q} 2>&1"


rule dataset_plots:
    input:
        clips="<results>/datasets/{dataset}/clips.csv",
        videos="<results>/datasets/{dataset}/videos.csv",
        report="<results>/datasets/{dataset}/report.md",
    output:
        svg=report(
            "<results>/plots/datasets/{dataset}.svg",
            category="Datasets",
            labels={"dataset": "{dataset}"},
            caption="../report/dataset.rst",
        ),
        png="<results>/plots/datasets/{dataset}.png",
    log:
        "<results>/logs/plots/datasets/{dataset}.log",
    benchmark:
        "<results>/benchmarks/plots/datasets/{dataset}.tsv"
    conda:
        "../../envs/mebench.yaml"
    resources:
        mem_mb=2000,
        runtime=times_attempt(30),
    params:
        out=subpath(output.svg, strip_suffix=".svg"),
        code=plan.source("plots"),
    shell:
        "mebench plots dataset --clips {input.clips:q} --out {params.out:q} > {log:q} 2>&1"


rule report:
    input:
        tables=collect("<results>/tables/{table}.html", table=plan.tables),
        plots=[
            f"<results>/plots/{task}/{plot}.svg"
            for task in plan.tasks
            for plot in plan.plots_of(task)
        ],
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
        config=plan.config_json,
        code=plan.source("report"),
    shell:
        "mebench report --out {output.html:q} --results {params.results:q} --tables {params.tables:q} --tasks {params.tasks:q}"
        " --datasets {params.datasets:q} --models {params.models:q} --plots {params.plots:q} --config-json {params.config:q} > {log:q} 2>&1"
