"""The record of a run: run.json, which says what it was and how its folds went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path

from mebench import tasks
from mebench.config.spec import RunSpec
from mebench.errors import UserError
from mebench.files import read_json, write_json
from mebench.runs.paths import PEEKED, PREDICTIONS
from mebench.tasks import Kind

FILE = "run.json"
BY_SUBJECT, MATRIX = "counts of subjects", "a confusion matrix alone"  # forms of what was given without predictions
OPTIONAL = ("trained", "form", "origin_archive")


@dataclass(frozen=True)
class Title:
    """Texts about a run for people: the title and ``kind`` of its model, and the title of its task."""

    title: str
    kind: str
    task_title: str


@dataclass(frozen=True)
class RunRecord:
    """The keys of run.json; ``formats.RUN_RECORD`` explains each. Only a model that is trained outside the engine has
    ``trained``, and ``form`` where counts were given instead of predictions; only a merge of archives
    ``origin_archive``. ``own`` are the keys that the kind of task adds."""

    task: str
    model: str
    title: str
    kind: str
    seed: int
    selection: str
    origin: str
    spec: RunSpec
    clips: int
    folds_expected: int
    folds_done: int
    rows: int | None = None
    task_title: str = ""
    failed: list[dict[str, str]] = field(default_factory=list)
    without_input: Mapping[str, str] = field(default_factory=dict)
    excluded: Mapping[str, str] = field(default_factory=dict)
    corrected: Mapping[str, str] = field(default_factory=dict)
    deviations: list[str] = field(default_factory=list)
    split_batches: Mapping[str, int] = field(default_factory=dict)
    parameters: int | None = None
    seconds: float | None = None
    devices: list[str] = field(default_factory=list)
    isa: list[str] = field(default_factory=list)
    versions: Mapping[str, list[str]] = field(default_factory=dict)
    trained: str | None = None
    form: str | None = None
    origin_archive: str | None = None
    own: Mapping[str, object] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """What run.json holds."""
        kept = {name: getattr(self, name) for name in NAMES if name not in OPTIONAL or getattr(self, name) is not None}
        return {**kept, **self.own}

    @property
    def task_kind(self) -> Kind:
        """The kind of the run's task, bound to it."""
        return tasks.kind_of(self.spec["task"])

    def prediction_files(self, run: Path) -> dict[str, str]:
        """The files of predictions in the folder of the run, by selection."""
        if self.spec.get("training") == "rules":  # one file, whatever its selection is said to be
            return {self.selection: PREDICTIONS}
        honest = "inner" if self.selection == "inner" else "last"
        peeked = self.selection == "test_peek" and (run / PEEKED).exists()
        return {honest: PREDICTIONS} | ({"test_peek": PEEKED} if peeked else {})


NAMES = tuple(one.name for one in fields(RunRecord) if one.name != "own")
NEEDED = tuple(one.name for one in fields(RunRecord) if one.default is one.default_factory is MISSING)


def read(run: Path) -> RunRecord:
    """The record of a pooled run; a missing or damaged one is a :class:`mebench.errors.UserError`."""
    kept = read_json(run / FILE)
    lacking = [name for name in NEEDED if name not in kept]
    if lacking:
        raise UserError(f"{run / FILE} lacks {', '.join(lacking)}; run `mebench pool` for this run again")
    own = {name: value for name, value in kept.items() if name not in NAMES}
    return RunRecord(**{name: kept[name] for name in NAMES if name in kept}, own=own)


def write(run: Path, record: RunRecord) -> None:
    """Write run.json, which is the last file of a run."""
    write_json(run / FILE, record.as_json())
