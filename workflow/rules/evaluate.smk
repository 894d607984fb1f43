# runs -> predictions -> scores: the folds of each run are pooled, and every number of a task comes from these alone


rule score:
    input:
        shards=lambda wildcards: plan.paths.shards(
            runs_of(wildcards), shards.items(runs_of(wildcards))
        ),
        clips=lambda wildcards: plan.paths.clips(runs_of(wildcards)[0].datasets),
        decisions=lambda wildcards: plan.paths.decisions(runs_of(wildcards)[0].datasets),
        inputs=lambda wildcards: plan.paths.inputs(runs_of(wildcards)[0]),
        weights=lambda wildcards: cards.weights_files(runs_of(wildcards)[0].spec),
        config=ancient("<results>/config.json"),
    output:
        predictions=collect(
            "<results>/runs/{{task}}/{{model}}/seed{seed}/predictions.csv",
            seed=plan.configuration.seeds,
        ),
        history=collect(
            "<results>/runs/{{task}}/{{model}}/seed{seed}/history.csv",
            seed=plan.configuration.seeds,
        ),
        runs=collect(
            "<results>/runs/{{task}}/{{model}}/seed{seed}/run.json",
            seed=plan.configuration.seeds,
        ),
        scores="<results>/scores/{task}/{model}.json",
    log:
        "<results>/logs/score/{task}/{model}.log",
    benchmark:
        "<results>/benchmarks/score/{task}/{model}.tsv"
    wildcard_constraints:
        model=plan.trained_here,  # outside.smk has a rule for the others
    localrule: True
    conda:
        "../../envs/mebench.yaml"
    resources:
        mem_mb=2000,
        runtime=times_attempt(30),
    params:
        spec=lambda wildcards: parameter(runs_of(wildcards)),
        seeds=seeds_of,
        digest=lambda wildcards: spec_digest(runs_of(wildcards)),
        stage=lambda wildcards: plan.arguments.stage(wildcards.task, wildcards.model),
        code=lambda wildcards: code.run("score", runs_of(wildcards)[0]),
    shell:
        "mebench score --run {wildcards.task}/{wildcards.model} --seeds {params.seeds} --config {input.config:q}"
        " --spec-digest {params.digest}"
        " > {log:q} 2>&1"


# the scores of all models of a task, for tables and the report
rule scores:
    input:
        models=lambda wildcards: plan.paths.scores_of_models(wildcards.task),
        config=ancient("<results>/config.json"),
    output:
        csv="<results>/scores/{task}.csv",
        json="<results>/scores/{task}.json",
    log:
        "<results>/logs/scores/{task}.log",
    benchmark:
        "<results>/benchmarks/scores/{task}.tsv"
    localrule: True
    conda:
        "../../envs/mebench.yaml"
    resources:
        mem_mb=2000,
        runtime=times_attempt(30),
    params:
        code=lambda wildcards: code.task("scores", plan.tasks[wildcards.task]),
    shell:
        "mebench score --task {wildcards.task} --join --config {input.config:q} --out {output.csv:q} > {log:q} 2>&1"
