"""What the doctor finds, and its JSON form (`mebench doctor --json`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from mebench.indexing.checks import Count, Workbook
from mebench.protocols.tasks import Expected

Named = tuple[str, str]  # a clip or row, and what is said of it


@dataclass(frozen=True)
class Deviation:
    """One difference between a copy and the card; ``accept_line`` is the line of the configuration that accepts it."""

    kind: str
    sentence: str
    accepted: bool
    accept_line: str


@dataclass(frozen=True)
class FacesFound:
    """The faces in ``file``, of how many ``clips``; those ``without`` a face, and those that a person should see."""

    file: str
    clips: int
    without: Sequence[Named]
    doubtful: Sequence[Named]


@dataclass(frozen=True)
class Contents:
    """What a reader found in a copy. ``whole``: the numbers of the card apply. ``apex`` counts clips by where their
    apex is from, ``repaired`` clips that were mended, ``repairs`` the kinds of repairs."""

    whole: bool
    workbooks: Sequence[Workbook]
    notes: Sequence[str]
    counts: Sequence[Count]
    apex: Mapping[str, int]
    repaired: int
    repairs: Mapping[str, int]
    repaired_clips: Sequence[Named]
    dropped: Sequence[Named]
    deviations: Sequence[Deviation]

    def record(self) -> dict[str, object]:
        """The JSON form."""
        counts = [{"name": one.name, "expected": one.expected, "found": one.read, "differs": one.differs}
                  for one in self.counts]  # fmt: skip
        return asdict(self) | {"counts": counts}


@dataclass(frozen=True)
class Copy:
    """One dataset of the configuration. ``state`` is ``good`` (as the card says, or accepted), ``waiting`` (it has to
    be fetched first), ``deviates`` or ``unusable``; the last two stop a run. ``problem`` is one sentence, else empty.
    ``kind`` says what the source is. ``bad_clips`` is None where frames were not looked at. ``changed`` is a sentence
    on what changed since results were made from it."""

    dataset: str
    title: str
    source: str
    layout: str
    licence: str
    homepage: str
    state: str = "unusable"
    problem: str = ""
    kind: str = ""
    root: str = ""
    changed: str = ""
    contents: Contents | None = None
    faces: FacesFound | None = None
    bad_clips: Sequence[Named] | None = None

    @property
    def usable(self) -> bool:
        """Whether a run can start with this dataset."""
        return self.state in ("good", "waiting") and not self.bad_clips

    def record(self) -> dict[str, object]:
        """The JSON form: the contents are among the other keys, and what is not known is left out."""
        record = {key: value for key, value in asdict(self).items() if key not in ("contents", "faces")}
        record |= self.contents.record() if self.contents else {}
        record |= {"faces": asdict(self.faces)} if self.faces else {}
        return {
            key: value
            for key, value in record.items()
            if value is not None and (key not in ("root", "changed") or value)
        }


@dataclass(frozen=True)
class TaskFound:
    """A task whose datasets were all read: its clips, subjects and classes. ``expected`` is None where the numbers of
    the task do not apply; ``differs`` has one sentence for each number that is another."""

    task: str
    clips: int
    subjects: int
    classes: Mapping[str, int]
    expected: Expected | None
    differs: Sequence[str]


@dataclass(frozen=True)
class Examination:
    """Everything: software and machine by name, the datasets, and the tasks that they are for."""

    software: Mapping[str, str]
    machine: Mapping[str, str]
    datasets: Sequence[Copy]
    tasks: Sequence[TaskFound]

    @property
    def usable(self) -> bool:
        """Whether a run can start with all datasets."""
        return all(copy.usable for copy in self.datasets)

    def record(self) -> dict[str, object]:
        """The JSON form."""
        return {
            "software": dict(self.software),
            "machine": dict(self.machine),
            "datasets": [copy.record() for copy in self.datasets],
            "tasks": [asdict(task) for task in self.tasks],
            "usable": self.usable,
        }
