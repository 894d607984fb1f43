"""A configuration with what a table needs and it does not have: tasks, model entries, and generated datasets.

An entry of the configuration that is called like one of the table's is taken as the configuration has it. One that it
lacks is run as the table has it; where all datasets are small stand-ins, with the small preset of its model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

from mebench import cards
from mebench.clips.entry import DatasetEntry
from mebench.config import feasible, kinds, recipes, rehearsal
from mebench.config.configuration import Configuration
from mebench.config.entries import ModelEntry, Settings
from mebench.errors import UserError, did_you_mean
from mebench.model_card import model_card
from mebench.owner_paths import expanded
from mebench.plan.tables import Needs, WrittenEntry, name_of, tasks_of
from mebench.protocols.tasks import TASKS, task

Pair = tuple[str, str]  # of a task and a model entry


def with_tables(configuration: Configuration, tables: Iterable[Needs]) -> Configuration:
    """The configuration, and what it lacks of the tables' needs."""
    for needs in tables:
        configuration = _with_table(configuration, needs)
    return configuration


def of_table(configuration: Configuration, needs: Needs) -> Configuration:
    """What a table needs, and nothing else: its tasks, datasets and entries, each on the tasks that it is shown on."""
    whole = _with_table(configuration, needs)
    shown = pairs(configuration, needs)
    tasks = {name: whole.tasks[name] for name in needs.tasks}
    entries = {
        name: cast(ModelEntry, {**entry, "tasks": [t for t in tasks if (t, name) in shown]})
        for name, entry in whole.entries.items()
        if any(model == name for _, model in shown)
    }
    wanted = {dataset for t, m in shown for dataset in feasible.datasets_of(tasks[t], entries[m])}
    datasets = {name: entry for name, entry in whole.settings["datasets"].items() if name in wanted}
    settings = cast(Settings, {**whole.settings, "datasets": datasets, "tables": [needs.table]})
    return Configuration(settings, tasks, entries)


def pairs(configuration: Configuration, needs: Needs) -> list[Pair]:
    """Each task of a table with each entry that the table shows on it."""
    if needs.models is not None:
        return [(t, name) for t in needs.tasks for name in needs.names(t) if _serves(configuration, needs, name, t)]
    here = [pair for pair in configuration.pairs() if pair[0] in needs.tasks]
    absent = [t for t in needs.tasks if t not in configuration.tasks]
    return [*here, *((t, name) for t in absent for name in needs.names(t))]


def with_dataset(configuration: Configuration, name: str, why: str) -> Configuration:
    """The configuration with its dataset of this name: where all others are generated, this one is generated too."""
    own = configuration.settings["datasets"]
    if name in own:
        return configuration
    if any(entry["source"] != "synthetic" for entry in own.values()):
        raise UserError(
            f"{why} needs the dataset {name}; add it to 'datasets' in the configuration, for example "
            f"{name}: {{source: /path/to/your/copy}} or {name}: {{source: synthetic}}"
        )
    cards.locate("datasets", name)
    made: DatasetEntry = {"source": "synthetic"}
    if configuration.settings.get("rehearsal"):
        made = rehearsal.stand_in(name, made)
    settings = cast(Settings, {**configuration.settings, "datasets": {**own, name: made}})
    return replace(configuration, settings=settings)


def own_settings(configuration: Configuration, needs: Needs) -> list[str]:
    """The names of the table's entries that the configuration has with other settings than the table."""
    own = []
    for entry in _written(configuration, needs).values():
        name = name_of(entry)
        # an entry that is named by a word of the configuration alone has no settings of the table's
        if name in configuration.entries and not (
            isinstance(entry, str) and configuration.entries[name]["model"] != expanded(entry, "model")
        ):
            ours, theirs = configuration.entries[name], _resolved(configuration, entry)
            if any(ours.get(key) != theirs.get(key) for key in ("options", "recipe", "stage", "selection")):
                own.append(name)
    return own


def _written(configuration: Configuration, needs: Needs) -> dict[str, WrittenEntry]:
    """The entries that a table asks for, by name; none where it shows those of the configuration."""
    if needs.models is not None:
        return {name_of(entry): entry for entry in needs.models}
    absent = tuple(t for t in needs.tasks if t not in configuration.tasks)
    return {name_of(entry): entry for entry in (needs.default_models if absent else ()) if tasks_of(entry, absent)}


