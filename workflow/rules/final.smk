# inputs -> final: entries with final: true are trained once more on everyone, for footage of one's own. No score and no
# table reads it. The weights lie beside what Snakemake knows, so that a job finds those that still hold.


rule final:
    input:
        clips=lambda wildcards: plan.paths.clips(run_of(wildcards).datasets),
        inputs=lambda wildcards: plan_of(wildcards).paths.inputs(run_of(wildcards)),
        weights=lambda wildcards: cards.weights_files(run_of(wildcards).spec),
        config=ancient("<results>/config.json"),
    output:
        "<results>/runs/{task}/{model}/seed{seed}/final/training.json",
    log:
        "<results>/logs/final/{task}/{model}/seed{seed}.log",
    benchmark:
        "<results>/benchmarks/final/{task}/{model}/seed{seed}.tsv"
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
        isa=isa,
    params:
        spec=lambda wildcards: run_of(wildcards).parameter,
        digest=lambda wildcards: spec_digest([run_of(wildcards)]),
        code=lambda wildcards: code.run("final", run_of(wildcards)),
    # exec: the shell would die of a scheduler's signal to stop, and training with it before it has kept its state
    shell:
        "exec mebench final --run {wildcards.task}/{wildcards.model} --seeds {wildcards.seed} --config {input.config:q}"
        " --spec-digest {params.digest} --gpus {resources.gpu} --threads {threads} --isa {resources.isa}"
        " > {log:q} 2>&1"


rule final_card:
    input:
        training="<results>/runs/{task}/{model}/seed{seed}/final/training.json",
        scores="<results>/scores/{task}/{model}.json",
        config=ancient("<results>/config.json"),
    output:
        "<results>/runs/{task}/{model}/seed{seed}/final/card.json",
    log:
        "<results>/logs/final_card/{task}/{model}/seed{seed}.log",
    benchmark:
        "<results>/benchmarks/final_card/{task}/{model}/seed{seed}.tsv"
    wildcard_constraints:
        model=plan.trained_here,
    localrule: True
    conda:
        "../../envs/mebench.yaml"
    resources:
        mem_mb=2000,
        runtime=times_attempt(30),
    params:
        digest=lambda wildcards: spec_digest([run_of(wildcards)]),
        stage=lambda wildcards: plan_of(wildcards).arguments.stage(
            wildcards.task, wildcards.model
        ),
        code=lambda wildcards: code.run("final_card", run_of(wildcards)),
    shell:
        "mebench final --run {wildcards.task}/{wildcards.model} --seeds {wildcards.seed} --config {input.config:q}"
        " --spec-digest {params.digest} --card > {log:q} 2>&1"
