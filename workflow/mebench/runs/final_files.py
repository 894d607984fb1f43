"""The files of a training on everyone, in the folder ``final`` of a run: the weights, whose header says what they were
trained on, and the card, which has the benchmark's score beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, cast

from mebench.config.spec import RunSpec
from mebench.errors import UserError
from mebench.files import canonical_json, file_digest, read_json, whole_file
from mebench.runs.paths import WEIGHTS
from mebench.runs.records import NAMES, FoldRecord

if TYPE_CHECKING:
    import torch

FORMAT = "mebench final 1"
CARD = "card.json"
TRAINING = "training.json"


def folder(run: Path) -> Path:
    """The folder of the training on everyone of a run."""
    return run / "final"


@dataclass(frozen=True)
class Learned:
    """What a network was trained on: the ``origin`` of the data, the subjects and the clips (or recordings) of each
    dataset, the names of the ``subjects``, the name of the input of each dataset, and what the kind of task says of the
    ``labels``."""

    origin: str
    datasets: Mapping[str, Mapping[str, int]]
    subjects: list[str]
    inputs: Mapping[str, str]
    labels: Mapping[str, object]


@dataclass(frozen=True)
class FinalRecord:
    """``training.json``: how the training went, with the keys of fold.json, and what it ``learned`` from."""

    run: str
    fold: FoldRecord
    learned: Learned

    def as_json(self) -> dict[str, object]:
        """What training.json holds, and the header of the weights."""
        return {**self.fold.as_json(), "format": FORMAT, "run": self.run, **asdict(self.learned)}


def record_from(kept: Mapping[str, object]) -> FinalRecord:
    """The record of its JSON."""
    fold = FoldRecord(**{name: value for name, value in kept.items() if name in NAMES})  # type: ignore[arg-type]
    learned = Learned(**{one.name: kept[one.name] for one in fields(Learned)})  # type: ignore[arg-type]
    return FinalRecord(str(kept["run"]), fold, learned)


def write_weights(path: Path, tensors: Mapping[str, torch.Tensor], record: FinalRecord) -> None:
    """Write the weights with the record in their header."""
    from safetensors.torch import save_file

    header = {"format": "pt", "mebench": canonical_json(record.as_json())}
    with whole_file(path) as temporary:
        save_file(dict(tensors), temporary, metadata=header)


def record_in(path: Path) -> FinalRecord | None:
    """The record in the header of a file of weights; None where there is none, or the file is no such file."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="np") as file:
            text = (file.metadata() or {}).get("mebench")
    except (OSError, SafetensorError):
        return None
    kept = json.loads(text) if text else {}
    return record_from(kept) if kept.get("format") == FORMAT else None


class OfTask(TypedDict):
    """What a card says of the task."""

    name: str
    title: str
    kind: str


class Decoding(TypedDict):
    """How scores become intervals: ``half_width`` in positions, and all parameters of the ``stage``."""

    half_width: int
    threshold: float
    stage: Mapping[str, object]


class Benchmark(TypedDict):
    """How the same entry and seed fared on subjects that its folds left out, and by which ``conventions``."""

    selection: str
    origin: str
    n: int
    folds_done: int
    folds_expected: int
    conventions: str
    metrics: Mapping[str, float | None]


class Card(TypedDict):
    """``card.json``; ``formats.FINAL_CARD`` explains each key."""

    format: str
    weights: str
    run: str
    title: str
    model: Mapping[str, object]
    task: OfTask
    classes: list[str]
    seed: int
    licences: Mapping[str, str]
    training: Mapping[str, object]
    decoding: Decoding | None
    benchmark: Benchmark | None


@dataclass(frozen=True)
class Final:
    """A training on everyone as it lies on a disk: the file of its ``weights``, its record, and its ``card``."""

    weights: Path
    record: FinalRecord
    card: Card

    @property
    def spec(self) -> RunSpec:
        """The spec of the training."""
        return cast(RunSpec, self.record.fold.spec)


def read(weights: Path) -> Final:
    """Read a training on everyone by the path of its weights. A UserError where the file is none, or where its card is
    not beside it."""
    if not weights.is_file():
        raise UserError(f"there is no file of weights {weights}; an entry with final: true makes one, {folder(Path())}/"
                        f"{WEIGHTS} in the folder of each of its runs")  # fmt: skip
    record = record_in(weights)
    if record is None:
        raise UserError(f"{weights} is no file of a training on everyone; give the {WEIGHTS} that an entry with "
                        "final: true has made, not that of a fold")  # fmt: skip
    path = weights.with_name(CARD)
    if not path.is_file():
        raise UserError(f"{CARD} is not beside {weights}; copy both, for it says what the weights are and how good")
    card = read_json(path)
    if card.get("format") != FORMAT or card.get("weights") != file_digest(weights):
        raise UserError(f"{path} is the card of other weights than {weights}; start snakemake again, or copy both "
                        "files from one folder")  # fmt: skip
    return Final(weights, record, card)
