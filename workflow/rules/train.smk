# inputs -> runs: a job is one shard of a run and trains the folds of that shard which are missing.
# The folds lie in folders of their own that Snakemake does not know, so that a failed job loses none of them.


rule train:
    input:
        clips=lambda wildcards: plan.paths.clips(run_of(wildcards).datasets),
        inputs=lambda wildcards: plan.paths.inputs(run_of(wildcards)),
        weights=lambda wildcards: cards.weights_files(run_of(wildcards).spec),
        config=ancient("<results>/config.json"),
    output:
        "<results>/runs/{task}/{model}/seed{seed}/shards/{scatteritem}.json",
    log:
        "<results>/logs/train/{task}/{model}/seed{seed}/{scatteritem}.log",
    benchmark:
        "<results>/benchmarks/train/{task}/{model}/seed{seed}/{scatteritem}.tsv"
    wildcard_constraints:
        model=plan.trained_here,
    conda:
        "../../envs/mebench.yaml"
    threads: 1
    resources:
        mem_mb=times_attempt(lambda wildcards: run_of(wildcards).resources["mem_mb"]),
        runtime=times_attempt(
            lambda wildcards: run_of(wildcards).resources["runtime_min"]
        ),
        gpu=lambda wildcards: run_of(wildcards).resources["gpu"],
        # folds that a job trains at once, on its GPU or its cores; --set-resources train:folds_at_once=4
        folds_at_once=1,
        isa=isa,
    params:
        spec=lambda wildcards: run_of(wildcards).parameter,
        digest=lambda wildcards: spec_digest([run_of(wildcards)]),
        code=lambda wildcards: code.run("train", run_of(wildcards)),
    # exec: the shell would die of a scheduler's signal to stop, and training with it before it has kept its state
    shell:
        "exec mebench train --run {wildcards.task}/{wildcards.model} --seeds {wildcards.seed} --config {input.config:q}"
        " --spec-digest {params.digest}"
        " --shard {wildcards.scatteritem} --gpus {resources.gpu} --threads {threads} --workers {resources.folds_at_once}"
        " --isa {resources.isa}"
        " --done > {log:q} 2>&1"


rule pool:
    input:
        shards=lambda wildcards: [
            f"{plan.paths.folder(run_of(wildcards))}/shards/{item}.json"
            for item in shards.items(run_of(wildcards))
        ],
        clips=lambda wildcards: plan.paths.clips(run_of(wildcards).datasets),
        decisions=lambda wildcards: plan.paths.decisions(run_of(wildcards).datasets),
        inputs=lambda wildcards: plan.paths.inputs(run_of(wildcards)),
        weights=lambda wildcards: cards.weights_files(run_of(wildcards).spec),
        config=ancient("<results>/config.json"),
    output:
        predictions="<results>/runs/{task}/{model}/seed{seed}/predictions.csv",
        history="<results>/runs/{task}/{model}/seed{seed}/history.csv",
        run="<results>/runs/{task}/{model}/seed{seed}/run.json",
    log:
        "<results>/logs/pool/{task}/{model}/seed{seed}.log",
    benchmark:
        "<results>/benchmarks/pool/{task}/{model}/seed{seed}.tsv"
    wildcard_constraints:
        model=plan.trained_here,  # outside.smk has a rule for the others
    localrule: True
    conda:
        "../../envs/mebench.yaml"
    resources:
        mem_mb=2000,
        runtime=times_attempt(30),
    params:
        spec=lambda wildcards: run_of(wildcards).parameter,
        digest=lambda wildcards: spec_digest([run_of(wildcards)]),
        code=lambda wildcards: code.run("pool", run_of(wildcards)),
    shell:
        "mebench pool --run {wildcards.task}/{wildcards.model} --seeds {wildcards.seed} --config {input.config:q}"
        " --spec-digest {params.digest}"
        " > {log:q} 2>&1"
