"""The audits of all runs of a task, from the scores of its models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict, cast

from mebench.audit.checks import NEED_NOTHING, fitted, shuffled_labels
from mebench.audit.finding import NOT_CHECKED, Finding, audit_of
from mebench.runs.scores import CHECKS


class RunAudit(TypedDict):
    """An entry of audit/TASK.json; ``checks`` are findings as JSON."""

    model: str
    title: str
    seed: int
    selection: str
    verdict: str
    checks: list[dict[str, str]]


def of_records(records: Sequence[Mapping[str, object]]) -> list[RunAudit]:
    """The audit of each run and selection, with what the runs on shuffled labels say of all others."""
    runs = [one for one in records if CHECKS in one]
    findings = [[Finding(**check) for check in cast(list[dict[str, str]], one[CHECKS])] for one in runs]
    shuffled = [
        found
        for one, own in zip(runs, findings, strict=True)
        for found in own
        if one["selection"] != "test_peek" and found.name == shuffled_labels.NAME and found.verdict != NOT_CHECKED
    ]
    worst = min(shuffled, key=lambda found: found.verdict, default=None)  # fail stands before pass
    result: list[RunAudit] = []
    for one, own in zip(runs, findings, strict=True):
        # of what is trained outside the engine they say nothing
        trained_here = any(found.name == fitted.NAME and found.verdict != NOT_CHECKED for found in own)
        is_open = (shuffled_labels.NAME, NOT_CHECKED) if trained_here else ("", "")
        whole = [worst if worst and (found.name, found.verdict) == is_open else found for found in own]
        named = {name: one[name] for name in ("model", "title", "seed", "selection")}
        result.append(cast(RunAudit, named | audit_of(whole, NEED_NOTHING).as_json()))
    return result
