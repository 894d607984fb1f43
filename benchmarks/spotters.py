"""Do spotters spot? ME-TST, MEAN, MDMD and the controls on small honest long videos, leave one subject out.

    python benchmarks/spotters.py --out /tmp/spotters

The videos are SYNTHETIC (`size: small` of SAMM Long Videos): 20 s and more, micro-expressions in about 2 % of frames
among blinks, nods, talk, macro-expressions and changing light. A model that draws nothing gives the same in each seed.
What runs is the command that an owner types.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "tests/workflow"))

from project import Project, served

from mebench.catalogue.listing import markdown_table

CONFIG = """
datasets:
  {dataset}: {{source: synthetic, seed: {data_seed}, subjects: 8, clips: 8}}
tasks: [{task}]
models:
  - {{model: me_tst, preset: small}}
  - {{model: mean_net, preset: small}}
  - {{model: mdmd, preset: small}}
  - random_intervals
  - constant_rate
  - nothing_spotted
  - spotting_oracle
seeds: [{seeds}]
"""
FIGURES = {"f1_spotting": "F1 of spotting", "strs": "STRS"}
TITLES = ("ME-TST", "MEAN", "MDMD", "random", "constant rate", "nothing", "oracle")
MODELS = ("me_tst", "mean_net", "mdmd", "random_intervals", "constant_rate", "nothing_spotted", "spotting_oracle")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="a folder that is not there yet (default: a temporary one, kept)")
    parser.add_argument("--seeds", type=int, default=5, help="how many (default: 5)")
    parser.add_argument("--task", default="sammlv-spotting", help="default: sammlv-spotting")
    parser.add_argument("--dataset", default="samm_long", help="default: samm_long")
    parser.add_argument(
        "--data-seed", type=int, default=0, help="of the generated videos: tune on others than those of 0"
    )
    args = parser.parse_args()
    folder = args.out or Path(tempfile.mkdtemp(prefix="spotters_"))
    folder.mkdir(parents=True, exist_ok=True)
    with served(folder) as project:
        seeds = ", ".join(map(str, range(args.seeds)))
        config = CONFIG.format(dataset=args.dataset, data_seed=args.data_seed, task=args.task, seeds=seeds)
        project.configure(config)
        with open(folder / "snakemake.log", "w", encoding="utf-8") as log:
            code = subprocess.run(
                ["snakemake", "--cores", "2"], cwd=project.folder, env=project.environment, stdout=log, stderr=log
            ).returncode
    print_tables(project, args.task)
    sys.exit(code)


def print_tables(project: Project, task: str) -> None:
    """A table for each figure: a row for each seed, and in how many of them ME-TST is above all others."""
    path = project.folder / "results/scores" / f"{task}.json"
    found = {(one["model"], one["seed"]): one for one in json.loads(path.read_text()) if one["part"] == "all"}
    seeds = sorted({seed for _, seed in found})
    for name, title in FIGURES.items():
        rows = [[str(seed), *(shown(found[model, seed][name]) for model in MODELS)] for seed in seeds]
        first, *others = MODELS[:-1]
        above = sum(
            all(found[first, seed][name] > (found[model, seed][name] or 0) for model in others) for seed in seeds
        )
        print(markdown_table((f"{title}, seed", *TITLES), rows))
        print(f"\nME-TST is above all but the oracle in {above} of {len(seeds)} seeds.\n")
    counts = [[title, *(f"{found[model, seed][name]}" for name in ("tp", "fp", "fn"))]
              for title, model in zip(TITLES, MODELS, strict=True) for seed in seeds[:1]]  # fmt: skip
    print(markdown_table((f"seed {seeds[0]}", "TP", "FP", "FN"), counts))


def shown(value: float | None) -> str:
    """A figure with four digits; a dash where it is not defined, as STRS of a spotter that names no emotion."""
    return "-" if value is None else f"{value:.4f}"


if __name__ == "__main__":
    main()
