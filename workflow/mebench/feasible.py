"""What can be known to fail when the configuration is read, said then and before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mebench import cards, inputs, recipes, tasks
from mebench.errors import UserError

if TYPE_CHECKING:
    from mebench.plan import Plan, Run

ONLY_SYNTHETIC = ("size", "subjects", "clips", "seed")
FULL = ("casme2", "samm", "smic", "smic_vis", "smic_nir", "casme3", "casme3_long", "casme_sq", "samm_long", "smic_long")
SUBJECTS = 8  # of a small stand-in where the configuration does not say


def check(plan: Plan) -> None:
    """Raise a UserError for the first thing that cannot work: options of a source, inputs that a dataset cannot give,
    too few subjects for the selection ``inner``."""
    for name, entry in plan.datasets.items():
        _source(name, entry)
    first = plan.config["seeds"][0]
    for run in [run for run in plan.runs if run.seed == first]:  # the seed changes nothing of what is asked here
        _kind(plan, run)
        for dataset in plan.datasets_of(run):
            reason = unreadable(run.spec["inputs"], cards.card("datasets", dataset), plan.tasks[run.task])
            if reason:
                raise UserError(
                    f"the model entry '{run.model}' cannot run on the task {run.task}: {reason}; "
                    f"{_elsewhere(plan, run)}"
                )
    if plan.selection == "inner":
        _inner(plan)


def _source(name: str, entry: dict[str, Any]) -> None:
    if entry["source"] != "synthetic":
        given = [key for key in ONLY_SYNTHETIC if key in entry]
        if given:
            raise UserError(f"the dataset {name} has {', '.join(given)}, which only go with the source synthetic; "
                            "remove them, or write source: synthetic")  # fmt: skip
        return
    if "sha256" in entry:
        raise UserError(f"the dataset {name} has sha256, which is that of an archive, but its source is synthetic; "
                        "remove the key")  # fmt: skip
    if entry.get("size") != "full":
        return
    if name not in FULL:
        raise UserError(f"the dataset {name} is only generated at small size; remove size: full")
    given = [key for key in ("subjects", "clips") if key in entry]
    if given:
        raise UserError(f"the dataset {name} has size: full, which has the real one's subjects and clips; "
                        f"remove {' and '.join(given)}")  # fmt: skip


OF_CLASSES = ("class_weights", "label_smoothing", "order")  # keys of a recipe that mean something where classes are


def _kind(plan: Plan, run: Run) -> None:
    """A model serves the kinds of task that its card says, recognition where it says nothing; what a recipe says of
    classes goes with those alone that have some."""
    card, kind = cards.card("models", run.spec["model"]), plan.kinds[run.task]
    serves = card.get("serves", [tasks.DEFAULT])
    if kind["name"] not in serves:
        raise UserError(
            f"the model entry '{run.model}' serves {', '.join(serves)}, but the task {run.task} is of the kind "
            f"{kind['name']}; give the entry tasks of its own, or a model whose card has serves: [{kind['name']}]"
        )
    if run.spec["training"] == "gradient" and run.spec["selection"] not in ("last", *kind["selection"]):
        raise UserError(
            f"the task {run.task} is of the kind {kind['name']}, which has no selection: {run.spec['selection']}; "
            f"write selection: {' or '.join(['last', *kind['selection']])}"
        )
    for key in OF_CLASSES if not kind.get("classes", False) else ():
        value, default = run.spec["recipe"].get(key, recipes.RECIPE[key]), recipes.RECIPE[key]
        if value != default:
            raise UserError(f"the model entry '{run.model}' has {key}: {value}, but the task {run.task} has no "
                            f"classes; write {key}: {default}")  # fmt: skip


def unreadable(wanted: dict[str, Any], card: dict[str, Any], task: dict[str, Any] | None = None) -> str:
    """Why a model that asks for the input ``wanted`` cannot read what a dataset delivers for a task (of clips, where
    none is given); empty where it can."""
    of_clips = task is None or not tasks.of_recordings(task)
    if of_clips and card["delivers"] == "videos" and inputs.KINDS[wanted["kind"]].get("per") == "video":
        return f"its input {wanted['kind']} has one array for each long video of {card['name']}, not for each clip"
    if card["delivers"] != "pictures":
        return ""
    sizes = {int(name.rpartition("-")[2]) for name in card["inputs"]}
    pictures = f"{card['name']} delivers flow pictures of {' or '.join(map(str, sorted(sizes)))} pixels"
    if wanted["kind"] != "apex_flow":
        return f"it reads the input {wanted['kind']}, but {pictures}"
    if wanted.get("size") not in sizes:
        return f"it reads flow of {wanted.get('size')} x {wanted.get('size')} pixels, but {pictures}"
    if wanted.get("range") == "pixels":
        return f"it reads flow in pixels, but {pictures}, which are stretched to 0..255"
    return ""


def _elsewhere(plan: Plan, run: Run) -> str:
    """What to write instead."""
    others = [task for task in plan.tasks if all(
        not unreadable(run.spec["inputs"], cards.card("datasets", name)) for name in plan.tasks[task]["datasets"]
    )]  # fmt: skip
    if run.spec["recipe"].get("extra_clips", "none") != "none" and run.task in others:
        return "leave out extra_clips"
    if not others:
        return "remove the entry, or add a task of videos"
    return f"give the entry tasks: [{', '.join(others)}]"


def _inner(plan: Plan) -> None:
    """``inner`` holds subjects out of a fold's training subjects, so three are needed; the number is known before
    anything is read where all datasets of a task are small stand-ins."""
    trained = {run.task for run in plan.runs if run.spec["training"] == "gradient"}
    for task in plan.tasks:
        entries = [plan.datasets[name] for name in plan.tasks[task]["datasets"]]
        if task in trained and all(map(_small, entries)):
            count = sum(entry.get("subjects", SUBJECTS) for entry in entries)
            if count < 3:
                raise UserError(
                    f"selection: inner needs at least three subjects, but the task {task} has {count}; ask for more "
                    "subjects, or write selection: last"
                )


def _small(entry: dict[str, Any]) -> bool:
    return entry["source"] == "synthetic" and entry.get("size", "small") == "small"
