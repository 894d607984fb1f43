# inputs -> runs: a job is one shard of the runs of a model on a task, and trains those folds of it that are missing.
# The folds lie in folders of their own that Snakemake does not know, so that a failed job loses none of them.


rule train:
    input:
        clips=lambda wildcards: plan.paths.clips(runs_of(wildcards)[0].datasets),
        inputs=lambda wildcards: plan_of(wildcards).paths.inputs(runs_of(wildcards)[0]),
        weights=lambda wildcards: cards.weights_files(runs_of(wildcards)[0].spec),
        config=ancient("<results>/config.json"),
    output:
        "<results>/runs/{task}/{model}/shards/{scatteritem}.json",
    log:
        "<results>/logs/train/{task}/{model}/{scatteritem}.log",
    benchmark:
        "<results>/benchmarks/train/{task}/{model}/{scatteritem}.tsv"
    wildcard_constraints:
        model=shards.alone,
    conda:
        "../../envs/mebench.yaml"
    threads: 1
    resources:
        mem_mb=times_attempt(
            lambda wildcards: runs_of(wildcards)[0].resources["mem_mb"]
        ),
        runtime=times_attempt(lambda wildcards: shards.minutes(runs_of(wildcards))),
        gpu=lambda wildcards: runs_of(wildcards)[0].resources["gpu"],
        # folds that a job trains at once, on its GPU or its cores; --set-resources train:folds_at_once=4
        folds_at_once=1,
        isa=isa,
    params:
        spec=lambda wildcards: parameter(runs_of(wildcards)),
        seeds=seeds_of,
        digest=lambda wildcards: spec_digest(runs_of(wildcards)),
        code=lambda wildcards: code.training(runs_of(wildcards)[0]),
    # exec: the shell would die of a scheduler's signal to stop, and training with it before it has kept its state
    shell:
        "exec mebench train --run {wildcards.task}/{wildcards.model} --seeds {params.seeds} --config {input.config:q}"
        " --spec-digest {params.digest}"
        " --shard {wildcards.scatteritem} --gpus {resources.gpu} --threads {threads} --workers {resources.folds_at_once}"
        " --isa {resources.isa}"
        " --done > {log:q} 2>&1"
