"""Scores of all runs of a task, from their predictions alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from mebench import formats, tasks
from mebench.audit.finding import Audit
from mebench.errors import UserError
from mebench.files import read_csv, write_csv, write_json
from mebench.predicted import Row
from mebench.runs import predicted_files, run_record
from mebench.runs.paths import PREDICTIONS, STAGE
from mebench.runs.run_record import RunRecord
from mebench.tasks import Kind, Scoring

# columns that are there where a run has something to say
FURTHER = ("deviations", "conventions", "origin_archive", "form")
AUDIT, FAILED, CHECKS = "audit", "audit_failed", "audit_checks"  # of the audit, in the scores of a model
NO_PARAMETERS: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True)
class RunScore:
    """The score of one run and selection on one part of the data: the columns of ``formats.SCORES`` without ``n``, and
    what the kind of task ``counted``: ``n``, its metrics, and all else that it keeps. ``conventions`` say what its
    stage did, ``origin_archive`` from which archives a merge has the run, ``form`` what was given instead of
    predictions; ``audit`` is that of the run, where it was looked at."""

    task: str
    model: str
    title: str
    kind: str
    seed: int
    selection: str
    origin: str
    part: str
    without_input: int
    excluded: int
    exclusions: str
    corrected: int
    corrections: str
    folds_done: int
    folds_expected: int
    task_kind: str
    deviations: str
    conventions: str
    origin_archive: str
    form: str
    counted: Mapping[str, object]
    audit: Audit | None = None

    def as_json(self) -> dict[str, object]:
        """The score as scores/TASK/MODEL.json has it; all checks of the audit stand beside the score of the whole."""
        left_out = {"counted", "audit", *(name for name in FURTHER if not getattr(self, name))}
        own = {name: value for name, value in vars(self).items() if name not in left_out}
        return {**own, **self._audit(), **self.counted}

    def _audit(self) -> dict[str, object]:
        if not self.audit:
            return {}
        failed = ", ".join(one.name for one in self.audit.failed)
        own: dict[str, object] = {AUDIT: self.audit.verdict}
        if failed:
            own[FAILED] = failed
        return own | ({CHECKS: self.audit.as_json()["checks"]} if self.part == "all" else {})


def read_predictions(
    path: Path, columns: Iterable[str] = ("truth", "prediction"), key: Sequence[str] = ("clip_id",)
) -> list[Row]:
    """The rows of predictions. A row that is there twice is an error, because it would be counted twice."""
    rows = read_csv(path, columns)
    seen: set[tuple[str, ...]] = set()
    for row in rows:
        own = tuple(row[name] for name in key if name in row)
        if len(own) == len(key) and own in seen:
            raise UserError(f"{path} has the clip {' '.join(own)} twice; keep one prediction per clip")
        seen.add(own)
    return rows


def run_scores(run: Path, stage: Mapping[str, object] = NO_PARAMETERS) -> list[RunScore]:
    """The scores of one pooled run, for each selection and part. ``stage`` are the parameters of the step between
    predictions and scores that a kind of task may have."""
    about = run_record.read(run)
    kind, scoring = about.task_kind, tasks.scoring_of(about.spec["task"])
    conventions, scores = scoring.conventions(stage) if stage else "", []
    if stage:
        write_json(run / STAGE, stage)
    for selection, name in about.prediction_files(run).items():
        predicted = predicted_files.with_held(run / name, kind, _rows(run / name, kind, about))
        decoded = scoring.decoded(predicted, stage)
        for file, rows in scoring.files(decoded).items() if name == PREDICTIONS else ():
            write_csv(run / file, tasks.card(kind.task)["files"][file], rows)
        scores += [
            score(about, selection, part, counted, conventions) for part, counted in parts(scoring, decoded).items()
        ]
    return scores


def score(
    about: RunRecord, selection: str, part: str, counted: Mapping[str, object], conventions: str = ""
) -> RunScore:
    """The score of a run on a part of the data."""
    excluded, corrected = _clips_of_part(about.excluded, part), _clips_of_part(about.corrected, part)
    return RunScore(
        task=about.task,
        model=about.model,
        title=about.title,
        kind=about.kind,
        seed=about.seed,
        selection=selection,
        origin=about.origin,
        part=part,
        without_input=len(_clips_of_part(about.without_input, part)),
        excluded=len(excluded),
        exclusions=_listed(excluded),
        corrected=len(corrected),
        corrections=_listed(corrected),
        folds_done=about.folds_done,
        folds_expected=about.folds_expected,
        task_kind=tasks.name_of(about.spec["task"]),
        deviations=", ".join(about.deviations),
        conventions=conventions,
        origin_archive=about.origin_archive or "",
        form=about.form or "",
        counted=counted,
    )


def _rows(path: Path, kind: Kind, about: RunRecord) -> list[Row]:
    """The rows of pooled predictions, after a check of their number."""
    rows = read_predictions(path, (*kind.key, "dataset", *kind.needed), kind.key)
    expected = about.clips if about.rows is None else about.rows
    if len(rows) != expected:
        raise UserError(f"{path} has {len(rows)} rows, but its run predicted {expected}; pool the run again")
    return rows


def parts(scoring: Scoring, rows: list[Row]) -> dict[str, Mapping[str, object]]:
    """The scores of all rows and of those of each dataset. All come from the same predictions."""
    scores: dict[str, Mapping[str, object]] = {"all": _counted(scoring, rows)}
    for dataset in sorted({row["dataset"] for row in rows}):
        scores[dataset] = _counted(scoring, [row for row in rows if row["dataset"] == dataset])
    return scores


def _counted(scoring: Scoring, rows: list[Row]) -> Mapping[str, object]:
    """What the kind of task counts, and the further metrics of its file."""
    own, further = tasks.name_of(scoring.task), tasks.further_metrics(scoring.task)
    counted = {**scoring.score(rows), **{name: metric(rows) for name, metric in further.items()}}
    for name in tasks.metrics(own):
        if name not in counted:
            raise UserError(f"the card of the kind {own} names the metric {name}, but neither its score nor METRICS of "
                            "its file gives it")  # fmt: skip
    return counted


def _clips_of_part(clips: Mapping[str, str], part: str) -> dict[str, str]:
    """The clips of a part: all clips, or those of one dataset, whose name is the first part of a clip_id."""
    return {clip: why for clip, why in clips.items() if part in ("all", clip.partition("/")[0])}


def _listed(clips: Mapping[str, str]) -> str:
    return "; ".join(f"{clip}: {why}" for clip, why in sorted(clips.items()))


def write_scores(runs: Sequence[Path], out: Path, stage: Mapping[str, object] = NO_PARAMETERS) -> str:
    """Write ``out`` (tidy CSV), and beside it the same as JSON with confusions; returns a line about it."""
    return write_each(dict.fromkeys(runs, stage), out)


def write_each(stages: Mapping[Path, Mapping[str, object]], out: Path) -> str:
    """The same, with parameters of the stage for each run."""
    return write_joined([one.as_json() for run in sorted(stages) for one in run_scores(run, stages[run])], out)


def write_joined(records: Sequence[Mapping[str, object]], out: Path) -> str:
    """Write the scores of runs, given as :meth:`RunScore.as_json` gives them."""
    columns, rows = joined_rows(records)
    write_json(out.with_suffix(".json"), records)
    write_csv(out, columns, rows)
    runs = {(record["model"], record["seed"]) for record in records}
    return f"{out}: {len(runs)} runs of {records[0]['task']}"


def joined_rows(records: Sequence[Mapping[str, object]]) -> tuple[Sequence[str], list[dict[str, object]]]:
    """The columns and rows of scores/TASK.csv, from the scores of runs as :meth:`RunScore.as_json` gives them."""
    names = sorted({str(record["task"]) for record in records})
    if len(names) > 1:
        raise UserError(f"these runs belong to several tasks ({', '.join(names)}); score one task at a time")
    metrics = tasks.metrics(str(records[0]["task_kind"]))
    more = [name for name in FURTHER if any(record.get(name) for record in records)]
    rows = [
        {key: record[key] for key in formats.SCORES.names}
        | {name: "" if record[name] is None else f"{record[name]:.6f}" for name in metrics}
        | {key: record.get(key, "") for key in more}
        for record in records
    ]
    return (*formats.SCORES.names, *metrics, *more), rows
