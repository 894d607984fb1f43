"""What the real run will take, from the measured seconds of its rehearsal, on the machine that the rehearsal ran on.

The seconds of a rehearsed fold are multiplied by the operations of the real fold over those of the rehearsed one: clips
x epochs x FLOPs of the network. Seconds of a small network are mostly overhead, of which a large one has less for each
operation, so the figures of large networks are rather too high. Seconds of inputs are multiplied by pixels, and for
long videos by frames. All seconds are those of one CPU core.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mebench.config import input_names, recipes, rehearsal
from mebench.config.throughput import CPU_TFLOPS
from mebench.errors import UserError
from mebench.files import read_csv
from mebench.model_card import forward, model_card
from mebench.plan import estimate
from mebench.plan.estimate import Size
from mebench.plan.plan import Plan
from mebench.plan.runs import Run, all_runs
from mebench.runs import run_record
from mebench.synthetic.real_frames import PIXELS, REAL_FRAMES, REAL_PIXELS


@dataclass(frozen=True)
class RealCost:
    """One model on one task with all its seeds. ``seconds`` are those of a rehearsed fold, None where no fold was
    timed; ``times`` as much is a real one. ``computing`` are the seconds of a real fold of a network that was rehearsed
    smaller, if a core computed as fast as `mebench plan` assumes. ``gpu``: the real jobs ask for a GPU, which takes
    ``gpu_hours`` by `mebench plan`."""

    task: str
    model: str
    title: str
    runs: int
    folds: int
    seconds: float | None
    times: float
    gpu: bool
    gpu_hours: float
    computing: float | None = None
    note: str = ""

    @property
    def fold_hours(self) -> float:
        """Hours of a core for one real fold."""
        return (self.seconds or 0) * self.times / 3600

    @property
    def hours(self) -> float:
        """Hours of a core for all real folds of all seeds."""
        return self.fold_hours * self.runs * self.folds

    @property
    def computing_hours(self) -> float:
        """Hours of a core for all real folds at the assumed speed; where the network is as large, as measured."""
        return self.hours if self.computing is None else self.computing * self.runs * self.folds / 3600


@dataclass(frozen=True)
class InputCost:
    """What one dataset's faces or one of its inputs took, in seconds of a core, and how many times as much the real
    one is."""

    dataset: str
    name: str
    seconds: float
    times: float

    @property
    def hours(self) -> float:
        return self.seconds * self.times / 3600


def real_costs(plan: Plan) -> list[RealCost]:
    """The cost of each model on each task, in the order of the plan; a UserError where the plan is of no rehearsal."""
    if not plan.config.get("rehearsal"):
        raise UserError("the configuration is no rehearsal; name config.json of a rehearsal's results, for example "
                        "--config results-rehearsal/config.json")  # fmt: skip
    entries = rehearsal.as_written(plan.config)
    real = {run.id: run for run in all_runs(replace(plan.configuration, entries=entries))}
    sizes: dict[tuple[str, str], Size] = {}
    costs = []
    for task in plan.tasks:
        for model in dict.fromkeys(run.model for run in plan.paths.runs_of(task)):
            runs = plan.paths.with_seeds(task, model)
            key = task, estimate.extra_of(runs[0])
            if key not in sizes:
                sizes[key] = estimate.size(plan, runs[0])
            costs.append(_cost(plan, runs, real[runs[0].id], sizes[key]))
    return costs


def _cost(plan: Plan, runs: Sequence[Run], real: Run, size: Size) -> RealCost:
    times, note = _times(runs[0], real, size)
    final, gpu = bool(real.entry.get("final")), bool(real.resources["gpu"])
    gpu_hours = estimate.seconds_per_fold(real, size) * (size.folds + final) * len(runs) / 3600 if gpu else 0.0
    return RealCost(
        task=real.task, model=real.model, title=recipes.describe(real.spec)[0], runs=len(runs),
        folds=size.folds + final, seconds=_seconds_of_fold(plan, runs), times=times, gpu=gpu, gpu_hours=gpu_hours,
        computing=_computing(runs[0], real, size), note=note,
    )  # fmt: skip


def _computing(small: Run, real: Run, size: Size) -> float | None:
    """Seconds of a real fold at the speed that is assumed of a core; None where the network was rehearsed whole."""
    card = model_card(real.spec["model"])
    if not card.get("flops") or not real.spec["recipe"]:
        return None
    one, other = (forward(card, run.spec["options"])[0]["forward"] for run in (small, real))
    return None if one == other else estimate.operations(card, real.spec, size)[0] / (CPU_TFLOPS * 1e12)


def _times(small: Run, real: Run, size: Size) -> tuple[float, str]:
    """(how many times as much a real fold is, what is unsure about it)."""
    if not real.spec["recipe"]:
        return 1.0, "not trained by epochs: as measured"
    card, epochs = model_card(real.spec["model"]), real.spec["recipe"]["epochs"] / small.spec["recipe"]["epochs"]
    if not card.get("flops"):
        unsure = "" if small.spec["options"] == real.spec["options"] else ", its card has no flops"
        return epochs, f"by epochs alone{unsure}"
    more, known = estimate.operations(card, real.spec, size)
    less, also_known = estimate.operations(card, small.spec, size)
    return more / less, "" if known and also_known else "FLOPs of the default options"


def _seconds_of_fold(plan: Plan, runs: Sequence[Run]) -> float | None:
    """The mean seconds of a fold of runs that are pooled; None where none of them is, or none was timed."""
    folders = [Path(plan.paths.folder(run)) for run in runs]
    records = [run_record.read(folder) for folder in folders if (folder / run_record.FILE).is_file()]
    timed = [record for record in records if record.seconds is not None]
    folds = sum(record.folds_done for record in timed)
    return sum(record.seconds or 0 for record in timed) / folds if folds else None


# --- faces and inputs


def input_costs(plan: Plan) -> list[InputCost]:
    """What faces and inputs of the rehearsal took, by the workflow's own timings, and what the real ones will."""
    entries = rehearsal.as_written(plan.config)
    real = {run.id: run for run in all_runs(replace(plan.configuration, entries=entries))}
    sizes: dict[tuple[str, str], list[float]] = {}
    for run in plan.runs:
        for dataset in run.datasets:
            rehearsed, wanted = (input_names.parse(plan.inputs.name(one, dataset)) for one in (run, real[run.id]))
            share = ((wanted.size or 1) / (rehearsed.size or 1)) ** 2 if wanted.kind == rehearsed.kind else 1.0
            sizes.setdefault((dataset, rehearsed.name), []).append(share)
    costs = []
    for dataset, name, seconds in _timed(Path(plan.results)):
        costs.append(InputCost(dataset, name, seconds, _input_times(plan, dataset, name, sizes.get((dataset, name)))))
    return costs