def _with_table(configuration: Configuration, needs: Needs) -> Configuration:
    shown, own = pairs(configuration, needs), configuration.pairs()
    if set(needs.tasks) <= configuration.tasks.keys() and set(own).issuperset(shown):
        return configuration
    for name in needs.tasks:
        if name not in configuration.tasks and name not in TASKS:
            raise UserError(f"the table {needs.name} needs the task {name}{did_you_mean(name, TASKS)}")
    if needs.models is None and not all(any(t == name for t, _ in shown) for name in needs.tasks):
        lacking = next(name for name in needs.tasks if not any(t == name for t, _ in shown))
        raise UserError(f"the table {needs.name} needs the task {lacking}; add it to 'tasks' in the configuration")
    written = _written(configuration, needs)
    entries: dict[str, ModelEntry] = {
        # an entry for all tasks stays with those of the configuration
        name: cast(ModelEntry, {**entry, "tasks": [t for t, m in own if m == name]})
        for name, entry in configuration.entries.items()
    }
    tasks = {**configuration.tasks, **{name: task(name) for name in needs.tasks if name not in configuration.tasks}}
    for name in dict.fromkeys(model for _, model in shown):
        entry = entries[name] if name in entries else _resolved(configuration, written[name])
        _check_same(needs, name, entry, written.get(name, name))
        others = entries[name]["tasks"] or [] if name in entries else []
        entries[name] = cast(ModelEntry, {**entry, "tasks": [
            t for t in tasks if t in others or (t, name) in shown
        ]})  # fmt: skip
    result = Configuration(configuration.settings, tasks, entries)
    for t, name in shown:
        for dataset in feasible.datasets_of(tasks[t], entries[name]):
            result = with_dataset(result, dataset, f"the table {needs.name}")
    feasible.check(result)
    return result


def _resolved(configuration: Configuration, written: WrittenEntry) -> ModelEntry:
    """An entry of a table, resolved for the data of the configuration."""
    if configuration.settings.get("rehearsal"):
        written = rehearsal.small(written)
    elif all(map(feasible.small_stand_in, configuration.datasets.values())):
        written = _on_stand_ins(written)
    return recipes.resolve(written, configuration.settings["flow"])


def _on_stand_ins(written: WrittenEntry) -> Mapping[str, object]:
    """An entry with the small preset of its model, without weights, which are of the network at full size; one with
    another preset takes the options of the small one."""
    entry = {"model": written} if isinstance(written, str) else dict(written)
    card = model_card(expanded(str(entry["model"]), "model"))
    small = card.get("presets", {}).get("small")
    if small is None:
        return entry
    entry = rehearsal.without_weights(entry, card)
    if "preset" not in entry:
        return {"preset": "small", **entry}
    return {**{key: value for key, value in small.items() if key in card.get("options", {})}, **entry}


def _serves(configuration: Configuration, needs: Needs, name: str, task_name: str) -> bool:
    """Whether an entry that a table shows is for one of its tasks: it names the task, or its model serves the kind."""
    written = _written(configuration, needs)[name]
    if not isinstance(written, str) and "tasks" in written:
        return True
    entry = configuration.entries.get(name)
    model = entry["model"] if entry else _model(configuration, needs, name)
    definition = configuration.tasks.get(task_name) or task(task_name)
    return kinds.card(definition)["name"] in model_card(model).get("serves", [kinds.DEFAULT])


def _model(configuration: Configuration, needs: Needs, name: str) -> str:
    """The model of an entry that the configuration does not have."""
    written = _written(configuration, needs)[name]
    model = expanded(written if isinstance(written, str) else str(written.get("model", "")), "model")
    if not Path(model).is_file() and model not in cards.names("models"):
        known = {*configuration.entries, *cards.names("models")}
        raise UserError(
            f"the table {needs.name} shows the model '{name}', which the configuration does not have"
            f"{did_you_mean(name, known)}"
        )
    return model


def _check_same(needs: Needs, name: str, entry: ModelEntry, written: WrittenEntry) -> None:
    """A UserError where the configuration calls another model by the name of one of the table's entries."""
    if not isinstance(written, str) and entry["model"] != (model := expanded(str(written["model"]), "model")):
        raise UserError(
            f"the table {needs.name} shows {model} as '{name}', but the configuration has {entry['model']} by that "
            "name; give that entry another name"
        )
