"""A configuration resolved against cards and definitions: which datasets, tasks and model entries there are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from mebench.clips.entry import DatasetEntry
from mebench.config import kinds
from mebench.config.entries import Document, ModelEntry, Settings
from mebench.config.kinds import KindCard
from mebench.model_card import model_card
from mebench.protocols.tasks import SHIPPED, TaskDefinition

FORMAT = "mebench configuration 1"  # of results/config.json


@dataclass(frozen=True)
class Configuration:
    """``settings`` are the keys of config.yaml with their defaults; ``tasks`` and ``entries`` (of models) are by name,
    in the order in which they are written."""

    settings: Settings
    tasks: dict[str, TaskDefinition]
    entries: dict[str, ModelEntry]

    def document(self) -> Document:
        """All of it as JSON, for ``results/config.json``; equal configurations give equal JSON."""
        return {
            "format": FORMAT,
            "settings": self.settings,
            "tasks": list(self.tasks.values()),
            "entries": list(self.entries.values()),
        }

    @classmethod
    def read(cls, document: Document) -> Configuration:
        """The configuration of a :meth:`document`."""
        tasks = {definition["name"]: definition for definition in document["tasks"]}
        return cls(document["settings"], tasks, {entry["name"]: entry for entry in document["entries"]})

    @property
    def results(self) -> str:
        """The folder that holds everything a run makes."""
        return self.settings["results"].rstrip("/")

    @property
    def selection(self) -> str:
        return self.settings["selection"]

    @property
    def seeds(self) -> list[int]:
        return self.settings["seeds"]

    @cached_property
    def datasets(self) -> dict[str, DatasetEntry]:
        """All that are configured, whether a task needs them or not: each is read, checked and shown in the report."""
        return dict(sorted(self.settings["datasets"].items()))

    @cached_property
    def kinds(self) -> dict[str, KindCard]:
        """The card of the kind of each task."""
        return {name: kinds.card(definition) for name, definition in self.tasks.items()}

    @property
    def own_tasks(self) -> list[TaskDefinition]:
        """The definitions of the tasks that the configuration itself defines."""
        named = [str(written["name"]) for written in self.settings["tasks"] if not isinstance(written, str)]
        return [self.tasks[name] for name in named if name not in SHIPPED]

    def pairs(self) -> list[tuple[str, str]]:
        """Each task with each model entry that is for it: that names it, or names none and serves its kind."""
        return [(t, m) for t in self.tasks for m, entry in self.entries.items() if self._is_for(entry, t)]

    def _is_for(self, entry: ModelEntry, task: str) -> bool:
        if entry["tasks"] is not None:
            return task in entry["tasks"]
        return self.kinds[task]["name"] in self.serves[entry["name"]]

    @cached_property
    def serves(self) -> dict[str, list[str]]:
        """The kinds of task that the model of each entry serves."""
        return {name: model_card(entry["model"]).get("serves", [kinds.DEFAULT]) for name, entry in self.entries.items()}
