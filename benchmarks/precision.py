"""Do HSTA and SLSTT learn in bfloat16 what they learn in float32? Their presets small and small-bf16, leave one subject
out, on SYNTHETIC clips of SMIC.

    python benchmarks/precision.py --out /tmp/precision

The difference of the mean UF1 stands beside the spread of the seeds in float32. What runs is the command that an owner
types.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import mean, stdev

sys.path.append(str(Path(__file__).parents[1] / "tests/workflow"))

from project import served

from mebench.catalogue.listing import markdown_table

MODELS = ("hsta", "slstt")
CONFIG = """
datasets:
  smic: {{source: synthetic, size: clear, subjects: {subjects}}}
tasks: [smic-3]
models:
  - {{name: hsta, model: hsta, preset: small}}
  - {{name: hsta-bf16, model: hsta, preset: small-bf16}}
  - {{name: slstt, model: slstt, preset: small}}
  - {{name: slstt-bf16, model: slstt, preset: small-bf16}}
seeds: [{seeds}]
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="a folder that is not there yet (default: a temporary one, kept)")
    parser.add_argument("--seeds", type=int, default=5, help="how many (default: 5)")
    parser.add_argument("--subjects", type=int, default=8, help="subjects of the stand-in (default: 8)")
    args = parser.parse_args()
    folder = args.out or Path(tempfile.mkdtemp(prefix="precision_"))
    folder.mkdir(parents=True, exist_ok=True)
    with served(folder) as project:
        seeds = ", ".join(map(str, range(args.seeds)))
        project.configure(CONFIG.format(subjects=args.subjects, seeds=seeds))
        command = ["snakemake", "--cores", "2", "results/scores/smic-3.json"]
        with open(folder / "snakemake.log", "w", encoding="utf-8") as log:
            subprocess.run(command, cwd=project.folder, env=project.environment, stdout=log, stderr=log, check=True)
    path = project.folder / "results/scores/smic-3.json"
    found = {(one["model"], one["seed"]): one["uf1"] for one in json.loads(path.read_text()) if one["part"] == "all"}
    rows = []
    for model in MODELS:
        plain, half = ([found[name, seed] for seed in range(args.seeds)] for name in (model, f"{model}-bf16"))
        rows.append([model, figures(plain), figures(half), f"{mean(half) - mean(plain):+.4f}", f"{stdev(plain):.4f}"])
    print(markdown_table(("UF1 of each seed", "float32", "bfloat16", "difference of the means",
                          "standard deviation of the seeds in float32"), rows))  # fmt: skip


def figures(values: list[float]) -> str:
    return ", ".join(f"{value:.4f}" for value in values)


if __name__ == "__main__":
    main()
