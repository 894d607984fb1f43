"""What a plan would cost: hours and memory of every model on every task, before anything is submitted.

A figure is *measured* where the model's card has a measured fold of the same options and precision on the same kind of
device; on a GPU it is scaled by steps, on a CPU or where batches are of another size by clips x epochs. Else it is
*estimated*: training is three forward passes (forward, and a backward of twice that) for each clip and epoch, at an
assumed throughput. Only training counts, neither frames, faces nor inputs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, cast

from mebench import tasks
from mebench.clips.card import dataset_card
from mebench.clips.entry import GeneratorOptions
from mebench.config import recipes
from mebench.config.spec import Recipe, RunSpec
from mebench.config.throughput import CPU_TFLOPS, GPU_TFLOPS
from mebench.files import read_csv
from mebench.model_card import Measurement, ModelCard, forward, model_card, structure
from mebench.plan import converted
from mebench.plan.plan import Plan
from mebench.plan.runs import Run
from mebench.protocols.tasks import TaskDefinition, extra_datasets

PASSES = 3  # of forward passes that a step of training costs
NOT_ESTIMATED = "not estimated"


@dataclass(frozen=True)
class Size:
    """A run in numbers; ``counted`` is "indexed", or before that "generated" where all clips are to be generated, or
    "expected" where the real datasets' numbers stand in. ``extra`` clips are only trained on; ``unsure`` says of them
    what is not indexed yet. ``per_clip``: about how many samples a fold learns from for each of its clips."""

    clips: int
    folds: int
    counted: str
    extra: int = 0
    unsure: str = ""
    per_clip: float = 1

    @property
    def every(self) -> int:
        """All clips that are known of."""
        return self.clips + self.extra

    @property
    def training(self) -> float:
        """Mean number of training samples of a fold."""
        return self.per_clip * self.every * (self.folds - 1) / self.folds


@dataclass(frozen=True)
class Cost:
    """One model on one task with all its seeds. Hours of one fold, of one run, of all runs; ``gpu_mb`` is the peak
    of the measured fold, None where nobody measured. ``final``: each run has a training on everyone, which counts as
    one more fold."""

    task: str
    model: str
    title: str
    runs: int
    folds: int
    clips: int
    counted: str
    epochs: int
    device: str
    hours_per_fold: float
    mem_mb: int
    gpu_mb: int | None
    basis: str
    details: str
    final: bool = False

    @property
    def known(self) -> bool:
        """False where there is nothing to measure or to estimate from; the hours are 0 then."""
        return self.basis != NOT_ESTIMATED

    @property
    def hours_per_run(self) -> float:
        return self.hours_per_fold * (self.folds + self.final)

    @property
    def hours(self) -> float:
        return self.hours_per_run * self.runs


def costs(plan: Plan, gpu_tflops: float, cpu_tflops: float) -> list[Cost]:
    """The cost of each model on each task, in the order of the plan, at so many TFLOP/s of a GPU and of a CPU core."""
    groups: dict[tuple[str, str], list[Run]] = {}
    for run in plan.runs:
        groups.setdefault((run.task, run.model), []).append(run)
    throughput = {"GPU": gpu_tflops, "CPU": cpu_tflops}
    sizes: dict[tuple[str, str], Size] = {}
    for (task, _), runs in groups.items():
        if (task, extra_of(runs[0])) not in sizes:
            sizes[task, extra_of(runs[0])] = size(plan, runs[0])
    return [_cost(runs, sizes[task, extra_of(runs[0])], throughput) for (task, _), runs in groups.items()]


def extra_of(run: Run) -> str:
    """Which clips of other datasets a run trains on, or "none"."""
    return run.spec["recipe"].get("extra_clips", "none")


def size(plan: Plan, run: Run) -> Size:
    """The numbers of a run: of the indexed clips of its task, or where a dataset is not indexed yet, of those that are
    to be generated, or of the real datasets."""
    definition, counted = plan.tasks[run.task], "indexed"
    clips, more = (
        _clips(plan.paths.clips(datasets), definition) for datasets in (definition["datasets"], run.datasets)
    )
    if clips is None:
        clips, counted = _to_generate(plan, definition), "generated"
    extra, unsure = 0, ""
    if extra_of(run) != "none" and more is not None:
        extra = len(tasks.kind_of(definition).extra_samples(extra_of(run), more))
    elif extra_of(run) != "none":
        announced = [dataset_card(name).expected for name in extra_datasets(definition, extra_of(run))]
        extra = sum(expected.get(f"{extra_of(run)}-expressions", 0) for expected in announced)
        unsure = f"{extra:,} extra clips expected" if extra else "extra clips not counted"
    kind = tasks.kind_of(definition)
    if kind.samples_per_clip != 1:
        unsure = f"about {kind.samples_per_clip:g} windows to learn from for each label"
    if clips is None:
        expected = definition["expected"]
        return Size(expected["clips"], expected["subjects"], "expected", extra, unsure, kind.samples_per_clip)
    # of a kind without classes its samples are known when clips and inputs are
    rows = kind.samples(clips) if tasks.card(definition).get("classes") else list(filter(kind.takes, clips))
    return Size(len(rows), len({row["subject"] for row in rows}), counted, extra, unsure, kind.samples_per_clip)


def _clips(paths: Sequence[str], definition: TaskDefinition) -> list[dict[str, str]] | None:
    """The rows of these clips.csv; None where one is not there yet."""
    if not all(Path(path).is_file() for path in paths):
        return None
    columns = ("clip_id", "dataset", "subject", definition.get("label_from", "emotion"))
    return [row for path in paths for row in read_csv(path, columns)]


def _to_generate(plan: Plan, definition: TaskDefinition) -> list[dict[str, str]] | None:
    """The rows of a task's clips where all its datasets are to be generated; None where they are not known before."""
    entries = {name: plan.datasets[name] for name in definition["datasets"]}
    all_generated = all(entry["source"] == "synthetic" for entry in entries.values())
    if not all_generated:
        return None
    from mebench.synthetic import generate  # it needs NumPy, and looking at real data does not

    groups = [generate.announced(name, cast(GeneratorOptions, entry)) for name, entry in entries.items()]
    counted = [group for group in groups if group is not None]
    return [row for group in counted for row in group] if len(counted) == len(groups) else None


