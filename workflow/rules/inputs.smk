# clips -> faces -> inputs: what models eat, made once per dataset and shared by every model that asks for the same.
# An input is made in parts, one per subject; a job makes the parts that are missing. One job makes the whole input,
# unless it is scattered: then several make their shares of the parts, and one more joins them.
scattered = len(gather.inputs("{scatteritem}")) > 1


rule faces:
    input:
        "<results>/datasets/{dataset}/clips.csv",
    output:
        "<results>/faces/{dataset}/meta.json",
    log:
        "<results>/logs/faces/{dataset}.log",
    benchmark:
        "<results>/benchmarks/faces/{dataset}.tsv"
    conda:
        "../../envs/mebench.yaml"
    threads: cores(16)
    resources:
        mem_mb=8000,  # 0.45 GB for each process where frames of 2040 x 1088 are enlarged
        runtime=times_attempt(120),
    params:
        root=lambda wildcards: plan.paths.source_record(wildcards.dataset),
        extra=lambda wildcards: dataset_of(wildcards).arguments.faces(wildcards.dataset),
        folder=subpath(output[0], parent=True),
        code=code.area("faces"),
        state=lambda wildcards: data.name(wildcards.dataset),
        landmarks=lambda wildcards: data.landmarks(wildcards.dataset),
    shell:
        "mebench faces {wildcards.dataset} --clips {input:q} --root {params.root:q} --out {params.folder:q}"
        " {params.extra:q} --jobs {threads} > {log:q} 2>&1"


rule input_parts:
    input:
        clips="<results>/datasets/{dataset}/clips.csv",
        base=lambda wildcards: dataset_of(wildcards).paths.made_from(
            wildcards.dataset, wildcards.input
        ),
    output:
        "<results>/inputs/{dataset}/{input}/shards/{scatteritem}.json",
    log:
        "<results>/logs/inputs/{dataset}/{input}/{scatteritem}.log",
    benchmark:
        "<results>/benchmarks/inputs/{dataset}/{input}/{scatteritem}.tsv"
    conda:
        "../../envs/mebench.yaml"
    threads: cores(16)
    resources:
        mem_mb=times_attempt(8000),
        runtime=times_attempt(240),
        isa=isa,
    params:
        root=lambda wildcards: plan.paths.source_record(wildcards.dataset),
        extra=lambda wildcards: dataset_of(wildcards).arguments.inputs(
            wildcards.dataset, wildcards.input
        ),
        folder=subpath(output[0], ancestor=2),
        code=lambda wildcards: code.input(wildcards.input),
        state=lambda wildcards: data.name(wildcards.dataset),
    shell:
        "mebench inputs {wildcards.dataset} {wildcards.input} --clips {input.clips:q} --root {params.root:q}"
        " --out {params.folder:q} {params.extra:q} --shard {wildcards.scatteritem} --done {output:q}"
        " --jobs {threads} --isa {resources.isa} > {log:q} 2>&1"


rule inputs:
    input:
        shards=(
            gather.inputs(
                "<results>/inputs/{{dataset}}/{{input}}/shards/{scatteritem}.json"
            )
            if scattered
            else []
        ),
        clips="<results>/datasets/{dataset}/clips.csv",
        base=lambda wildcards: dataset_of(wildcards).paths.made_from(
            wildcards.dataset, wildcards.input
        ),
    output:
        "<results>/inputs/{dataset}/{input}/meta.json",
    log:
        "<results>/logs/inputs/{dataset}/{input}.log",
    benchmark:
        "<results>/benchmarks/inputs/{dataset}/{input}.tsv"
    conda:
        "../../envs/mebench.yaml"
    threads: 1 if scattered else cores(16)
    resources:
        mem_mb=times_attempt(2000 if scattered else 8000),
        runtime=times_attempt(30 if scattered else 240),
        isa=isa,
    params:
        root=lambda wildcards: plan.paths.source_record(wildcards.dataset),
        extra=lambda wildcards: dataset_of(wildcards).arguments.inputs(
            wildcards.dataset, wildcards.input
        )
        + dataset_of(wildcards).arguments.truth(wildcards.dataset, wildcards.input),
        join=["--join"] if scattered else [],
        folder=subpath(output[0], parent=True),
        code=lambda wildcards: code.input(wildcards.input),
        state=lambda wildcards: data.name(wildcards.dataset),
    shell:
        "mebench inputs {wildcards.dataset} {wildcards.input} --clips {input.clips:q} --root {params.root:q}"
        " --out {params.folder:q} {params.extra:q} {params.join:q} --jobs {threads} --isa {resources.isa} > {log:q} 2>&1"
