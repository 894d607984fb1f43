"""What the real run will take, as lines of text: `mebench rehearsal` prints them, and the report shows them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mebench.config.throughput import CPU_TFLOPS
from mebench.hours import duration
from mebench.plan.plan import Plan
from mebench.plan.rehearsed import InputCost, RealCost, input_costs, real_costs
from mebench.runs import run_record

SPEED = f"at {CPU_TFLOPS:g} TFLOP/s"
HEADER = ("model", "seeds", "folds", "rehearsed fold", "times", "fold", "total", SPEED, "on a GPU", "")
INPUTS = ("dataset", "input", "rehearsed", "times", "total")
LEFT = ("model", "dataset", "input", "")


def page(plan: Plan) -> list[str]:
    """Tables of models by task and of inputs, their sums, and what these figures are."""
    costs, inputs = real_costs(plan), input_costs(plan)
    lines = ["What the real run will take, in hours of one CPU core of the machine of this rehearsal:", ""]
    for task in plan.tasks:
        lines += [task, *_aligned([HEADER, *(_row(cost) for cost in costs if cost.task == task)]), ""]
    if inputs:
        lines += ["faces and inputs", *_aligned([INPUTS, *map(_input_row, inputs)]), ""]
    return [*lines, *sums(costs, inputs), *_honest(plan, costs)]


def sums(costs: Sequence[RealCost], inputs: Sequence[InputCost]) -> list[str]:
    """The sums, one line each."""
    on_cpu, on_gpu = (sum(cost.hours for cost in costs if cost.gpu is gpu) for gpu in (False, True))
    fast_cpu, fast_gpu = (sum(cost.computing_hours for cost in costs if cost.gpu is gpu) for gpu in (False, True))
    lines = [f"models that ask for no GPU: {duration(on_cpu)} of a core ({duration(fast_cpu)} {SPEED})"]
    if any(cost.gpu for cost in costs):
        gpu_hours = sum(cost.gpu_hours for cost in costs)
        lines.append(f"models that ask for a GPU: {duration(on_gpu)} of a core ({duration(fast_gpu)} {SPEED}), or "
                     f"{duration(gpu_hours)} of a GPU, as mebench plan estimates it")  # fmt: skip
    lines.append(f"faces and inputs: {duration(sum(cost.hours for cost in inputs))} of a core" if inputs
                 else "faces and inputs: not timed; the workflow times them")  # fmt: skip
    lacking = sorted({cost.model for cost in costs if cost.seconds is None})
    return lines + ([f"not in these sums, for no fold of them was timed: {', '.join(lacking)}"] if lacking else [])


def _row(cost: RealCost) -> tuple[str, ...]:
    about = (cost.model, str(cost.runs), str(cost.folds))
    if cost.seconds is None:
        return (*about, *["-"] * 6, "no fold was timed")
    times = f"{cost.times:,.3g}" if cost.times < 100 else f"{cost.times:,.0f}"
    return (*about, f"{cost.seconds:.2f} s", times, duration(cost.fold_hours), duration(cost.hours),
            "-" if cost.computing is None else duration(cost.computing_hours),
            duration(cost.gpu_hours) if cost.gpu else "-", cost.note)  # fmt: skip


def _input_row(cost: InputCost) -> tuple[str, ...]:
    return cost.dataset, cost.name, f"{cost.seconds:.0f} s", f"{cost.times:,.0f}", duration(cost.hours)


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    header = rows[0]
    return [
        "  " + "  ".join(cell.ljust(width) if name in LEFT else cell.rjust(width)
                         for name, cell, width in zip(header, row, widths, strict=True)).rstrip()
        for row in rows
    ]  # fmt: skip


def _honest(plan: Plan, costs: Sequence[RealCost]) -> list[str]:
    """What the figures are, and are not."""
    devices: set[str] = set()
    for run in plan.runs:
        folder = Path(plan.paths.folder(run))
        if (folder / run_record.FILE).is_file():
            devices |= set(run_record.read(folder).devices)
    lines = [
        "",
        f"An estimate, from folds that were rehearsed on {', '.join(sorted(devices)) or 'nothing yet'}.",
        "models: seconds of a rehearsed fold x FLOPs of the real network / those of the small one x epochs (the clips",
        "        are as many). Small networks spend most of it on overhead, so large ones rather take less: something",
        f"        down to the hours {SPEED}, which mebench plan assumes of a core. Folds are timed by the clock:",
        "        other work on the machine makes them longer.",
        "inputs: seconds of the rehearsal x pixels, and for long videos x frames, of the real recordings.",
    ]
    if any(cost.gpu for cost in costs) and not any("cpu" not in device.lower() for device in devices):
        lines.append("Nothing was measured on a GPU: hours of a GPU are those of `mebench plan`.")
    return lines
