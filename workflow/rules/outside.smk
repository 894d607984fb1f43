# inputs -> folds.csv -> (the rule of a model of its own) -> given.csv -> runs: models that the engine does not train.
# Their rule files are named in config.yaml and included by the Snakefile.


rule folds:
    input:
        clips=lambda wildcards: plan.paths.clips(run_of(wildcards).datasets),
        inputs=lambda wildcards: plan_of(wildcards).paths.inputs(run_of(wildcards)),
        weights=lambda wildcards: cards.weights_files(run_of(wildcards).spec),
        config=ancient("<results>/config.json"),
    output:
        "<results>/runs/{task}/{model}/seed{seed}/folds.csv",
    log:
        "<results>/logs/folds/{task}/{model}/seed{seed}.log",
    benchmark:
        "<results>/benchmarks/folds/{task}/{model}/seed{seed}.tsv"
    wildcard_constraints:
        model=plan.trained_outside,
    localrule: True
    conda:
        "../../envs/mebench.yaml"
    resources:
        mem_mb=2000,
        runtime=times_attempt(30),
    params:
        spec=lambda wildcards: run_of(wildcards).parameter,
        digest=lambda wildcards: spec_digest([run_of(wildcards)]),
        code=lambda wildcards: code.run("folds", run_of(wildcards)),
    shell:
        "mebench folds --run {wildcards.task}/{wildcards.model} --seeds {wildcards.seed} --config {input.config:q}"
        " --spec-digest {params.digest}"
        " > {log:q} 2>&1"


rule adopt:
    input:
        given=lambda wildcards: plan.paths.given(run_of(wildcards)),
        clips=lambda wildcards: plan.paths.clips(run_of(wildcards).datasets),
        decisions=lambda wildcards: plan.paths.decisions(run_of(wildcards).datasets),
        inputs=lambda wildcards: plan_of(wildcards).paths.inputs(run_of(wildcards)),
        config=ancient("<results>/config.json"),
    output:
        predictions="<results>/runs/{task}/{model}/seed{seed}/predictions.csv",
        history="<results>/runs/{task}/{model}/seed{seed}/history.csv",
        run="<results>/runs/{task}/{model}/seed{seed}/run.json",
    log:
        "<results>/logs/adopt/{task}/{model}/seed{seed}.log",
    benchmark:
        "<results>/benchmarks/adopt/{task}/{model}/seed{seed}.tsv"
    wildcard_constraints:
        model=plan.trained_outside,
    localrule: True
    conda:
        "../../envs/mebench.yaml"
    resources:
        mem_mb=2000,
        runtime=times_attempt(30),
    params:
        spec=lambda wildcards: run_of(wildcards).parameter,
        digest=lambda wildcards: spec_digest([run_of(wildcards)]),
        code=lambda wildcards: code.run("adopt", run_of(wildcards)),
    shell:
        "mebench adopt --run {wildcards.task}/{wildcards.model} --seeds {wildcards.seed} --config {input.config:q}"
        " --spec-digest {params.digest}"
        " > {log:q} 2>&1"


# their predictions are pooled already
rule score_adopted:
    input:
        runs=lambda wildcards: [
            f"{plan.paths.folder(run)}/run.json" for run in runs_of(wildcards)
        ],
        config=ancient("<results>/config.json"),
    output:
        "<results>/scores/{task}/{model}.json",
    log:
        "<results>/logs/score/{task}/{model}.log",
    benchmark:
        "<results>/benchmarks/score/{task}/{model}.tsv"
    wildcard_constraints:
        model=plan.trained_outside,
    localrule: True
    conda:
        "../../envs/mebench.yaml"
    resources:
        mem_mb=2000,
        runtime=times_attempt(30),
    params:
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
