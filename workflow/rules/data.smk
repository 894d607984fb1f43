# source -> clips: the owner's copy, or a synthetic one, becomes one table of clips per dataset


rule fetch:
    output:
        "<results>/sources/{dataset}/source.json",
    log:
        "<results>/logs/fetch/{dataset}.log",
    benchmark:
        "<results>/benchmarks/fetch/{dataset}.tsv"
    localrule: True
    conda:
        "../../envs/mebench.yaml"
    threads: cores(4)
    resources:
        mem_mb=2000,
        runtime=times_attempt(60),
    params:
        source=lambda wildcards: shell_word(
            dataset_of(wildcards).datasets[wildcards.dataset]["source"]
        ),
        options=lambda wildcards: dataset_of(wildcards).arguments.source_options(
            wildcards.dataset
        ),
        code=code.area("fetch"),
        state=lambda wildcards: data.name(wildcards.dataset),
    shell:
        "mebench fetch {wildcards.dataset} --source {params.source} --options {params.options:q}"
        " --state {params.state:q} --out {output:q} --jobs {threads} > {log:q} 2>&1"


rule index:
    input:
        "<results>/sources/{dataset}/source.json",
    output:
        clips="<results>/datasets/{dataset}/clips.csv",
        videos="<results>/datasets/{dataset}/videos.csv",
        report="<results>/datasets/{dataset}/report.md",
        decisions="<results>/datasets/{dataset}/decisions.json",
    log:
        "<results>/logs/index/{dataset}.log",
    benchmark:
        "<results>/benchmarks/index/{dataset}.tsv"
    localrule: True
    conda:
        "../../envs/mebench.yaml"
    threads: cores(4)
    resources:
        mem_mb=2000,
        runtime=times_attempt(30),
    params:
        root=lambda wildcards: plan.paths.source_record(wildcards.dataset),
        extra=lambda wildcards: dataset_of(wildcards).arguments.index(wildcards.dataset),
        code=lambda wildcards: code.index(wildcards.dataset),
        state=lambda wildcards: data.name(wildcards.dataset),
    shell:
        "mebench index {wildcards.dataset} --root {params.root:q} --out {output.clips:q} {params.extra:q}"
        " --jobs {threads} > {log:q} 2>&1"
