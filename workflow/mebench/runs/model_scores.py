"""The scores of a model on a task, over all seeds, and the scores of a task, joined from those of its models."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mebench.config import recipes
from mebench.files import read_json, write_json
from mebench.runs import audited, kept_audit, run_record, task_audit
from mebench.runs.paths import RunFiles
from mebench.runs.pool import pool
from mebench.runs.run_record import Title
from mebench.runs.scores import AUDIT, CHECKS, FAILED, NO_PARAMETERS, RunScore, joined_rows, run_scores, write_joined


def write(runs: Sequence[RunFiles], out: Path, stage: Mapping[str, object] = NO_PARAMETERS) -> str:
    """Pool and score the runs of a model on a task, and write their scores as JSON; returns a line about it."""
    scores = [score for files in sorted(runs, key=lambda files: files.run) for score in concluded(files, stage)]
    return _written(scores, len(runs), out)


def write_pooled(runs: Iterable[Path], out: Path, stage: Mapping[str, object] = NO_PARAMETERS) -> str:
    """The same for folders of pooled runs, from their predictions alone. What an audit found where they were trained is
    taken over, because most of what it looks at is not there."""
    folders, scores = sorted(runs), []
    for run in folders:
        found = kept_audit.read(run)
        scores += [replace(score, audit=found.get(score.selection)) for score in run_scores(run, stage)]
    return _written(scores, len(folders), out)


def _written(scores: Sequence[RunScore], runs: int, out: Path) -> str:
    write_json(out, [score.as_json() for score in scores])
    return f"{out}: {runs} runs"


def concluded(files: RunFiles, stage: Mapping[str, object]) -> list[RunScore]:
    """The scores of a run. Its folds are pooled first, but for a model with a rule of its own, whose predictions are
    adopted already. What a kind of task writes beside the predictions, it writes between the two."""
    if files.spec["training"] != "rules":
        pool(files, Title(**recipes.about(files.spec)))
    found = audited.audits(files, run_record.read(files.run))
    return [replace(score, audit=found[score.selection]) for score in run_scores(files.run, stage)]


def join(models: Iterable[Path], out: Path) -> str:
    """Write the scores of a task, ``out`` and the same as JSON, from those of its models, and what the audit of each
    run found as audit/TASK.json beside their folder; returns a line about it."""
    records = _records(models)
    write_json(audit_file(out), task_audit.of_records(records))
    kept = [{name: value for name, value in one.items() if name not in (AUDIT, FAILED, CHECKS)} for one in records]
    return write_joined(kept, out)


def audit_file(scores: Path) -> Path:
    """``results/scores/TASK.csv`` -> ``results/audit/TASK.json``."""
    return scores.parent.with_name("audit") / f"{scores.stem}.json"


def rows(models: Iterable[Path]) -> list[dict[str, str]]:
    """The rows that scores/TASK.csv has of some of its models, from their scores, with the verdict of the audit."""
    records = _records(models)
    audits = [{name: str(one.get(name, "")) for name in (AUDIT, FAILED)} for one in records]
    rows = joined_rows(records)[1]
    return [{name: str(value) for name, value in row.items()} | own for row, own in zip(rows, audits, strict=True)]


def _records(models: Iterable[Path]) -> list[Mapping[str, object]]:
    return [record for path in sorted(models, key=lambda path: path.stem) for record in read_json(path)]
