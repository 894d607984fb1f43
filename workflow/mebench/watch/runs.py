"""The state of every run, read from the records and locks of its folds. It changes nothing and waits for nobody."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mebench.errors import UserError
from mebench.files import canonical_json, digest, read_json
from mebench.plan import Plan, Run, estimate
from mebench.training import lock
from mebench.training.reasons import fingerprint_of, fingerprint_parts
from mebench.training.records import fold_folder, record_of, run_rows

# what a look keeps of a fold's record
KEPT = ("fold", "fingerprint", "status", "message", "seconds", "peak_memory_mb", "device", "resumed_at_epoch")


@dataclass(frozen=True)
class RunState:
    """A run and its folds: ``done``, ``failed``, ``running`` (what their locks say), ``dead`` (locks of jobs that are
    no more); ``old`` folds have a record of something else than the run is now, and count as missing. ``waiting``
    names a file that has to be made before the run can begin."""

    run: Run
    expected: int
    counted: str
    done: list[dict[str, Any]]
    failed: list[dict[str, Any]]
    running: list[dict[str, Any]]
    dead: list[dict[str, Any]]
    old: list[dict[str, Any]]
    waiting: str | None
    pooled: bool
    outside: int | None = None

    @property
    def finished(self) -> int:
        """Number of folds that are done."""
        return len(self.done) if self.outside is None else self.outside

    @property
    def missing(self) -> int:
        """Folds that have neither a record of this run nor a job at work."""
        return max(0, self.expected - self.finished - len(self.failed) - len(self.running))

    @property
    def word(self) -> str:
        """``training``, ``pooled`` or only ``trained``, ``waiting`` for its inputs, ``begun``, or ``ready``."""
        if self.running:
            return "training"
        if not self.missing:
            return "pooled" if self.pooled else "trained"
        if self.waiting:
            return "waiting"
        return "begun" if self.finished or self.failed else "ready"


@dataclass
class Eyes:
    """Looks at the runs of a plan again and again; files that have not changed are not read twice."""

    plan: Plan
    _seen: dict[Hashable, Any] = field(default_factory=dict)

    def look(self) -> list[RunState]:
        """The state of all runs, in the order of the plan."""
        parts: dict[Hashable, dict[str, Any]] = {}  # source may change between two looks
        return [self._state(run, parts) for run in self.plan.runs]

    def _state(self, run: Run, parts: dict[Hashable, dict[str, Any]]) -> RunState:
        clips, inputs = self.plan.paths.clips(run.datasets), self.plan.paths.inputs(run)
        waiting = next((path for path in [*clips, *inputs] if not Path(path).is_file()), None)
        folds, data = self._data(run, clips, inputs) if waiting is None else (None, None)
        expected, counted = (len(folds), "indexed") if folds else self._expected(run, clips)
        folder = Path(self.plan.paths.folder(run))
        if run.spec["training"] == "rules":
            about = self._pooled(folder, run)
            outside = about["folds_done"] if about else 0
            return RunState(run, expected, counted, [], [], [], [], [], waiting, about is not None, outside)
        current = self._judge(run, data, parts)
        locks = [found | {"file": path} for path in sorted((folder / "folds").glob("*.running.json"))
                 if (found := lock.read(path))]  # fmt: skip
        running = [found for found in locks if lock.alive(found)]
        busy = {found.get("fold") for found in running}
        records = [r for r in self._records(folder) if (not folds or r["fold"] in folds) and r["fold"] not in busy]
        valid = [record for record in records if current(record)]
        return RunState(
            run=run, expected=expected, counted=counted, running=running, waiting=waiting,
            done=[record for record in valid if record["status"] == "done"],
            failed=[record for record in valid if record["status"] != "done"],
            dead=[found for found in locks if found not in running],
            old=[record for record in records if not current(record)],
            pooled=_joined(self._pooled(folder, run), folder, valid),
        )  # fmt: skip

    def _data(self, run: Run, clips: list[str], inputs: list[str]) -> tuple[frozenset[str] | None, str | None]:
        """(the folds of a run, digest of its data); (None, None) while clips and inputs do not fit together."""

        def read() -> tuple[frozenset[str] | None, str | None]:
            try:
                found = run_rows(run.spec, [Path(path) for path in clips], [Path(path).parent for path in inputs])
            except UserError:  # being made again this very moment, or to be made again
                return None, None
            return frozenset(row["subject"] for row in found.rows), found.digest

        return self._once(("data", run.task, estimate.extra_of(run), *inputs), [*clips, *inputs], read)

    def _expected(self, run: Run, clips: list[str]) -> tuple[int, str]:
        def read() -> tuple[int, str]:
            try:
                size = estimate.size(self.plan, run)
            except UserError:  # these clips are none of the task's; whoever trains on them is told so
                return self.plan.tasks[run.task]["expected"]["subjects"], "expected"
            return size.folds, size.counted

        return self._once(("size", run.task, estimate.extra_of(run)), clips, read)

    def _judge(
        self, run: Run, data: str | None, parts: dict[Hashable, dict[str, Any]]
    ) -> Callable[[dict[str, Any]], bool]:
        """Whether a record is of the run as it is now; without data, as far as the spec tells."""
        spec = run.parameter
        if data is None:
            mark = digest(spec)
            return lambda record: record["spec_digest"] == mark
        key = (run.spec["model"], data, canonical_json(run.spec["options"]))
        if key not in parts:
            parts[key] = fingerprint_parts(run.spec, data, "")
        return lambda record: record["fingerprint"] == fingerprint_of(spec, parts[key] | {"fold": record["fold"]})

    def _records(self, folder: Path) -> list[dict[str, Any]]:
        paths = sorted((folder / "folds").glob("[!.]*/fold.json"))
        found = (self._once(("record", path), [path], lambda path=path: _kept(path)) for path in paths)
        return [record for record in found if record]

    def _pooled(self, folder: Path, run: Run) -> dict[str, Any] | None:
        """run.json, if it is of the run as it is configured now."""

        def read() -> dict[str, Any] | None:
            try:
                about = read_json(folder / "run.json")
            except UserError:
                return None
            return about if about.get("spec") == run.spec else None

        return self._once(("run", folder), [folder / "run.json"], read)

    def _once(self, key: Hashable, files: list[Any], read: Callable[[], Any]) -> Any:
        """What ``read`` gives, called again only when one of the files has changed."""
        stamp = tuple(_stamp(path) for path in files)
        if key not in self._seen or self._seen[key][0] != stamp:
            self._seen[key] = (stamp, read())
        return self._seen[key][1]


def _joined(about: dict[str, Any] | None, folder: Path, records: list[dict[str, Any]]) -> bool:
    """Whether run.json was made of just these folds: each done or failed as it is now, and none trained since."""
    if about is None or about.get("folds_done") != sum(record["status"] == "done" for record in records):
        return False
    failed = {(record["fold"], record["status"]) for record in records if record["status"] != "done"}
    stamps = [_stamp(fold_folder(folder, record["fold"]) / "fold.json") for record in records]
    pooled = _stamp(folder / "run.json")
    since = [stamp for stamp in stamps if stamp is None or pooled is None or stamp[1] > pooled[1]]
    return not since and failed == {(fold["fold"], fold["status"]) for fold in about.get("failed", [])}


def _stamp(path: str | Path) -> tuple[int, int, int] | None:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _kept(path: Path) -> dict[str, Any] | None:
    """A fold's record without its bulk; None where it is half-written or not one."""
    record = record_of(path.parent)
    if record is None:
        return None
    return {key: record.get(key) for key in KEPT} | {"spec_digest": digest(canonical_json(record.get("spec", {})))}
