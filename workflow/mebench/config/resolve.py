"""From what is written in a configuration to a :class:`Configuration`: checked, completed and resolved."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mebench import cards
from mebench.config import feasible, given, own_tasks, recipes, rehearsal
from mebench.config.configuration import Configuration
from mebench.config.entries import ModelEntry, Settings
from mebench.errors import UserError, did_you_mean
from mebench.protocols.tasks import TASKS, TaskDefinition, extra_datasets, task


def resolve(settings: Settings) -> Configuration:
    """Checked settings, resolved against cards and definitions; a UserError says what cannot work."""
    named = [task(entry) if isinstance(entry, str) else own_tasks.own(entry) for entry in settings["tasks"]]
    tasks = {definition["name"]: definition for definition in named}
    configuration = Configuration(settings, tasks, _entries(settings, tasks))
    _check_datasets(configuration)
    _check_served(configuration)
    for task_name, entry in configuration.pairs():
        _check_extra(configuration, task_name, entry)
    feasible.check(configuration)
    return configuration


def _entries(settings: Settings, tasks: Mapping[str, TaskDefinition]) -> dict[str, ModelEntry]:
    models = settings["models"]
    if settings.get("rehearsal"):
        # a stand-in has other clips than somebody's predictions
        models = [rehearsal.small(entry) for entry in models if not given.is_given(entry)]
    resolved = [given.resolve(entry) if isinstance(entry, Mapping) and given.is_given(entry)
                else recipes.resolve(entry, settings["flow"]) for entry in models]  # fmt: skip
    entries = {entry["name"]: entry for entry in resolved}
    if len(entries) < len(resolved):
        names = [entry["name"] for entry in resolved]
        twice = next(name for name in names if names.count(name) > 1)
        raise UserError(f"two model entries are called '{twice}'; give each a 'name' of its own")
    for name, entry in entries.items():
        _check_entry(name, entry, tasks)
    return entries


def _check_entry(name: str, entry: ModelEntry, tasks: Mapping[str, TaskDefinition]) -> None:
    for other in entry["tasks"] or ():
        if other not in tasks:
            raise UserError(
                f"the model entry '{name}' is for the task {other}, which is not among the tasks of this "
                f"configuration{did_you_mean(other, tasks)}"
            )
    if cards.is_rule_file(entry["model"]) and not _writes_given(entry["model"], name):
        raise UserError(
            f"the model entry '{name}' needs a rule with the output "
            f"<results>/runs/{{task}}/{name}/seed{{seed}}/given.csv, but {entry['model']} has none; "
            "docs/add-a-model.md shows one"
        )
    for path in cards.weights_files(entry):
        if not Path(path).is_file():
            raise UserError(f"the model entry '{name}' begins with the weights {path}, but there is no such file")


def _writes_given(path: str, name: str) -> bool:
    """Whether the text of a rule file has the output that :mod:`mebench.runs.adopt` waits for."""
    text = Path(path).read_text(encoding="utf-8")
    return any(f"/runs/{{task}}/{model}/seed{{seed}}/given.csv" in text for model in (name, "{model}"))


def _check_served(configuration: Configuration) -> None:
    """Each task has a model that serves its kind, and each entry a task."""
    pairs = configuration.pairs()
    for name in configuration.tasks:
        if name not in {task for task, _ in pairs}:
            kind = configuration.kinds[name]["name"]
            raise UserError(f"no model entry is for the task {name}: none serves its kind, {kind}; add one that does, "
                            "which 'mebench models' tells")  # fmt: skip
    for name in configuration.entries:
        if name not in {model for _, model in pairs}:
            serves = ", ".join(configuration.serves[name])
            raise UserError(f"the model entry '{name}' serves {serves}, but no task of this configuration is of that "
                            "kind; add one, or remove the entry")  # fmt: skip


def _check_datasets(configuration: Configuration) -> None:
    for name in configuration.settings["datasets"]:
        cards.locate("datasets", name)
    tasks = configuration.tasks
    for name in sorted({name for definition in tasks.values() for name in definition["datasets"]}):
        if name not in configuration.datasets:
            wants = ", ".join(t for t in tasks if name in tasks[t]["datasets"])
            raise UserError(
                f"the task {wants} needs the dataset {name}; add it to 'datasets' in the configuration, "
                f"for example {name}: {{source: /path/to/your/copy}} or {name}: {{source: synthetic}}"
            )


def _check_extra(configuration: Configuration, task: str, model: str) -> None:
    """Clips of other datasets that an entry trains on have to be there."""
    wanted = configuration.entries[model]["recipe"].get("extra_clips", "none")
    if wanted == "none":
        return
    datasets = extra_datasets(configuration.tasks[task], wanted)
    if not datasets:
        having = ", ".join(name for name, definition in TASKS.items() if wanted in definition)
        raise UserError(
            f"the model entry '{model}' has extra_clips: {wanted}, but the task {task} has none; those with "
            f"{wanted}-expressions are {having}"
        )
    for name in datasets:
        if name not in configuration.datasets:
            raise UserError(
                f"the model entry '{model}' has extra_clips: {wanted}, which are clips of the dataset {name}; "
                "add it to 'datasets' in the configuration"
            )
