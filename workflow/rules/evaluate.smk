# runs -> predictions -> scores: the folds of each run are pooled, and every number of a task comes from these alone


rule score:
    input:
        shards=lambda wildcards: plan.paths.shards(
            runs_of(wildcards), shards.items(runs_of(wildcards))
        ),
        clips=lambda wildcards: plan.paths.clips(runs_of(wildcards)[0].datasets),
        decisions=lambda wildcards: plan.paths.decisions(runs_of(wildcards)[0].datasets),
        inputs=lambda wildcards: plan_of(wildcards).paths.inputs(runs_of(wildcards)[0]),
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
        model=shards.alone,  # below and in outside.smk are rules for the others
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
        stage=lambda wildcards: plan_of(wildcards).arguments.stage(
            wildcards.task, wildcards.model
        ),
        code=lambda wildcards: code.run("score", runs_of(wildcards)[0]),
    shell:
        "mebench score --run {wildcards.task}/{wildcards.model} --seeds {params.seeds} --config {input.config:q}"
        " --spec-digest {params.digest}"
        " > {log:q} 2>&1"


# models that take seconds, such as controls, are trained, pooled and scored in one job; each task has a rule of its own,
# because its files depend on its models
for task in filter(shards.together, plan.tasks):

    rule:
        name:
            f"together_{task}"
        input:
            clips=lambda wildcards, of=task: plan.paths.clips(
                unique(name for run in runs_together(of) for name in run.datasets)
            ),
            decisions=lambda wildcards, of=task: plan.paths.decisions(
                unique(name for run in runs_together(of) for name in run.datasets)
            ),
            inputs=lambda wildcards, of=task: unique(
                path for run in runs_together(of) for path in plan.paths.inputs(run)
            ),
            weights=lambda wildcards, of=task: unique(
                file
                for run in runs_together(of)
                for file in cards.weights_files(run.spec)
            ),
            config=ancient("<results>/config.json"),
        output:
            pooled=plan.paths.pooled(runs_together(task)),
            scores=[
                plan.paths.model_scores(task, model) for model in shards.together(task)
            ],
        log:
            f"<results>/logs/together/{task}.log",
        benchmark:
            f"<results>/benchmarks/together/{task}.tsv"
        conda:
            "../../envs/mebench.yaml"
        threads: 1
        resources:
            mem_mb=times_attempt(
                max(run.resources["mem_mb"] for run in runs_together(task))
            ),
            runtime=times_attempt(shards.minutes_together(task)),
            gpu=max(run.resources["gpu"] for run in runs_together(task)),
            isa=isa,
        params:
            task=task,
            models=shards.together(task),
            seeds=",".join(map(str, plan.configuration.seeds)),
            spec=lambda wildcards, of=task: parameters(runs_together(of)),
            digest=lambda wildcards, of=task: spec_digest(runs_together(of)),
            stage=lambda wildcards, of=task: [
                plan.arguments.stage(of, model) for model in shards.together(of)
            ],
            code=lambda wildcards, of=task: code.together(runs_together(of)),
        # exec: the shell would die of a scheduler's signal to stop, and training with it before it has kept its state
        shell:
            "exec mebench together --task {params.task} --models {params.models:q} --seeds {params.seeds}"
            " --config {input.config:q} --spec-digest {params.digest} --gpus {resources.gpu} --threads {threads}"
            " --isa {resources.isa} > {log:q} 2>&1"


# the scores of all models of a task, for tables and the report
rule scores:
    input:
        models=lambda wildcards: plan.paths.scores_of_models(wildcards.task),
        config=ancient("<results>/config.json"),
    output:
        csv="<results>/scores/{task}.csv",
        json="<results>/scores/{task}.json",
        audit="<results>/audit/{task}.json",
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
