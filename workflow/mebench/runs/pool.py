"""Join the folds of a run: one predictions.csv, one history.csv and the run's record."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mebench import formats, tasks
from mebench.acquisition.origin import data_origin, data_root
from mebench.config.spec import RunSpec
from mebench.errors import UserError
from mebench.files import canonical_json, csv_rows, read_json, write_csv
from mebench.indexing import decisions
from mebench.predicted import Predicted
from mebench.runs import expectation, fold_file, fold_summary, predicted_files, run_record
from mebench.runs.fingerprint import fingerprint, parts_of
from mebench.runs.paths import HELD, HISTORY, PEEKED, PREDICTIONS, RunFiles
from mebench.runs.records import FoldRecord, record_of, whole
from mebench.runs.run_record import RunRecord, Title
from mebench.tasks import Kind, Row
from mebench.training.rows import run_rows

ABSENT = "absent"  # status of a fold that has no record of this run


def pool(files: RunFiles, title: Title, part_to: Path | None = None) -> RunRecord:
    """Pool the folds of a run and return its record (run.json).

    A failed fold is listed in the record, and its clips have no prediction. A fold that is missing, or was made with
    another configuration, data or code, is a :class:`UserError`, because its numbers do not belong to this run. With
    ``part_to``, a folder for a partial result, such folds are listed as failed instead, and the run's own folder stays
    as it is.
    """
    run, spec = files.run, files.spec
    if spec["training"] == "rules":
        raise UserError(f"{spec['model']} trains {run} outside the engine; 'mebench adopt' takes over what it predicts")
    rows, kind, out = run_rows(spec, files.clips, files.inputs), tasks.kind_of(spec["task"]), part_to or run
    stamps = fold_file.stamps(run)
    every = [_current(run, spec, rows.digest, fold, part_to is not None) for fold in rows.folds]
    done = [record for record in every if record.done]
    if not done:
        first = every[0]
        raise UserError(f"no fold of {run} is done; the first, {first.fold}, is '{first.status}': {first.message}")
    predicted = [row for row in rows.rows if row["subject"] in {record.fold for record in done}]
    expected = kind.keys(predicted)
    for name in (PREDICTIONS, *([PEEKED] if done[0].peeked_epoch is not None else [])):
        pooled = of_folds(run, kind, name, done)
        complete(pooled.rows, kind.key, expected, run / name, "train the run again")
        write_predictions(out / name, kind, pooled)
    if HELD in fold_file.names(fold_file.place(run, done[0].fold)):
        write_predictions(out / HELD, kind, of_folds(run, kind, HELD, done))
    write_history(out, kind, [{"fold": record.fold} | row for record in done
                              for row in _history(run, record.fold)])  # fmt: skip
    there = [record for record in every if record.status != ABSENT]
    trained = FoldOutcomes(
        clips=len(predicted),
        rows=len(expected),
        folds_expected=len(every),
        folds_done=len(done),
        parameters=done[0].parameters,
        failed=[record.ending() for record in every if not record.done],
        split_batches={record.fold: record.batch_parts for record in there if _split(record, spec)},
        seconds=round(sum(record.seconds or 0 for record in there), 1),
        devices=sorted({record.device for record in there if record.device}),
        isa=sorted({str(record.isa.get("choice", "unrecorded")) for record in there}),
        versions=_versions(there),
    )
    if part_to is None:
        made = fold_summary.made_of(canonical_json(spec), parts_of(spec, rows.digest, ""))
        fold_summary.write(run, there, made, stamps)
    return write_record(out, files, title, rows.without, trained)


@dataclass(frozen=True)
class FoldOutcomes:
    """How the folds of a run went. The names are those of :class:`mebench.runs.run_record.RunRecord`."""

    clips: int
    rows: int
    folds_expected: int
    folds_done: int
    parameters: int | None
    failed: list[dict[str, str]]
    split_batches: Mapping[str, int]
    seconds: float | None
    devices: list[str]
    isa: list[str]
    versions: Mapping[str, list[str]]
    trained: str | None = None
    form: str | None = None


def of_folds(run: Path, kind: Kind, name: str, done: Sequence[FoldRecord]) -> Predicted:
    """The predictions of all folds that are done, from their files called ``name``."""
    return predicted_files.joined([predicted_files.of_fold(fold_file.place(run, one.fold), name, kind) for one in done])


def write_predictions(path: Path, kind: Kind, predicted: Predicted) -> None:
    """Write the predictions of all folds, their rows sorted by their key."""
    rows = sorted(predicted.rows, key=lambda row: [str(row[name]) for name in kind.key])
    predicted_files.write(path, rows[0], rows, predicted.array)


def _history(run: Path, fold: str) -> list[dict[str, str]]:
    place = fold_file.place(run, fold)
    return csv_rows(io.StringIO(fold_file.read(place, HISTORY).decode(), newline=""), place / HISTORY)


def write_history(run: Path, kind: Kind, rows: Sequence[Row]) -> None:
    """Write history.csv; only its header for a model that the engine does not train by epochs."""
    write_csv(run / HISTORY, rows[0] if rows else [formats.HISTORY.names[0], *tasks.history(kind.task)], rows)


def write_record(
    run: Path, files: RunFiles, title: Title, without: Mapping[str, str], trained: FoldOutcomes
) -> RunRecord:
    """Write run.json in the folder ``run``, as the last file, and return it. ``without`` are the clips without
    input."""
    spec, decided = files.spec, decisions_of(files)
    record = RunRecord(
        **vars(title),
        **vars(trained),
        task=spec["task"]["name"],
        model=spec["label"],
        seed=spec["seed"],
        selection=spec["selection"],
        origin="rehearsal" if files.rehearsal else origin(files.inputs) if files.inputs else origin_of_clips(files),
        spec=spec,
        without_input=without,
        excluded=decided["excluded"],
        corrected=decided["corrected"],
        deviations=expectation.deviations(spec["task"], files.datasets),
        own=tasks.kind_of(spec["task"]).record(),
    )
    run_record.write(run, record)
    return record


def decisions_of(files: RunFiles) -> dict[str, dict[str, str]]:
    """The clips of the run's task that the configuration ``excluded`` or ``corrected``, each with the reason."""
    kind, wanted = tasks.kind_of(files.spec["task"]), files.spec["recipe"].get("extra_clips", "none")
    has = lambda row: kind.takes(row) or bool(kind.extra_samples(wanted, [row]))  # noqa: E731
    return decisions.sentences(list(files.clips), has)


