"""Which code decides the result of a fold, and its digest. Jobs that need it compute it; parsing the Snakefile does
not.

Snakemake's own trigger is the cheap digest of whole files (:mod:`mebench.sources`). A new comment therefore starts a
job, which sees that all of its folds still hold.
"""

from __future__ import annotations

from pathlib import Path

from mebench import cards, codedigest, tasks
from mebench.config.spec import RunSpec
from mebench.model_card import is_light

PACKAGE = Path(__file__).parents[1]
ENGINE = (
    "mebench.training.fold:run_fold",
    "mebench.training.data:load",
    "mebench.runs.attempt:write_result",
    "mebench.runs.device:prepared",
    "mebench.runs.checkpoint:Checkpoint",
)
LIGHT = (
    "mebench.training.light:run_fold",
    "mebench.training.light:load",
    "mebench.runs.light:write_result",
)
STACK = "mebench.training.stack:run_stack"  # beside these for a stack of folds
# modules that read, write and report errors, but decide no result
PLUMBING = ("mebench", "mebench.errors", "mebench.files", "mebench.formats", "mebench.cards")


def model_digest(name: str) -> str:
    """Digest of what a model's code does: of its class and all that it reaches. For a rule file it is the digest of its
    bytes."""
    path = cards.locate("models", name).resolve()
    if cards.is_rule_file(name):
        return codedigest.digest([str(path)], PACKAGE, PLUMBING)
    return codedigest.digest([_entry("models", path, cards.card("models", name)["module"])], PACKAGE, PLUMBING)


def engine_digest(spec: RunSpec) -> str:
    """Digest of what training, protocol, metrics and the run's kind of task do."""
    path = cards.locate("tasks", tasks.name_of(spec["task"])).resolve()
    kind = _entry("tasks", path, tasks.card(spec["task"])["module"])
    light = "model" in spec and is_light(spec["model"])
    engine = [*(LIGHT if light else ENGINE), *([STACK] if spec.get("recipe", {}).get("stack", 1) > 1 else [])]
    return codedigest.digest([*engine, kind], PACKAGE, PLUMBING)


def _entry(room: str, path: Path, name: str) -> str:
    inside = path.parent == PACKAGE / room
    return f"mebench.{room}.{path.stem}:{name}" if inside else f"{path}:{name}"
