"""Join the folds of a run: one predictions.csv, one history.csv and the run's record."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from mebench import tasks
from mebench.errors import UserError
from mebench.files import read_csv, read_json, write_csv, write_json
from mebench.indexing import decisions
from mebench.protocols import loso
from mebench.tasks import Kind
from mebench.training.records import fingerprint, fold_folder, record_of, run_rows, whole

ABSENT = "absent"  # status of a fold that has no record of this run


def pool(
    run: Path, spec: dict[str, Any], clips: list[Path], inputs: list[Path], about: dict[str, Any],
    part_to: Path | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Pool the folds of ``run`` and return its record (run.json).

    A fold that failed is listed in the record and its clips stay without prediction; a fold that is missing or was made
    by another configuration, data or source is a :class:`UserError`, because its numbers are not this run's. With
    ``part_to``, a folder for what is there, such folds are listed as failed instead and ``run`` stays as it is.
    """
    if spec["training"] == "rules":
        raise UserError(f"{spec['model']} trains {run} outside the engine; 'mebench adopt' takes over what it predicts")
    found = run_rows(spec, clips, inputs)
    folds = sorted(loso.folds([row["subject"] for row in found.rows]))
    every = [_current(run, spec, found.digest, fold, part_to is not None) for fold in folds]
    records, out = [record for record in every if record["status"] != ABSENT], part_to or run
    done = [record["fold"] for record in records if record["status"] == "done"]
    if not done:
        first = every[0]
        raise UserError(
            f"no fold of {run} is done; the first, {first['fold']}, is '{first['status']}': {first['message']}"
        )
    kind = tasks.of(spec["task"])
    predicted = [row for row in found.rows if row["subject"] in set(done)]
    expected = kind.keys(predicted)
    names = ["predictions.csv"] + (
        ["predictions.test_peek.csv"] if "peeked_epoch" in every[folds.index(done[0])] else []
    )
    for name in names:
        pooled = [row for fold in done for row in read_csv(fold_folder(run, fold) / name, (*kind.key, *kind.needed))]
        complete(pooled, kind.key, expected, run / name, "train the run again")
        write_predictions(out / name, kind, pooled)
    write_history(out, kind, [{"fold": f} | row for f in done for row in read_csv(fold_folder(run, f) / "history.csv")])
    how = {
        "clips": len(predicted),
        "rows": len(expected),
        "folds_expected": len(folds),
        "folds_done": len(done),
        "failed": [{k: r[k] for k in ("fold", "status", "message")} for r in every if r["status"] != "done"],
        "split_batches": {r["fold"]: r["batch_parts"] for r in records if _split(r)},
        "parameters": next(r["parameters"] for r in records if r["status"] == "done"),
        "seconds": round(sum(record["seconds"] for record in records), 1),
        "devices": sorted({record["device"] for record in records}),
        "versions": _versions(records),
    }
    return write_record(out, spec, inputs, about, found.without, how | decided(spec, clips))


def write_predictions(path: Path, kind: Kind, rows: list[dict[str, Any]]) -> None:
    """Prediction rows of all folds, sorted by their key."""
    write_csv(path, rows[0], sorted(rows, key=lambda row: [row[name] for name in kind.key]))


def write_history(run: Path, kind: Kind, rows: list[dict[str, Any]]) -> None:
    """history.csv; a header alone for what is not trained by epochs of the engine."""
    write_csv(run / "history.csv", rows[0] if rows else ["fold", *tasks.history(kind.task)], rows)


def write_record(
    run: Path, spec: dict[str, Any], inputs: list[Path], about: dict[str, Any], without: dict[str, str],
    how: dict[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """Write and return run.json: ``about`` (title, kind, task_title), what the spec says, clips ``without`` input, and
    ``how`` the folds went. It is written last."""
    record = {
        **about,
        "origin": origin(inputs),
        "task": spec["task"]["name"],
        "model": spec["label"],
        "seed": spec["seed"],
        "selection": spec["selection"],
        **tasks.of(spec["task"]).record(),
        "without_input": without,
        "spec": spec,
        **how,
    }
    write_json(run / "run.json", record)
    return record


def decided(spec: dict[str, Any], clips: list[Path]) -> dict[str, Any]:
    """The clips of the run's task that its configuration ``excluded`` or ``corrected``, and what is said of each."""
    kind, wanted = tasks.of(spec["task"]), spec["recipe"].get("extra_clips", "none")
    return decisions.sentences(clips, lambda row: kind.takes(row) or bool(kind.extra_samples(wanted, [row])))


def _current(run: Path, spec: dict[str, Any], data: str, fold: str, absent_allowed: bool) -> dict[str, Any]:
    """The record of a fold that is of this run as it is now; else a UserError, or a record that says so."""
    try:
        return _checked(run, spec, data, fold)
    except UserError as error:
        if not absent_allowed:
            raise
        return {"fold": fold, "status": ABSENT, "message": str(error)}


def _checked(run: Path, spec: dict[str, Any], data: str, fold: str) -> dict[str, Any]:
    record = record_of(fold_folder(run, fold))
    if record is None:
        raise UserError(f"the fold {fold} of {run} has not been trained; run 'mebench train' for it first")
    if record["fingerprint"] != fingerprint(spec, data, fold):
        raise UserError(
            f"the fold {fold} of {run} was made with another configuration, other data or other source; "
            "run 'mebench train' again, it redoes only such folds"
        )
    if not whole(fold_folder(run, fold), record):
        raise UserError(f"the fold {fold} of {run} is damaged: its files are not those it was written with; "
                        "run 'mebench train' again, it redoes only such folds")  # fmt: skip
    return record


def origin(inputs: list[Path]) -> str:
    """``synthetic``, ``pictures`` or ``licensed``: what the inputs came from. One synthetic part taints the whole."""
    found = {read_json(folder / "meta.json")["origin"] for folder in inputs}
    return next((kind for kind in ("synthetic", "pictures") if kind in found), "licensed")


def complete(
    rows: list[dict[str, str]], key: tuple[str, ...], expected: set[tuple[str, ...]], where: Path, remedy: str
) -> None:
    """Each expected row exactly once, and no other; a UserError names the first that is not, and the ``remedy``.
    ``key`` are the columns by which rows are known."""
    counts = Counter(tuple(row[name] for name in key) for row in rows)
    twice = sorted(row for row, count in counts.items() if count > 1)
    missing, strange = sorted(expected - counts.keys()), sorted(counts.keys() - expected)
    for problem, some in (
        ("twice", twice),
        ("not at all", missing),
        ("although they are no clips of this run", strange),
    ):
        if some:
            raise UserError(f"{where} has {len(some)} clips {problem}, the first is {' '.join(some[0])}; {remedy}")


def _split(record: dict[str, Any]) -> bool:
    """Whether a batch of the fold was computed in more parts than its recipe says, for lack of memory."""
    return record.get("batch_parts", 1) > record["spec"]["recipe"].get("accumulate", 1)


def _versions(records: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Every version that took part; more than one of a kind means that the folds were made in different
    environments."""
    return {key: sorted({r["versions"][key] for r in records}) for key in records[0]["versions"]}
