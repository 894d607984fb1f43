"""What an audit needs to know of a run, from its folder, its clips, its inputs and the records of its folds."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mebench import cards
from mebench.audit import checks
from mebench.audit.annotation import cut
from mebench.audit.confusion import figures, table
from mebench.audit.evidence import Annotation, Epoch, Evidence, FoldFacts, Prediction, Split
from mebench.audit.finding import FAIL, NOT_CHECKED, PASS, Audit, Finding, audit_of
from mebench.audit.look import Look
from mebench.audit.reading import given_truths, looks_of_inputs
from mebench.files import read_csv
from mebench.predicted import Row
from mebench.runs import fold_file
from mebench.runs.outside_rows import rows_of
from mebench.runs.paths import HISTORY, RunFiles
from mebench.runs.records import record_of
from mebench.runs.run_record import RunRecord
from mebench.training.rows import Rows

PEEKED_COLUMN = "test_accuracy"


def audits(files: RunFiles, about: RunRecord, shuffled: Sequence[Prediction] = ()) -> dict[str, Audit]:
    """The audit of a pooled run for each of its selections. ``shuffled`` are predictions of the same task after
    training on shuffled labels, where there are any."""
    outside = files.spec["training"] == "rules"  # what the engine does on shuffled labels says nothing of it
    known = replace(evidence(files, about), shuffled=() if outside else shuffled)
    model, classes = files.spec["model"], files.spec["task"].get("classes", [])
    truths = given_truths(model, classes) if cards.is_given_file(model) and not about.form else None
    found: dict[str, Audit] = {}
    honest = None
    for selection, name in about.prediction_files(files.run).items():
        rows = predictions(files.run / name, about)
        if truths is not None:
            rows = [replace(one, truth=truths.get(one.clip, "")) for one in rows]
        own = replace(known, predictions=rows, selection=selection, honest=honest)
        if known.scored:
            classes = sorted({label for one in rows for label in (one.truth, one.called)})
            honest = figures(table(rows, classes))["uf1"]
        found[selection] = checks.audit(own)
    return found


def evidence(files: RunFiles, about: RunRecord) -> Evidence:
    """What is known of a run, but for its predictions and their selection."""
    spec, rows = files.spec, rows_of(files)
    failed = {str(one["fold"]) for one in about.failed}
    tested = [row for row in rows.rows if row["subject"] not in failed]
    return Evidence(
        predictions=(),
        annotation=None if about.form else _annotation(files, about, tested),
        splits=() if spec["training"] == "rules" else _splits(rows, failed),  # what a rule trains on nobody knows
        records=() if spec["training"] == "rules" else _facts(files, rows, failed),
        looks=_looks(tuple(files.inputs)),
        history=_history(files.run),
        is_shuffled=spec["recipe"].get("labels") == "shuffled",
        model=spec["model"],
        scored=_has_classes(about),
    )


def predictions(path: Path, about: RunRecord) -> list[Prediction]:
    """The rows of predictions of a run."""
    key, seed = about.task_kind.key, str(about.seed)
    return [
        Prediction(row["clip_id"], row["subject"], row.get("truth", ""), row.get("prediction", ""), row["fold"], seed,
                   f"{path} line {line}", " ".join(row[name] for name in key if name != "clip_id"))
        for line, row in enumerate(read_csv(path, (*key, "clip_id", "subject", "fold")), start=2)
    ]  # fmt: skip


def _has_classes(about: RunRecord) -> bool:
    """Whether a row of predictions has one class of the task."""
    return "prediction" in about.task_kind.needed


def _annotation(files: RunFiles, about: RunRecord, tested: Sequence[Row]) -> Annotation:
    kind = about.task_kind
    if _has_classes(about):
        labels = {row["clip_id"]: row.get("label", "") for row in tested}
    else:  # the clip first, then where within it
        order = sorted(range(len(kind.key)), key=lambda place: kind.key[place] != "clip_id")
        labels = {" ".join(own[place] for place in order): "" for own in kind.keys(tested)}
    subjects = {row["clip_id"]: row["subject"] for row in tested}
    named = [row for path in files.clips for row in read_csv(path) if row["clip_id"] in subjects]
    cuts = {row["clip_id"]: own for row in named if (own := cut(row))}
    return Annotation(labels, subjects, cuts)


def _splits(rows: Rows, failed: set[str]) -> list[Split]:
    """The clips of each fold: of its subject, and of all others."""
    clips = list(dict.fromkeys((row["clip_id"], row["subject"]) for row in rows.rows))
    more = list(dict.fromkeys((row["clip_id"], row["subject"]) for row in rows.extra))
    return [
        Split(fold, tuple(clip for clip, subject in (*clips, *more) if subject != fold),
              tuple(clip for clip, subject in clips if subject == fold))
        for fold in rows.folds if fold not in failed
    ]  # fmt: skip


def _facts(files: RunFiles, rows: Rows, failed: set[str]) -> list[FoldFacts]:
    """What the records of the folds say."""
    learned, tested = [row["subject"] for row in (*rows.rows, *rows.extra)], [row["subject"] for row in rows.rows]
    last = files.spec["recipe"].get("epochs") if files.spec["selection"] != "inner" else None
    found = []
    for fold in rows.folds:
        record = None if fold in failed else record_of(fold_file.place(files.run, fold))
        if record is None or not record.done:
            continue
        weights = str((record.weights or {}).get("source", ""))
        found.append(FoldFacts(fold, record.clips["train"], record.clips["test"], len(learned) - learned.count(fold),
                               tested.count(fold), record.selected_epoch, last, weights))  # fmt: skip
    return found


@functools.lru_cache(maxsize=8)
def _looks(folders: tuple[Path, ...]) -> Mapping[str, Look]:
    """Looks of all clips of inputs; kept, because all seeds of a model, and many models, read the same."""
    return looks_of_inputs(folders)


def _history(run: Path) -> list[Epoch]:
    """The accuracy of each fold on its test subject after each epoch, where the run looked at it."""
    rows = read_csv(run / HISTORY)
    if not rows or PEEKED_COLUMN not in rows[0]:
        return []
    return [Epoch(row["fold"], int(row["epoch"]), float(row[PEEKED_COLUMN])) for row in rows]


def together(of_seeds: Mapping[str, Audit]) -> Audit:
    """The audits of all seeds as one: each check as it is for the worst seed."""
    found = []
    for place, first in enumerate(next(iter(of_seeds.values())).checks):
        own = {seed: one.checks[place] for seed, one in of_seeds.items()}
        order = (FAIL, NOT_CHECKED, PASS)
        seed, worst = min(own.items(), key=lambda pair: (order.index(pair[1].verdict), pair[0]))
        several = len(own) > 1 and any(one != first for one in own.values())
        found.append(Finding(worst.name, worst.verdict, f"seed {seed}: {worst.detail}" if several else worst.detail))
    return audit_of(found, checks.NEED_NOTHING)
