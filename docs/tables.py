"""The page of tables, made from their files: ``python docs/tables.py --write``.

Without ``--write`` the page is printed.
"""

from __future__ import annotations

import sys
from pathlib import Path

PROJECT = Path(__file__).parents[1]
PAGE = PROJECT / "docs/tables.md"
sys.path.insert(0, str(PROJECT / "workflow"))

from mebench import cards, tables  # noqa: E402
from mebench.plan.tables import name_of, needs, shipped  # noqa: E402

HEAD = """# Tables

<!-- made by docs/tables.py from workflow/mebench/tables; do not edit what is below "The tables" by hand -->

Each table of the papers is made by its name, whatever `config.yaml` asks for:

```sh
snakemake --dry-run results/tables/slstt-cde.csv     # what it would run: what this table needs, and nothing else
snakemake results/tables/slstt-cde.csv               # CSV, Markdown, LaTeX, HTML and its statistics
mebench plan --table slstt-cde                       # what that costs; mebench status --table says how far it is
```

A table names its tasks and its models. What the configuration has of them is taken as the configuration has it, and
the table says which models that are. What it lacks is run as the table has it: with the paper's recipe on your data,
with the small preset of the model where all datasets are small generated ones. `snakemake` without a target makes
none of it, unless the configuration lists the table: `tables: [megc2019, slstt-cde]` adds what it needs to all that
is run. Models that share one job of a task, such as controls and SVMs, are made together.

A dataset that the configuration does not have is generated where all others are generated. Otherwise the table is
refused, with the line to add. With `--config rehearsal=true` the same command rehearses the table before data and
GPUs are there, into `results-rehearsal`.

**Parts are slices.** SMIC, CASME II and SAMM below *Full* are parts of the predictions of one training on all three.
Models that are trained on one dataset alone have tables of their own: `slstt-sde`, `smic-3`, `casme2-5`, `casme2-3`,
`samm-5`, `samm-3`.

**Several tasks.** A model has one row, with its figures on each task under a heading of its own. Ranks are by the
first column. Letters and differences are of one task at a time.

**Published figures** stand beside results on real data alone. Beside generated data they are left out. Each has its
source, and a note where it is not what it seems: an epoch that was chosen on the test subjects, a precision that is
printed as UAR, figures that were derived from rounded confusion matrices, 435 of 442 clips. A figure that nobody here
has read is empty.

## The tables
"""
CONTROLS = {name for name in cards.names("models") if cards.card("models", name)["kind"] == "control"}
GROUPS = {
    "Of the four papers": ("slstt-cde", "slstt-sde", "hsta-casme3", "msmmt-cde", "msmmt-smic", "me-tst"),
    "Of the composite": ("megc2019", "megc2019-flow"),
    "Of one dataset": ("casme2-3", "casme2-5", "casme2-objective", "samm-3", "samm-5", "samm-objective", "smic-3",
                       "casme3"),
    "Of spotting": ("sammlv-spotting", "sammlv-strs", "casme3-spotting", "casme3-strs", "casme2sq-spotting"),
    "Studies": ("selection", "selection-flow", "slstt-ablations", "hsta-ablations", "msmmt-ablations",
                "me-tst-ablations", "cost"),
}  # fmt: skip


def page() -> str:
    """The page, as Markdown. A table without a group is an error."""
    left_out = set(shipped()) ^ {name for names in GROUPS.values() for name in names}
    if left_out:
        raise SystemExit(f"put into a group of docs/tables.py, or take out: {', '.join(sorted(left_out))}")
    parts = [HEAD]
    for group, names in GROUPS.items():
        lines = [_line(name) for name in names]
        parts.append("\n".join([f"### {group}\n", "| command | what it shows | tasks | models | published rows |",
                                "| --- | --- | --- | --- | ---: |", *lines]) + "\n")  # fmt: skip
    return "\n".join([*parts, TAIL])


TAIL = """A task without a file here has a default table under its own name. [add-a-table.md](add-a-table.md) makes one
of your own.
"""


def _line(name: str) -> str:
    described, wanted = tables.describe(name), needs(name)
    if wanted.models:
        shown = [name_of(entry) for entry in wanted.models if name_of(entry) not in CONTROLS]
        models = ", ".join(f"`{model}`" for model in shown) + (
            " and controls" if len(shown) < len(wanted.models) else ""
        )
    else:
        models = f"all of the configuration; {len(wanted.default_models)} where it does not have the task"
    tasks = ", ".join(f"`{task}`" for task in wanted.tasks)
    command = f"`snakemake results/tables/{name}.csv`"
    return f"| {command} | {described.title} | {tasks} | {models} | {len(described.published)} |"


if __name__ == "__main__":
    if "--write" in sys.argv[1:]:
        PAGE.write_text(page(), encoding="utf-8")
    else:
        print(page(), end="")
