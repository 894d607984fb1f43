"""One fold of each model, trained for real on random clips of the right shape: what a card's ``measured`` says.

    python benchmarks/folds.py                                          # every model with its paper's recipe
    python benchmarks/folds.py --preset small --device cpu
    python benchmarks/folds.py resnet18 --set size=flow28 --epochs 3    # one, with options
    python benchmarks/folds.py htnet slstt --clips 436 --seconds 9999   # a whole fold of the composite

Trained are as many clips as two batches have, or --clips, for the recipe's epochs, --epochs, or as many as --seconds
allow: seconds of training grow with clips x epochs, and `mebench plan` scales them. An epoch goes before that is not
counted, nor is building the network; features that are computed once are counted apart. ``share of peak`` is 3 x FLOPs
of the forward passes a second, over what a large product of matrices reaches on the same device in the recipe's
precision. The lines in braces are for workflow/mebench/models/measured.json, or the card of a model that lies
elsewhere.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import platform
import sys
import time
from pathlib import Path
from typing import Any

import torch

sys.path.append(str(Path(__file__).parents[1] / "tests/contract"))

from batches import picture

from mebench import cards, models, tasks
from mebench.catalogue.listing import markdown_table
from mebench.config import recipes
from mebench.errors import UserError
from mebench.plan.estimate import PASSES, forward
from mebench.runs.device import device_name, peak_memory_mb, prepared
from mebench.training import fold
from mebench.training.data import TaskData
from mebench.training.loop import set_products

HEADER = ("model", "clips x epochs", "batch", "seconds", "ms a clip", "peak memory MB", "parts", "TFLOP/s", "of peak")


def main() -> None:
    every = {name: cards.card("models", name) for name in cards.names("models")}
    recognise = {name: card for name, card in every.items() if "recognition" in card.get("serves", ["recognition"])}
    trained = [name for name, card in recognise.items()
               if card["kind"] == "model" and card.get("training", "gradient") == "gradient"]  # fmt: skip
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "models", nargs="*", default=trained, help="default: all that recognise and are trained by gradient"
    )
    parser.add_argument("--preset", default="paper")
    parser.add_argument(
        "--set", nargs="*", default=[], metavar="KEY=VALUE", help="options and recipe, as in config.yaml"
    )
    parser.add_argument("--clips", type=int, help="training clips (default: two batches)")
    parser.add_argument("--epochs", type=int, help="default: those of the recipe")
    parser.add_argument("--seconds", type=float, default=10.0, help="begin no epoch after so many (default 10)")
    parser.add_argument("--classes", type=int, default=3)
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    context = multiprocessing.get_context("forkserver")  # imports once what every process needs
    context.set_forkserver_preload(["torch", "timm", "mebench.training.fold"])
    found, failed = [], []
    for name in args.models:
        try:
            with context.Pool(1) as pool:  # peak memory is that of a process
                found.append(pool.apply(measure, (name, args)))
            print(f"{name}: {json.dumps(found[-1][1])}", flush=True)
        except (UserError, RuntimeError) as error:
            failed.append(f"{name}: {error}")
    if found:
        print(f"\n{found[0][1]['device']}, torch {torch.__version__}, {platform.platform()}\n")
        print(markdown_table(HEADER, [line for line, _ in found], right=HEADER[1:]))
    if failed:
        sys.exit("\n".join(failed))


def measure(name: str, args: argparse.Namespace) -> tuple[list[str], dict[str, Any]]:
    """(a line of the table, the record for the card) of one model, alone in this process."""
    device = prepared(args.device, args.threads)
    spec = resolved(name, args)
    wanted, done = args.epochs or spec["recipe"]["epochs"], 0
    spec["recipe"]["epochs"] = wanted + 1  # one is not counted
    clips = args.clips or 2 * spec["recipe"]["batch_size"]
    subjects = [f"s{row % 16}" for row in range(clips)]
    kind = tasks.kind_of({"name": "random", "classes": [str(c) for c in range(args.classes)], "labels": {}, "drop": {}})
    samples = [dict.fromkeys(("clip_id", "dataset", "subject"), subject) for subject in subjects]
    x = picture(name, spec["options"], clips)
    data = TaskData(kind, samples, x, torch.arange(clips) % args.classes, "random")
    torch.manual_seed(0)
    model = fold.placed(models.build(name, num_classes=args.classes, **spec["options"]), data.x.dim(), device)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    once = {}
    set_products(spec["recipe"]["precision"])
    if getattr(model, "caches", False):
        once = {"features_seconds": float(f"{timed(device, lambda: fold.features(model, data, device)):.3g}")}
    loop = fold.loop_of(model, spec, data, data.y.to(device), list(range(clips)), seed=0)
    loop.epoch()
    seconds = 0.0
    while done < wanted and (not done or seconds < args.seconds):  # one epoch, then as many as there is time for
        count = min(wanted - done, max(1, int(done * (args.seconds - seconds) / seconds)) if done else 1)
        seconds += timed(device, lambda count=count: [loop.epoch() for _ in range(count)])
        done += count
    memory = peak_memory_mb(device)
    known, own = forward(cards.card("models", name), spec["options"])
    if not own:
        raise UserError(f"the card of {name} does not say what these options cost: {spec['options']}")
    reached = PASSES * known.get("head", known["forward"]) * clips * done / seconds / 1e12
    share = reached / matrix_product(device, loop.precision)
    where = device_name(device) if device.type == "cuda" else f"CPU, {args.threads} x {cpu()}"
    chosen = {key: spec["options"][key] for key in spec["options"] if key != "pretrained"}
    record = {
        "options": chosen,
        "device": where,
        "seconds": float(f"{seconds:.3g}"),
        "peak_memory_mb": round(memory),
        "share_of_peak": float(f"{share:.2g}"),
        "clips": clips,
        "epochs": done,
        "batch_size": spec["recipe"]["batch_size"],
        "precision": spec["recipe"]["precision"],
    }
    record |= once
    title = ", ".join([name, *args.set])
    line = [title, f"{clips} x {done}", str(spec["recipe"]["batch_size"]), f"{seconds:.2f}",
            f"{1000 * seconds / clips / done:.2f}", f"{memory:,.0f}", str(loop.parts), f"{reached:.3g}",
            f"{share:.0%}"]  # fmt: skip
    return line, record


def resolved(name: str, args: argparse.Namespace) -> dict[str, Any]:
    """Model, options, inputs and recipe as a run of a plan has them; never with weights from the network."""
    entry = {"model": name, "preset": args.preset} if args.preset in presets(name) else {"model": name}
    if "pretrained" in cards.card("models", name).get("options", {}):
        entry["pretrained"] = "none"
    for word in args.set:
        key, _, value = word.partition("=")
        entry[key] = float(value) if value.replace(".", "", 1).replace("e-", "", 1).isdigit() else value
    found = recipes.resolve(entry)
    found["recipe"]["warmup_epochs"] = min(found["recipe"]["warmup_epochs"], 1)
    return found


def presets(name: str) -> dict[str, Any]:
    return {"paper": {}, **cards.card("models", name).get("presets", {})}


def timed(device: torch.device, work: Any) -> float:
    """Seconds of some work, to the end of what it gave the device to do; on a CPU those of the process, which other
    work beside it hardly changes."""
    if device.type != "cuda":
        begin = time.process_time()
        work()
        return time.process_time() - begin
    torch.cuda.synchronize(device)
    begin = time.perf_counter()
    work()
    torch.cuda.synchronize(device)
    return time.perf_counter() - begin


def matrix_product(device: torch.device, precision: torch.dtype) -> float:
    """TFLOP/s of a large product of matrices; the best of five."""
    side = 8192 if device.type == "cuda" else 1024
    a, b = (torch.randn(side, side, device=device, dtype=precision) for _ in range(2))
    return max(2 * side**3 / timed(device, lambda: a @ b) / 1e12 for _ in range(5))


def cpu() -> str:
    """The processor's name, as Linux knows it."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


if __name__ == "__main__":
    main()
