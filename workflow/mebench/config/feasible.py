"""What can be known to fail when the configuration is read, said then and before anything runs."""

from __future__ import annotations

from collections.abc import Mapping

from mebench.clips.card import DatasetCard, dataset_card
from mebench.clips.entry import DatasetEntry
from mebench.config import input_names, kinds, recipes, stages
from mebench.config.configuration import Configuration
from mebench.config.entries import ModelEntry
from mebench.config.spec import ModelInputs
from mebench.errors import UserError
from mebench.protocols.tasks import TaskDefinition, extra_datasets

COMPLETE = ("full", "rehearsal")  # sizes with as many clips as the real dataset
ONLY_SYNTHETIC = ("size", "subjects", "clips", "seed")
FULL = ("casme2", "samm", "smic", "smic_vis", "smic_nir", "casme3", "casme3_long", "casme_sq", "samm_long", "smic_long")
NEVER_CLEAR = ("casme3", "flow_images")  # clips cut from brief videos, and pictures of flow
SUBJECTS, OF_VIDEOS = 8, 6  # of a small stand-in where the configuration does not say; the latter of long videos


def check(configuration: Configuration) -> None:
    """Raise a UserError for the first thing that cannot work: options of a source, inputs that a dataset cannot give,
    too few subjects for the selection ``inner``."""
    for name, written in configuration.datasets.items():
        _source(name, written)
    for task, model in configuration.pairs():
        entry = configuration.entries[model]
        _kind(configuration, task, entry)
        for dataset in datasets_of(configuration.tasks[task], entry):
            reason = unreadable(entry["inputs"], dataset_card(dataset), configuration.tasks[task])
            if reason:
                raise UserError(
                    f"the model entry '{model}' cannot run on the task {task}: {reason}; "
                    f"{_elsewhere(configuration, task, entry)}"
                )
    _inner(configuration)


def datasets_of(definition: TaskDefinition, entry: ModelEntry) -> list[str]:
    """The datasets of a task, and those of the extra clips that an entry trains on."""
    return [*definition["datasets"], *extra_datasets(definition, entry["recipe"].get("extra_clips", "none"))]


def _source(name: str, entry: DatasetEntry) -> None:
    if entry["source"] != "synthetic":
        given = [key for key in ONLY_SYNTHETIC if key in entry]
        if given:
            raise UserError(f"the dataset {name} has {', '.join(given)}, which only go with the source synthetic; "
                            "remove them, or write source: synthetic")  # fmt: skip
        return
    if "sha256" in entry:
        raise UserError(f"the dataset {name} has sha256, which is that of an archive, but its source is synthetic; "
                        "remove the key")  # fmt: skip
    if entry.get("size") == "brief" and dataset_card(name).delivers != "videos":
        raise UserError(f"the dataset {name} has no long videos, which alone can be brief; remove size: brief")
    if entry.get("size") == "clear" and name in NEVER_CLEAR:
        raise UserError(f"the dataset {name} cannot be generated clear; remove size: clear")
    size = entry.get("size")
    if size not in COMPLETE:
        return
    if size == "full" and name not in FULL:
        raise UserError(f"the dataset {name} is only generated at small size; remove size: full")
    given = [key for key in ("subjects", "clips") if key in entry]
    if given:
        raise UserError(f"the dataset {name} has size: {size}, which has the real one's subjects and clips; "
                        f"remove {' and '.join(given)}")  # fmt: skip


CLASS_KEYS = ("class_weights", "label_smoothing", "order")  # keys of a recipe that mean something where classes are


