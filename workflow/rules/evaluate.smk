# predictions -> scores: every number of a task, from its pooled predictions alone


rule score:
    input:
        runs=lambda wildcards: plan.paths.records(wildcards.task),
        config=ancient("<results>/config.json"),
    output:
        csv="<results>/scores/{task}.csv",
        json="<results>/scores/{task}.json",
    log:
        "<results>/logs/score/{task}.log",
    benchmark:
        "<results>/benchmarks/score/{task}.tsv"
    localrule: True
    conda:
        "../../envs/mebench.yaml"
    resources:
        mem_mb=2000,
        runtime=times_attempt(30),
    params:
        stage=lambda wildcards: plan.arguments.stage(wildcards.task),
        code=lambda wildcards: code.task("score", plan.tasks[wildcards.task]),
    shell:
        "mebench score --task {wildcards.task} --config {input.config:q} --out {output.csv:q} > {log:q} 2>&1"
