"""The state of every run, read from the records and locks of its folds. Nothing is changed, and nothing waits."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TypeVar, cast

from mebench.errors import UserError
from mebench.files import canonical_json, digest
from mebench.plan import Plan, Run, estimate
from mebench.runs import fold_file, fold_summary, lock, paths, run_record
from mebench.runs.fingerprint import Parts, parts_of
from mebench.runs.fold_file import Stamp
from mebench.runs.fold_summary import SeenFold
from mebench.runs.lock import Lock
from mebench.runs.records import FoldRecord, record_of
from mebench.runs.run_record import RunRecord
from mebench.training.rows import run_rows

T = TypeVar("T")
Reads = tuple[list[str], list[str], str | None]


@dataclass(frozen=True)
class RunState:
    """A run and its folds: ``done``, ``failed``, ``running`` (by their locks) and ``dead`` (locks of dead jobs).
    ``old`` folds have a record of another configuration, other data or other code, and count as missing. ``waiting``
    names a file that has to be made before the run can begin."""

    run: Run
    expected: int
    counted: str
    done: list[FoldRecord]
    failed: list[FoldRecord]
    running: list[Lock]
    dead: list[Lock]
    old: list[FoldRecord]
    waiting: str | None
    pooled: bool
    outside: int | None = None

    @property
    def finished(self) -> int:
        """The number of folds that are done."""
        return len(self.done) if self.outside is None else self.outside

    @property
    def missing(self) -> int:
        """The number of folds without a valid record and without a job at work."""
        return max(0, self.expected - self.finished - len(self.failed) - len(self.running))

    @property
    def stage(self) -> str:
        """``training``, ``pooled`` or only ``trained``, ``waiting`` for its inputs, ``begun``, or ``ready``."""
        if self.running:
            return "training"
        if not self.missing:
            return "pooled" if self.pooled else "trained"
        if self.waiting:
            return "waiting"
        return "begun" if self.finished or self.failed else "ready"


@dataclass
class Watcher:
    """Looks at the runs of a plan again and again. Files that have not changed are not read again."""

    plan: Plan
    _seen: dict[Hashable, tuple[object, object]] = field(default_factory=dict)

    def look(self) -> list[RunState]:
        """The state of all runs, in the order of the plan."""
        parts: dict[Hashable, Parts] = {}  # the code may change between two looks
        pairs = {(run.task, run.model): run for run in self.plan.runs}
        reads = {pair: self._reads(run) for pair, run in pairs.items()}
        return [self._state(run, parts, reads) for run in self.plan.runs]

    def _reads(self, run: Run) -> Reads:
        """The clips.csv and the inputs of a run, which are those of its other seeds, and the first that is missing."""
        clips, inputs = self.plan.paths.clips(run.datasets), self.plan.paths.inputs(run)
        return clips, inputs, next((path for path in [*clips, *inputs] if not Path(path).is_file()), None)

    def _state(self, run: Run, parts: dict[Hashable, Parts], reads: Mapping[tuple[str, str], Reads]) -> RunState:
        clips, inputs, waiting = reads[run.task, run.model]
        folds, data = self._data(run, clips, inputs) if waiting is None else (None, None)
        expected, counted = (len(folds), "indexed") if folds else self._expected(run, clips)
        folder = Path(self.plan.paths.folder(run))
        if run.spec["training"] == "rules":
            about = self._pooled(folder, run)
            outside = about.folds_done if about else 0
            return RunState(run, expected, counted, [], [], [], [], [], waiting, about is not None, outside)
        current = self._belongs(run, data, parts)
        locks = [held for path in paths.locks(folder) if (held := lock.read(path))]
        running = [held for held in locks if lock.alive(held)]
        busy = {held.told.fold for held in running}
        stamps = fold_file.stamps(folder)
        seen = [one for one in self._records(folder, stamps)
                if (not folds or one.record.fold in folds) and one.record.fold not in busy]  # fmt: skip
        valid = [one.record for one in seen if current(one)]
        return RunState(
            run=run, expected=expected, counted=counted, running=running, waiting=waiting,
            done=[record for record in valid if record.done],
            failed=[record for record in valid if not record.done],
            dead=[held for held in locks if held not in running],
            old=[one.record for one in seen if not current(one)],
            pooled=_joined(self._pooled(folder, run), folder, valid, stamps),
        )  # fmt: skip

    def _data(self, run: Run, clips: list[str], inputs: list[str]) -> tuple[frozenset[str] | None, str | None]:
        """(the folds of a run, the digest of its data); (None, None) while clips and inputs do not fit together."""

        def read() -> tuple[frozenset[str] | None, str | None]:
            try:
                rows = run_rows(run.spec, [Path(path) for path in clips], [Path(path).parent for path in inputs])
            except UserError:  # they are being made again, or have to be
                return None, None
            return frozenset(rows.folds), rows.digest

        return self._once(("data", run.task, estimate.extra_of(run), *inputs), [*clips, *inputs], read)

    def _expected(self, run: Run, clips: list[str]) -> tuple[int, str]:
        def read() -> tuple[int, str]:
            try:
                size = estimate.size(self.plan, run)
            except UserError:  # these clips do not belong to the task: the training job reports that
                return self.plan.tasks[run.task]["expected"]["subjects"], "expected"
            return size.folds, size.counted

        return self._once(("size", run.task, estimate.extra_of(run)), clips, read)

    def _belongs(self, run: Run, data: str | None, parts: dict[Hashable, Parts]) -> Callable[[SeenFold], bool]:
        """A test whether a fold's record belongs to the run as it is now. Without ``data`` it compares the spec
        alone."""
        spec = run.parameter
        if data is None:
            spec_digest = digest(spec)
            return lambda one: one.spec_digest == spec_digest
        key = (run.spec["model"], data, canonical_json(run.spec["options"]))
        if key not in parts:
            parts[key] = parts_of(run.spec, data, "")
        own = parts[key]
        made = fold_summary.made_of(spec, own)
        return lambda one: one.made == made or one.record.fingerprint == own.for_fold(one.record.fold).fingerprint(spec)

    def _records(self, folder: Path, stamps: Mapping[str, Stamp]) -> list[SeenFold]:
        """What is known of each fold: as it was pooled, or by its file where that is another one now."""
        kept = self._once(("summary", folder), [folder / fold_summary.FILE], partial(fold_summary.read, folder))
        seen = []
        for name, stamp in stamps.items():
            pooled = kept.get(name)
            if pooled is None or pooled[0] != stamp:
                place = folder / "folds" / name
                seen.append(self._once(("record", place), [fold_file.stamped(place)], partial(_seen_fold, place)))
            else:
                seen.append(pooled[1])
        return [one for one in seen if one]

    def _pooled(self, folder: Path, run: Run) -> RunRecord | None:
        """run.json, if it belongs to the run as it is configured now."""

        def read() -> RunRecord | None:
            try:
                about = run_record.read(folder)
            except UserError:
                return None
            return about if about.spec == run.spec else None

        return self._once(("run", folder), [folder / run_record.FILE], read)

    def _once(self, key: Hashable, files: Sequence[str | Path], read: Callable[[], T]) -> T:
        """The result of ``read``, which is called again only when one of the files has changed."""
        stamp = tuple(_stamp(path) for path in files)
        if key not in self._seen or self._seen[key][0] != stamp:
            self._seen[key] = (stamp, read())
        return cast(T, self._seen[key][1])


def _joined(about: RunRecord | None, folder: Path, records: list[FoldRecord], stamps: Mapping[str, Stamp]) -> bool:
    """Whether run.json was made of just these folds: their states are the same, and none was trained later."""
    if about is None or about.folds_done != sum(record.done for record in records):
        return False
    failed = {(record.fold, record.status) for record in records if not record.done}
    pooled, names = _stamp(folder / run_record.FILE), {paths.file_name(record.fold) for record in records}
    written = [stamp[0] for name, stamp in stamps.items() if name.removesuffix(".zip") in names]
    return (
        pooled is not None
        and max(written, default=0) <= pooled[1]
        and failed == {(fold["fold"], fold["status"]) for fold in about.failed}
    )


def _stamp(path: str | Path) -> tuple[int, int, int] | None:
    try:
        status = Path(path).stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def _seen_fold(place: Path) -> SeenFold | None:
    """A fold's record without its long parts; None where there is no readable record."""
    record = record_of(place)
    if record is None:
        return None
    spec_digest = digest(canonical_json(record.spec))
    return SeenFold(replace(record, spec={}, made_from=None, where={}, source={}, versions={}, files={}), spec_digest)