def _current(run: Path, spec: RunSpec, data: str, fold: str, absent_allowed: bool) -> FoldRecord:
    """The record of a fold of this run as it is now; else a UserError, or a record that says what is wrong."""
    try:
        return _checked(run, spec, data, fold)
    except UserError as error:
        if not absent_allowed:
            raise
        return FoldRecord(fold, "", ABSENT, str(error))


def _checked(run: Path, spec: RunSpec, data: str, fold: str) -> FoldRecord:
    record = record_of(fold_file.place(run, fold))
    if record is None:
        raise UserError(f"the fold {fold} of {run} has not been trained; run 'mebench train' for it first")
    if record.fingerprint != fingerprint(spec, data, fold):
        raise UserError(
            f"the fold {fold} of {run} was made with another configuration, other data or other source; "
            "run 'mebench train' again, it redoes only such folds"
        )
    if not whole(fold_file.place(run, fold), record):
        raise UserError(f"the fold {fold} of {run} is damaged: its files are not those it was written with; "
                        "run 'mebench train' again, it redoes only such folds")  # fmt: skip
    return record


def origin(inputs: Sequence[Path]) -> str:
    """``synthetic``, ``pictures`` or ``licensed``: the origin of the inputs. One synthetic part makes the whole
    synthetic."""
    origins = {read_json(folder / "meta.json")["origin"] for folder in inputs}
    return next((name for name in ("synthetic", "pictures") if name in origins), "licensed")


def origin_of_clips(files: RunFiles) -> str:
    """The same for a run without inputs, from the sources of its clips."""
    origins = {data_origin(one.dataset, data_root(one.source)) for one in files.datasets}
    return next((name for name in ("synthetic", "pictures") if name in origins), "licensed")


def complete(
    rows: Sequence[Row], key: tuple[str, ...], expected: set[tuple[str, ...]], where: Path, remedy: str
) -> None:
    """Check that each expected row is there exactly once, and no other row. A UserError names the first wrong row and
    the ``remedy``. ``key`` are the columns that identify a row."""
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


def _split(record: FoldRecord, spec: RunSpec) -> bool:
    """Whether a batch of the fold was computed in more parts than its recipe says, because memory was short."""
    return record.batch_parts > spec["recipe"].get("accumulate", 1)


def _versions(records: Sequence[FoldRecord]) -> dict[str, list[str]]:
    """All versions of packages that were used. More than one version of a package means that the folds were made in
    different environments."""
    return {name: sorted({record.versions[name] for record in records}) for name in records[0].versions}