def _input_times(plan: Plan, dataset: str, name: str, shares: Sequence[float] | None) -> float:
    """By the pixels of frames or of the input, whichever grow more, and by the frames of long videos."""
    pixels = REAL_PIXELS.get(dataset, PIXELS) / PIXELS
    videos = Path(plan.results) / "datasets" / dataset / "videos.csv"
    times = max([pixels, *(shares or [])])
    of_videos = name != "faces" and input_names.KINDS[input_names.parse(name).kind].get("per") == "video"
    if of_videos and dataset in REAL_FRAMES:
        times *= REAL_FRAMES[dataset] / max(1, sum(int(row["frames_on_disk"]) for row in read_csv(videos)))
    return times


def _timed(results: Path) -> Iterator[tuple[str, str, float]]:
    """(dataset, ``faces`` or the name of an input, seconds of a core) of what the workflow timed."""
    folder = results / "benchmarks"
    for path in sorted((folder / "faces").glob("*.tsv")):
        yield path.stem, "faces", _core_seconds(path)
    for dataset in sorted(path for path in (folder / "inputs").glob("*") if path.is_dir()):
        names = dict.fromkeys(path.stem if path.is_file() else path.name for path in sorted(dataset.iterdir()))
        for name in names:
            parts = [dataset / f"{name}.tsv", *(dataset / name).glob("*.tsv")]
            yield dataset.name, name, sum(_core_seconds(path) for path in parts if path.is_file())


def _core_seconds(path: Path) -> float:
    """CPU seconds of a job; of one that was too short to be sampled, the seconds that it lasted."""
    with open(path, encoding="utf-8", newline="") as file:
        row = next(csv.DictReader(file, delimiter="\t"), {})
    for key in ("cpu_time", "s"):
        if row.get(key) not in (None, "", "-", "NA"):
            return float(row[key])
    return 0.0
