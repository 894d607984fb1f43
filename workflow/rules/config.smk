# config.yaml -> results/config.json: the configuration, resolved. Commands of other rules name it and what they make of
# it, so their lines are short.
#
# As an input it is ancient: what a rule takes from the configuration is among the params of that rule, and these alone
# start it again. For the same reason this rule only runs where the file is missing, and has no params: if it had to run
# for a change, Snakemake would not look at the params of the rules after it. `onstart` writes what has changed.


# `run`, because this process alone knows the whole configuration: from files, --config, or another workflow
rule resolve:
    output:
        "<results>/config.json",
    log:
        "<results>/logs/config.log",
    localrule: True
    run:
        write_configuration(output[0], log[0])