def _cost(runs: Sequence[Run], size: Size, throughput: dict[str, float]) -> Cost:
    run, card = runs[0], model_card(runs[0].spec["model"])
    device, final = "GPU" if run.resources["gpu"] else "CPU", run.entry.get("final", False)
    record = measured(card, run.spec, device)
    seconds, basis, details = _seconds(card, run.spec, size, record, (device, throughput[device]))
    return Cost(
        task=run.task, model=run.model, title=recipes.describe(run.spec)[0], runs=len(runs), folds=size.folds,
        clips=size.clips, counted=size.counted, epochs=run.spec["recipe"].get("epochs", 0), device=device,
        hours_per_fold=seconds / 3600, mem_mb=run.resources["mem_mb"],
        gpu_mb=record.get("peak_memory_mb") if record and _same_batch(record, run.spec["recipe"]) else None,
        basis=basis, details=details + (", and one training on everyone" if final else ""), final=final,
    )  # fmt: skip


def seconds_per_fold(run: Run, size: Size, gpu_tflops: float = GPU_TFLOPS, cpu_tflops: float = CPU_TFLOPS) -> float:
    """Seconds of one fold of a run; 0 where there is nothing to estimate from."""
    card, device = model_card(run.spec["model"]), "GPU" if run.resources["gpu"] else "CPU"
    tflops = gpu_tflops if device == "GPU" else cpu_tflops
    return _seconds(card, run.spec, size, measured(card, run.spec, device), (device, tflops))[0]


def is_measured(run: Run) -> bool:
    """Whether the time of a fold of this run rests on a measured one of the same network, precision and stack."""
    device = "GPU" if run.resources["gpu"] else "CPU"
    return measured(model_card(run.spec["model"]), run.spec, device) is not None


def _seconds(
    card: ModelCard, spec: RunSpec, size: Size, record: Measurement | None, on: tuple[str, float]
) -> tuple[float, str, str]:
    """(seconds of a fold, basis, details), from a measured fold, from one of another precision or stack, or from
    operations; ``on`` is the kind of device with its TFLOP/s."""
    device, tflops = on
    if not spec["recipe"]:
        return 0.0, NOT_ESTIMATED, "not trained by epochs of the engine"
    unsure = f", {size.unsure}" if size.unsure else ""
    near = record or converted.nearest(of_network(card, spec, device), spec["recipe"], device)
    if near:
        part, words = (1.0, "") if record else converted.share(near, spec["recipe"], device)
        details = words or f"{near['clips']} clips, {near['epochs']} epochs"
        details += "" if _same_batch(near, spec["recipe"]) else f", batches of {near['batch_size']}"
        # features that never change are computed once for all folds
        features = near.get("features_seconds", 0) / near["clips"] * size.every / size.folds
        spent = part * scaled(near, spec["recipe"], size.training) + features
        return spent, "measured" if record else "estimated", f"{near['device']}, {details}{unsure}"
    if not card.get("flops"):
        return 0.0, NOT_ESTIMATED, "its card has no flops"
    spent, own = operations(card, spec, size)
    details = f"{tflops:g} TFLOP/s" + ("" if own else ", FLOPs of the default options")
    return spent / (tflops * 1e12), "estimated", details + unsure


