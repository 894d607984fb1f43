"""A job of the workflow in a few words: ``train slstt on smic-3``."""

from __future__ import annotations

from collections.abc import Mapping

WORDS = {
    "resolve": "write the configuration",
    "fetch": "get {dataset}",
    "index": "list the clips of {dataset}",
    "faces": "find faces in {dataset}",
    "input_parts": "make {input} of {dataset} ({scatteritem})",
    "inputs": "make {input} of {dataset}",
    "train": "train {model} on {task}",
    "final": "train {model} on all of {task}",
    "final_card": "write the card of {model} on {task}",
    "folds": "list the folds of {model} on {task}",
    "adopt": "take in {model} on {task}",
    "score": "score {model} on {task}",
    "scores": "join the scores of {task}",
    "tables": "write the table {table}",
    "dataset_plots": "plot the datasets",
    "report": "write the report",
}


def job_words(rule: str, wildcards: Mapping[str, str]) -> str:
    """What a job of a rule does. A rule that is not of mebench is named, with its wildcards."""
    for begin, verb in (("plots_", "plot"), ("together_", "train the cheap models of")):
        if rule.startswith(begin):
            return f"{verb} {rule.removeprefix(begin)}"
    try:
        text = WORDS[rule].format_map(wildcards)
    except KeyError:
        return " ".join([rule, *wildcards.values()])
    shard = wildcards.get("scatteritem", "1-of-1")
    return text if rule != "train" or shard == "1-of-1" else f"{text} ({shard})"
