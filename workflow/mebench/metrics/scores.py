"""Scores of all runs of a task, from their predictions alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mebench import formats, tasks
from mebench.errors import UserError
from mebench.files import read_csv, read_json, write_csv, write_json
from mebench.tasks import Kind


def read_predictions(
    path: Path, columns: Iterable[str] = ("truth", "prediction"), key: Sequence[str] = ("clip_id",)
) -> list[dict[str, str]]:
    """Prediction rows; a row that is there twice is an error, because pooled counts would count it twice."""
    rows = read_csv(path, columns)
    seen: set[tuple[str | None, ...]] = set()
    for row in rows:
        own = tuple(row.get(name) for name in key)
        if None not in own and own in seen:
            raise UserError(f"{path} has the clip {' '.join(own)} twice; keep one prediction per clip")
        seen.add(own)
    return rows


def run_scores(run: Path, stage: Mapping[str, Any] = MappingProxyType({})) -> list[dict[str, Any]]:
    """The scores of one pooled run: one record per selection and part, with whatever its kind of task counts. ``stage``
    are the parameters of the step between predictions and scores that the kind may have."""
    about = read_json(run / "run.json")
    kind, honest = tasks.of_run(about), "inner" if about["selection"] == "inner" else "last"
    files = {honest: "predictions.csv"}
    if about["selection"] == "test_peek" and (run / "predictions.test_peek.csv").exists():
        files["test_peek"] = "predictions.test_peek.csv"
    said = ("task", "model", "title", "kind", "seed", "origin", "folds_done", "folds_expected")
    shared = {key: about[key] for key in said} | {"task_kind": tasks.name_of(kind.task)}
    return [
        {**shared, "selection": selection, "part": part, **_left_out(about, part), **values}
        for selection, name in files.items()
        for part, values in parts(kind, kind.stage(_rows(run / name, kind, about), stage)).items()
    ]


def _rows(path: Path, kind: Kind, about: dict[str, Any]) -> list[dict[str, str]]:
    """The rows of pooled predictions, as many as there should be."""
    rows = read_predictions(path, (*kind.key, "dataset", *kind.needed), kind.key)
    expected = about.get("rows", about["clips"])
    if len(rows) != expected:
        raise UserError(f"{path} has {len(rows)} rows, but its run predicted {expected}; pool the run again")
    return rows


def parts(kind: Kind, rows: list[dict[str, str]]) -> dict[str, dict[str, Any]]:
    """The scores of all rows, and of those of each dataset: cut out of the same predictions, so that
    nothing is trained again."""
    found = {"all": _scored(kind, rows)}
    for dataset in sorted({row["dataset"] for row in rows}):
        found[dataset] = _scored(kind, [row for row in rows if row["dataset"] == dataset])
    return found


def _scored(kind: Kind, rows: list[dict[str, str]]) -> dict[str, Any]:
    """What the kind counts, and the further metrics of its file."""
    found = kind.score(rows) | {name: metric(rows) for name, metric in tasks.further_metrics(kind.task).items()}
    for name in tasks.metrics(tasks.name_of(kind.task)):
        if name not in found:
            raise UserError(f"the card of the kind {tasks.name_of(kind.task)} names the metric {name}, but neither its "
                            "score nor METRICS of its file gives it")  # fmt: skip
    return found


def _left_out(about: dict[str, Any], part: str) -> dict[str, Any]:
    """The clips of a part without prediction, and those that the configuration decided about."""
    return {
        "without_input": _of_part(about.get("without_input", {}), part),
        **_decided(about, "excluded", "exclusions", part),
        **_decided(about, "corrected", "corrections", part),
    }


def _decided(about: dict[str, Any], count: str, reasons: str, part: str) -> dict[str, Any]:
    """How many clips of a part the configuration decided about, and what is said of them."""
    clips = {clip: why for clip, why in about.get(count, {}).items() if _of_part([clip], part)}
    return {count: len(clips), reasons: "; ".join(f"{clip}: {why}" for clip, why in sorted(clips.items()))}


def _of_part(clips: Iterable[str], part: str) -> int:
    """How many of these clips belong to a part: all, or those of one dataset, with which a clip_id begins."""
    return sum(part in ("all", clip.partition("/")[0]) for clip in clips)


def write_scores(runs: list[Path], out: Path, stage: Mapping[str, Any] = MappingProxyType({})) -> str:
    """Write ``out`` (tidy CSV) and the same as JSON with confusions beside it; returns a line that says so."""
    records = [record for run in sorted(runs) for record in run_scores(run, stage)]
    names = sorted({record["task"] for record in records})
    if len(names) > 1:
        raise UserError(f"these runs belong to several tasks ({', '.join(names)}); score one task at a time")
    metrics = tasks.metrics(records[0]["task_kind"])
    rows = [
        {key: record[key] for key in formats.SCORES.names}
        | {name: "" if record[name] is None else f"{record[name]:.6f}" for name in metrics}
        for record in records
    ]
    write_json(out.with_suffix(".json"), records)
    write_csv(out, (*formats.SCORES.names, *metrics), rows)
    return f"{out}: {len(runs)} runs of {names[0]}"
