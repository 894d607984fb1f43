"""Scores of all runs of a task, from their predictions alone."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mebench.errors import UserError
from mebench.files import read_csv, read_json, write_csv, write_json
from mebench.metrics.recognition import score

# excluded, corrected: clips left out and clips with corrected labels, by configuration; exclusions, corrections: which
# and why
# n: clips predicted; without_input: clips of the same part that could not be, as no input could be made of them
COLUMNS = ("task", "model", "title", "kind", "seed", "selection", "origin", "part", "n", "without_input",
           "excluded", "exclusions", "corrected", "corrections", "folds_done", "folds_expected",
           "accuracy", "uf1", "uar", "macro_precision")  # fmt: skip
METRICS = COLUMNS[-4:]


def read_predictions(path: Path) -> list[dict[str, str]]:
    """Prediction rows; a clip that is there twice is an error, because pooled counts would count it twice."""
    rows = read_csv(path, ("truth", "prediction"))
    seen: set[str] = set()
    for row in rows:
        clip = row.get("clip_id")
        if clip is not None and clip in seen:
            raise UserError(f"{path} has the clip {clip} twice; keep one prediction per clip")
        seen.add(clip)
    return rows


def run_scores(run: Path) -> list[dict[str, Any]]:
    """The scores of one pooled run: one record per selection and part, each with its ``confusion``."""
    about = read_json(run / "run.json")
    honest = "inner" if about["selection"] == "inner" else "last"
    files = {honest: "predictions.csv"}
    if about["selection"] == "test_peek" and (run / "predictions.test_peek.csv").exists():
        files["test_peek"] = "predictions.test_peek.csv"
    records = []
    for selection, name in files.items():
        rows = read_predictions(run / name)
        if len(rows) != about["clips"]:
            raise UserError(
                f"{run / name} has {len(rows)} clips, but its run predicted {about['clips']}; pool the run again"
            )
        result = score(rows, about["classes"])
        shared = {
            key: about[key]
            for key in ("task", "model", "title", "kind", "seed", "origin", "folds_done", "folds_expected")
        }
        for part, values in {"all": result, **result["parts"]}.items():
            values = {key: values[key] for key in ("n", "classes", "confusion", *METRICS)}
            missed = _of_part(about.get("without_input", {}), part)
            decided = {
                **_decided(about, "excluded", "exclusions", part),
                **_decided(about, "corrected", "corrections", part),
            }
            where = {"selection": selection, "part": part, "without_input": missed}
            records.append({**shared, **where, **decided, **values})
    return records


def _decided(about: dict[str, Any], count: str, reasons: str, part: str) -> dict[str, Any]:
    """How many clips of a part the configuration decided about, and what is said of them."""
    clips = {clip: why for clip, why in about.get(count, {}).items() if _of_part([clip], part)}
    return {count: len(clips), reasons: "; ".join(f"{clip}: {why}" for clip, why in sorted(clips.items()))}


def _of_part(clips: Iterable[str], part: str) -> int:
    """How many of these clips belong to a part: all, or those of one dataset, with which a clip_id begins."""
    return sum(part in ("all", clip.partition("/")[0]) for clip in clips)


def write_scores(runs: list[Path], out: Path) -> str:
    """Write ``out`` (tidy CSV) and the same as JSON with confusions beside it; returns a line that says so."""
    records = [record for run in sorted(runs) for record in run_scores(run)]
    tasks = sorted({record["task"] for record in records})
    if len(tasks) > 1:
        raise UserError(f"these runs belong to several tasks ({', '.join(tasks)}); score one task at a time")
    rows = [{k: f"{r[k]:.6f}" if k in METRICS else r[k] for k in COLUMNS} for r in records]
    write_json(out.with_suffix(".json"), records)
    write_csv(out, COLUMNS, rows)
    return f"{out}: {len(runs)} runs of {tasks[0]}"
