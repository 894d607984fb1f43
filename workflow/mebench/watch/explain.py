"""Why something would run (again): Snakemake's reasons for jobs, and the engine's reasons for folds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from mebench.errors import UserError
from mebench.plan import Plan, Run
from mebench.plan.data_state import DataStates
from mebench.runs import fold_file, lock
from mebench.runs.fingerprint import Parts, parts_of
from mebench.runs.paths import running_file
from mebench.runs.reasons import changes, differences
from mebench.runs.records import record_of, whole
from mebench.training.rows import Rows, run_rows
from mebench.watch.dryrun import PlannedJob
from mebench.watch.failures import LASTING

T = TypeVar("T", bound=Hashable)
SHOWN = 6  # names of a longer list


def target_of(plan: Plan, target: str) -> tuple[str, Run | None]:
    """(the file to ask Snakemake for, the run that a target is or belongs to)."""
    name = target.rstrip("/")
    if match := re.search(r"([^/]+/[^/]+)/seed\d+(?:/|$)", name):
        plan = plan.having_run(match[1])
    for run in plan.runs:
        if name in (run.id, plan.paths.folder(run)):
            return f"{plan.paths.folder(run)}/run.json", run
        if name.startswith(f"{plan.paths.folder(run)}/"):
            return name, run
    if re.fullmatch(r"[^/]+/[^/]+/seed\d+", name):
        plan.named(name)  # complains, with the name that comes closest
    return target, None


def about_jobs(target: str, jobs: Sequence[PlannedJob]) -> list[str]:
    """Snakemake's plan for a target: the jobs that start it with their reasons, then the jobs that follow."""
    if not jobs:
        return [f"Snakemake would run nothing: {target} is there and up to date."]
    causes = sorted((job for job in jobs if not job.follows), key=_name)
    lines = [f"Snakemake would run {_number(len(jobs), 'job')} for {target}. What starts it:"]
    for reason, group in _grouped((", and ".join(job.reasons), _name(job)) for job in causes):
        lines.append(f"  {_listed(group)}: {reason}")
    rest = Counter(job.rule for job in jobs if job.follows)
    if rest:
        followers = ", ".join(f"{count} {rule}" for rule, count in rest.items())
        lines.append(f"  what is made from those follows: {followers}")
    return lines


def _name(job: PlannedJob) -> str:
    what = job.runs or job.output
    shard = f" {job.wildcards['scatteritem']}" if "scatteritem" in job.wildcards else ""
    return f"{job.rule} {what}{shard}".rstrip()


def about_data(data: DataStates, datasets: Iterable[str]) -> list[str]:
    """A sentence for each dataset whose source changed, or of which that cannot be seen."""
    return [sentence for name in datasets for sentence in data.sentences(name)]


def about_runs(plan: Plan, runs: Sequence[Run], data: DataStates) -> list[str]:
    """What holds among the folds of runs. Runs with equal lines are listed together."""
    told = _grouped((tuple(about_folds(plan, run, data)), run.id) for run in runs if run.spec["training"] != "rules")
    return [line for lines, names in told for line in (f"Folds of {_listed(names)}:", *(f"  {text}" for text in lines))]


def about_folds(plan: Plan, run: Run, data: DataStates) -> list[str]:
    """Which folds of a run hold, and why the others do not."""
    spec, folder = run.spec, Path(plan.paths.folder(run))
    rows, without = _rows(plan, run)
    if rows is None:
        return [without, *_by_spec(run, folder)]
    parts = parts_of(spec, rows.digest, "")
    why: dict[str, list[str]] = {}
    for fold in rows.folds:
        for reason in _reasons(run, folder, fold, parts.for_fold(fold)):
            why.setdefault(reason, []).append(fold)
    held = len(rows.folds) - len({fold for names in why.values() for fold in names})
    head = f"{held} of {len(rows.folds)} hold, made from {_as_they_are(run, data)}"
    return [head, *(f"{_number(len(names), 'fold')} ({_listed(names)}): {reason}" for reason, names in why.items())]


def _as_they_are(run: Run, data: DataStates) -> str:
    """What folds that hold were made from, as far as it is known."""
    states = {name: data.of(name).kind for name in run.datasets}
    changed = [name for name in run.datasets if data.changed(name)]
    unseen = [name for name, kind in states.items() if kind in ("gone", "unread")]
    if not changed and not unseen:
        return "the configuration, data and source as they are now"
    told = [f"the data of {', '.join(changed)} changed since they were indexed"] if changed else []
    told += [f"whether the data of {', '.join(unseen)} changed cannot be seen"] if unseen else []
    return f"the configuration and source as they are now; {', and '.join(told)}"


def _rows(plan: Plan, run: Run) -> tuple[Rows | None, str]:
    """(the clips of a run, ""), or (None, why they cannot be known)."""
    clips = [Path(path) for path in plan.paths.clips(run.datasets)]
    metas = [Path(path) for path in plan.paths.inputs(run)]
    absent = next((path for path in [*clips, *metas] if not path.is_file()), None)
    if absent:
        return None, f"which of them hold cannot be said before {absent} is made"
    try:
        return run_rows(run.spec, clips, [meta.parent for meta in metas]), ""
    except UserError as error:
        return None, f"which of them hold cannot be said: {error}"


def _by_spec(run: Run, folder: Path) -> list[str]:
    """What differs in the configuration alone, where there are no data to compare."""
    records = (record_of(place) for place in fold_file.places(folder))
    told = _grouped(
        (f"{key}: {old} -> {new}", record.fold)
        for record in records if record
        for key, old, new in differences(record.spec, run.spec)
    )  # fmt: skip
    return [f"{_number(len(names), 'fold')} ({_listed(names)}): {text}" for text, names in told]


def _reasons(run: Run, folder: Path, fold: str, parts: Parts) -> list[str]:
    """Why a fold would be trained; empty where it holds."""
    held, record = lock.read(running_file(folder, fold)), record_of(fold_file.place(folder, fold))
    if held and lock.alive(held):
        return [f"being trained now, on {held.node or 'an unknown node'}"]
    if record is None:
        return ["never trained, or left unfinished"]
    changed = changes(record, run.spec, parts)
    if changed:
        return changed
    if not whole(fold_file.place(folder, fold), record):
        return ["damaged: its files are not those that it was written with"]
    if record.status not in ("done", LASTING):
        return [f"{record.status}: {record.message}; a job of the run tries again when one starts, but Snakemake "
                "starts none for that alone: mebench failures has the command"]  # fmt: skip
    return []


def _grouped(pairs: Iterable[tuple[T, str]]) -> list[tuple[T, list[str]]]:
    """(value, names) of (value, name) pairs, in the order in which the values first appear."""
    groups: dict[T, list[str]] = {}
    for value, name in pairs:
        groups.setdefault(value, []).append(name)
    return list(groups.items())


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
