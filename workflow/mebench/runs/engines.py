"""What trains the folds of a job: torch for networks and what is built on it, or NumPy alone for a light model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from mebench.config.spec import RunSpec
from mebench.model_card import is_light
from mebench.runs import light
from mebench.runs.execution import Execution
from mebench.runs.lock import Holder
from mebench.runs.paths import RunFiles
from mebench.runs.records import FoldRecord
from mebench.training.light import LightData
from mebench.training.light import load as load_light

if TYPE_CHECKING:
    from mebench.training.data import TaskData


class FoldData(Protocol):
    """The samples of a run, as a model reads them."""

    @property
    def digest(self) -> str:
        """That of labels and inputs."""

    def folds(self) -> dict[str, tuple[list[int], list[int]]]:
        """Subject -> (training rows, test rows)."""


class Attempt(Protocol):
    """One try at a fold."""

    @property
    def fingerprint(self) -> str:
        """The fold's fingerprint."""

    def make(self, holder: Holder, on_epoch: Callable[[int, float], None]) -> FoldRecord:
        """Train the fold, write its file, and return its record."""


class Engine(Protocol):
    """What makes the folds of a job."""

    @property
    def device(self) -> str:
        """cpu or cuda."""

    def attempt(self, files: RunFiles, fold: str, execution: Execution, stop: Callable[[], bool]) -> Attempt:
        """A try at a fold of a run."""


def load(spec: RunSpec, clips: Sequence[Path], inputs: Sequence[Path]) -> FoldData:
    """Read the samples of a run. Torch is imported here, where the model needs it, and not before."""
    if is_light(spec["model"]):
        return load_light(spec, clips, inputs)
    from mebench.training import data

    return data.load(spec, clips, inputs)


def engine(data: FoldData, execution: Execution) -> Engine:
    """What makes folds of the ``data``, in this process."""
    if isinstance(data, LightData):
        return light.LightModels(data)
    from mebench.runs.attempt import Networks

    return Networks.prepared(cast("TaskData", data), execution)
