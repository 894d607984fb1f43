# clips -> inputs: what models eat, made once per dataset and shared by every model that asks for the same


rule inputs:
    input:
        clips="<results>/datasets/{dataset}/clips.csv",
        base=lambda wildcards: plan.made_from(wildcards.dataset, wildcards.input),
    output:
        "<results>/inputs/{dataset}/{input}/meta.json",
    log:
        "<results>/logs/inputs/{dataset}/{input}.log",
    benchmark:
        "<results>/benchmarks/inputs/{dataset}/{input}.tsv"
    conda:
        "../../envs/mebench.yaml"
    threads: 16
    resources:
        mem_mb=4000,
        runtime=times_attempt(240),
    params:
        root=lambda wildcards: plan.root(wildcards.dataset),
        extra=lambda wildcards: plan.input_arguments(wildcards.dataset, wildcards.input),
        folder=subpath(output[0], parent=True),
        code=plan.source("inputs"),
    shell:
        "mebench inputs {wildcards.dataset} {wildcards.input} --clips {input.clips:q} --root {params.root:q}"
        " --out {params.folder:q} {params.extra:q} --jobs {threads} > {log:q} 2>&1"