def _kind(configuration: Configuration, task: str, entry: ModelEntry) -> None:
    """A model serves the kinds of task that its card says, recognition where it says nothing; what a recipe says of
    classes goes with those alone that have some."""
    kind, serves = configuration.kinds[task], configuration.serves[entry["name"]]
    if kind["name"] not in serves:
        raise UserError(
            f"the model entry '{entry['name']}' serves {', '.join(serves)}, but the task {task} is of the kind "
            f"{kind['name']}; give the entry tasks of its own, or a model whose card has serves: [{kind['name']}]"
        )
    selection = entry.get("selection", configuration.selection)
    if entry["training"] == "gradient" and selection not in ("last", *kind["selection"]):
        raise UserError(
            f"the task {task} is of the kind {kind['name']}, which has no selection: {selection}; "
            f"write selection: {' or '.join(['last', *kind['selection']])}"
        )
    stage = {**configuration.tasks[task].get("stage", {}), **(entry["stage"] if "stage" in kind else {})}
    stages.check(kind, stage, f"the model entry '{entry['name']}'", configuration.tasks[task].get("classes", []))
    held = [key for key, value in stage.items() if value == "inner"]
    if held and selection != "inner":
        raise UserError(
            f"the task {task} has the stage parameter {held[0]}: inner, which is chosen on subjects that each fold "
            f"holds out of its training subjects; write selection: inner instead of selection: {selection}"
        )
    if held and entry["training"] == "fit":
        raise UserError(
            f"the task {task} has the stage parameter {held[0]}: inner, but the model entry '{entry['name']}' is "
            f"fitted at once and holds no subject out; give the entry another task, or write a number for {held[0]}"
        )
    recipe: Mapping[str, object] = entry["recipe"]
    if recipe.get("stack", 1) != 1 and not kind.get("stacks", False):
        raise UserError(f"the model entry '{entry['name']}' has stack: {recipe['stack']}, but the task {task} is of "
                        f"the kind {kind['name']}, whose folds are trained one at a time; leave stack out")  # fmt: skip
    for key in CLASS_KEYS if not kind.get("classes", False) else ():
        default = recipes.RECIPE[key]
        value = recipe.get(key, default)
        if value != default:
            raise UserError(f"the model entry '{entry['name']}' has {key}: {value}, but the task {task} has no "
                            f"classes; write {key}: {default}")  # fmt: skip


def unreadable(wanted: ModelInputs, card: DatasetCard, task: TaskDefinition | None = None) -> str:
    """Why a model that asks for the input ``wanted`` cannot read what a dataset delivers for a task (of clips, where
    none is given); empty where it can."""
    if wanted["kind"] == "none":
        return ""
    of_clips = task is None or not kinds.made_of_recordings(task)
    if of_clips and card.delivers == "videos" and input_names.KINDS[wanted["kind"]].get("per") == "video":
        return f"its input {wanted['kind']} has one array for each long video of {card.name}, not for each clip"
    if card.delivers != "pictures":
        return ""
    sizes = {int(name.rpartition("-")[2]) for name in card.inputs}
    pictures = f"{card.name} delivers flow pictures of {' or '.join(map(str, sorted(sizes)))} pixels"
    if wanted["kind"] != "apex_flow":
        return f"it reads the input {wanted['kind']}, but {pictures}"
    if wanted.get("size") not in sizes:
        return f"it reads flow of {wanted.get('size')} x {wanted.get('size')} pixels, but {pictures}"
    if wanted.get("range") == "pixels":
        return f"it reads flow in pixels, but {pictures}, which are stretched to 0..255"
    return ""


def _elsewhere(configuration: Configuration, task: str, entry: ModelEntry) -> str:
    """What to write instead."""
    others = [name for name, definition in configuration.tasks.items() if all(
        not unreadable(entry["inputs"], dataset_card(dataset)) for dataset in definition["datasets"]
    )]  # fmt: skip
    if entry["recipe"].get("extra_clips", "none") != "none" and task in others:
        return "leave out extra_clips"
    if not others:
        return "remove the entry, or add a task of videos"
    return f"give the entry tasks: [{', '.join(others)}]"


def _inner(configuration: Configuration) -> None:
    """``inner`` holds subjects out of a fold's training subjects, so three are needed; the number is known before
    anything is read where all datasets of a task are small stand-ins."""

    def held_out(entry: ModelEntry) -> bool:
        return entry["training"] == "gradient" and entry.get("selection", configuration.selection) == "inner"

    trained = {task for task, model in configuration.pairs() if held_out(configuration.entries[model])}
    for task, definition in configuration.tasks.items():
        datasets = {name: configuration.datasets[name] for name in definition["datasets"]}
        if task in trained and all(map(small_stand_in, datasets.values())):
            count = sum(subjects(name, entry) for name, entry in datasets.items())
            if count < 3:
                raise UserError(
                    f"selection: inner needs at least three subjects, but the task {task} has {count}; ask for more "
                    "subjects, or write selection: last"
                )


def small_stand_in(dataset: DatasetEntry) -> bool:
    """Whether a dataset of the configuration is a generated one of few subjects: small, clear or brief."""
    return dataset["source"] == "synthetic" and dataset.get("size", "small") not in COMPLETE


def subjects(name: str, entry: DatasetEntry) -> int:
    """How many subjects a small stand-in has."""
    fewer = dataset_card(name).delivers == "videos" and entry.get("size", "small") in ("small", "clear")
    return entry.get("subjects", OF_VIDEOS if fewer else SUBJECTS)