def operations(card: ModelCard, spec: RunSpec, size: Size) -> tuple[float, bool]:
    """(floating-point operations of a fold, whether they are those of its options). The card has its ``flops``."""
    flops, own = forward(card, spec["options"])
    spent = PASSES * size.training * spec["recipe"]["epochs"] * flops.get("head", flops["forward"])
    # features that never change are computed once for all folds
    return spent + (flops["forward"] * size.every / size.folds if "head" in flops else 0), own


def scaled(record: Measurement, recipe: Recipe, clips: float) -> float:
    """Seconds of all epochs of a recipe on so many training clips, by a measured fold, without features. On a GPU by
    the number of steps, for small networks wait there for their kernels and not for the clips."""
    epochs, on_cpu = recipe["epochs"] / record["epochs"], record["device"].upper().startswith("CPU")
    if on_cpu or "batch_size" not in record or not _same_batch(record, recipe):
        return record["seconds"] * epochs * clips / record["clips"]
    steps, had = (math.ceil(n / record["batch_size"]) for n in (clips, record["clips"]))
    return record["seconds"] * epochs * steps / had


def _same_batch(record: Measurement, recipe: Recipe) -> bool:
    batch = recipe["batch_size"]
    return record.get("batch_size", batch) == batch


def measured(card: ModelCard, spec: RunSpec, device: str) -> Measurement | None:
    """The card's measured fold with the options, precision and stack of a run on that kind of device; the first of
    several. ``clips`` of a record are the training clips of its fold."""
    recipe = spec["recipe"]
    for record in of_network(card, spec, device):
        same = record.get("precision", recipe.get("precision")) == recipe.get("precision")
        if same and record.get("stack", 1) == converted.stack_of(recipe):
            return record
    return None


def of_network(card: ModelCard, spec: RunSpec, device: str) -> list[Measurement]:
    """The card's measured folds with the options of a run on that kind of device, at any precision."""
    wanted = structure(card, spec["options"])
    return [
        record
        for record in card.get("measured", [])
        if record["device"].upper().startswith("CPU") == (device == "CPU")
        and structure(card, record["options"]) == wanted
    ]


class Total(TypedDict):
    """Runs, folds, hours of GPUs and of CPU cores, the share of the hours that rests on measurements, and the largest
    memory that a job asks for; ``gpu_mb`` is None where nobody measured."""

    runs: int
    folds: int
    gpu_hours: float
    cpu_hours: float
    measured_share: float
    mem_mb: int
    gpu_mb: int | None


def total(costs: Sequence[Cost]) -> Total:
    """The sum of what models cost."""
    hours = [cost.hours for cost in costs]
    by_measurement = sum(cost.hours for cost in costs if cost.basis == "measured")
    return {
        "runs": sum(cost.runs for cost in costs),
        "folds": sum(cost.runs * cost.folds for cost in costs),
        "gpu_hours": sum(cost.hours for cost in costs if cost.device == "GPU"),
        "cpu_hours": sum(cost.hours for cost in costs if cost.device == "CPU"),
        "measured_share": by_measurement / sum(hours) if sum(hours) else 0.0,
        "mem_mb": max((cost.mem_mb for cost in costs), default=0),
        "gpu_mb": max((cost.gpu_mb for cost in costs if cost.gpu_mb), default=None),
    }


def assumptions(gpu_tflops: float, cpu_tflops: float) -> list[str]:
    """How the figures came about, in lines."""
    return [
        "Training alone, without frames, faces and inputs.",
        "measured:  the fold on the model's card, by steps (clips x epochs on a CPU, and where batches differ)",
        f"estimated: {PASSES} x FLOPs x training clips x epochs, at {gpu_tflops:g} TFLOP/s on a GPU (--tflops) and "
        f"{cpu_tflops:g} on a CPU core (--cpu-tflops);",
        "           features that never change: once for each clip; small networks fill no GPU and take longer",
    ]
