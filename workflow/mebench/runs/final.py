"""A training on everyone: all subjects of a run at once, for footage of one's own. It is never scored.

It is trained as a fold that leaves nobody out, called ``everyone``: its seed is derived in the same way, it goes on
from a checkpoint, and it holds as long as its fingerprint does. Nobody is left out to choose an epoch by, so the
selection is ``last``, whatever that of the run is: the recipe's epochs are trained.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from mebench import tasks
from mebench.config import spec as specs
from mebench.config.spec import RunSpec
from mebench.errors import UserError
from mebench.files import canonical_json, read_json, write_json
from mebench.runs import final_files, lock
from mebench.runs.attempt import Attempt, ended, write_history
from mebench.runs.begun import now, outcome
from mebench.runs.checkpoint import Checkpoint
from mebench.runs.device import peak_memory_mb, prepared
from mebench.runs.execution import Execution
from mebench.runs.final_files import FinalRecord, Learned
from mebench.runs.fingerprint import Parts, parts_of
from mebench.runs.paths import HISTORY, WEIGHTS, RunFiles
from mebench.runs.pool import origin
from mebench.runs.progress import ShardProgress
from mebench.training import normalise
from mebench.training.data import TaskData
from mebench.training.fold import FoldJob, FoldResult, run_fold
from mebench.training.limits import Limits
from mebench.training.loop import out_of_memory
from mebench.training.network import tensors_of

EVERYONE = "everyone"


def spec_of(spec: RunSpec) -> RunSpec:
    """The spec of the training on everyone of a run."""
    return {**spec, "selection": "last"}


def train(
    files: RunFiles, load: Callable[[], TaskData], execution: Execution, stop: Callable[[], bool] = lambda: False
) -> FinalRecord:
    """Train on everyone, unless weights with the same fingerprint are there, and write the folder ``final`` of the run:
    ``training.json`` last. Raises :class:`mebench.training.limits.Stopped` where the job was asked to stop."""
    data, spec, folder = load(), spec_of(files.spec), final_files.folder(files.run)
    parts = parts_of(spec, data.digest, EVERYONE)
    record = final_files.record_in(folder / WEIGHTS)
    if record is None or record.fold.fingerprint != parts.fingerprint(canonical_json(spec)):
        about = lock.Told(EVERYONE, spec["recipe"].get("epochs", 1), threads=execution.threads)
        try:
            with lock.hold(folder / "running.json", about) as holder:
                record = _Training(folder, files, spec, data, parts, execution).make(stop, holder)
        except lock.Held as other:
            raise UserError(f"{files.run} is being trained on everyone by {other}; wait for it") from other
    write_json(folder / final_files.TRAINING, record.as_json())
    return record


@dataclass(frozen=True)
class _Training:
    """What a training on everyone is made from."""

    folder: Path
    files: RunFiles
    spec: RunSpec
    data: TaskData
    parts: Parts
    execution: Execution

    def make(self, stop: Callable[[], bool], holder: lock.Holder) -> FinalRecord:
        """Train, write history and weights, and return the record."""
        device, run = prepared(self.execution.device, self.execution.threads), specs.run_id(self.spec)
        everyone = list(range(len(self.data.samples)))
        # its own samples are predicted once, only to see that the network gives numbers
        job = FoldJob(self.spec, self.data, EVERYONE, everyone, everyone, device)
        attempt = Attempt(self.files.run, job, self.parts, self.execution, stop)
        # weights may be handed on, and need not name the machine
        begun = replace(attempt.begun(), clips={"train": len(everyone), "test": 0}, where={})
        checkpoint = Checkpoint(
            self.folder / "checkpoint", attempt.fingerprint, stop, self.execution.checkpoint_seconds
        )
        limits = Limits(keeper=checkpoint, keep_state=True)
        with ShardProgress(f"{run}, everyone", 1, 0, self.spec["recipe"].get("epochs", 1)) as bar:
            bar.fold_begins(EVERYONE)

            def tell(epoch: int, loss: float) -> None:
                bar.epoch(epoch, loss)
                holder.tell(epoch, loss)

            train = partial(run_fold, job, tell, limits)
            result, status, message = outcome(self.files.run, EVERYONE, train, out_of_memory)
            record = replace(
                begun, status=status, message=message, seconds=round(checkpoint.spent(), 3), finished=now()
            )
            record = replace(record, peak_memory_mb=peak_memory_mb(device))
            bar.fold_done(record)
        if result is None:
            raise UserError(f"the training on everyone of {run} is '{status}': {message}")
        final = FinalRecord(run, ended(record, result), self.learned())
        self.write(job, result, final)
        checkpoint.remove()
        return final

    def write(self, job: FoldJob, result: FoldResult, final: FinalRecord) -> None:
        """Write history.csv, and weights.safetensors last."""
        write_history(self.folder / HISTORY, job, result.history)
        inputs, train = self.spec["inputs"], job.train
        if self.spec["training"] == "gradient":  # what the loop was given, and has fitted its normalisation to
            train = self.data.kind.drawn(self.data.samples, self.data.y, train, self.spec["recipe"], job.seed)
        numbers = normalise.numbers(self.data.x, train, inputs["center"], inputs["channels"])
        final_files.write_weights(self.folder / WEIGHTS, tensors_of(result.chosen.state, numbers), final)

    def learned(self) -> Learned:
        """What the training learns from."""
        kind, samples = self.data.kind, self.data.samples
        scoring = tasks.scoring_of(kind.task)
        labels = (scoring.learned(samples) if hasattr(scoring, "learned")
                  else {"expressions": dict(sorted(Counter(map(kind.group, samples)).items()))})  # fmt: skip
        name = "recordings" if tasks.made_of_recordings(kind.task) else "clips"
        datasets = {}
        for dataset in sorted({sample["dataset"] for sample in samples}):
            own = [sample for sample in samples if sample["dataset"] == dataset]
            subjects, clips = ({sample[key] for sample in own} for key in ("subject", "clip_id"))
            datasets[dataset] = {"subjects": len(subjects), name: len(clips)}
        return Learned(
            origin=origin(self.files.inputs),
            datasets=datasets,
            subjects=sorted(set(self.data.subjects)),
            inputs={path.parent.name: read_json(path / "meta.json").get("name", path.name)
                    for path in self.files.inputs},
            labels=labels,
        )  # fmt: skip
