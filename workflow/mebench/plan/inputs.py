"""Which input each run reads of each dataset, and what an input is made from."""

from __future__ import annotations

from mebench.clips.card import dataset_card
from mebench.config import feasible, input_names
from mebench.config.configuration import Configuration
from mebench.config.input_names import InputSpec
from mebench.plan.runs import Run


class Inputs:
    """The inputs of a configuration; ``name`` is that of an input, e.g. ``apex_flow-28.eyes``."""

    def __init__(self, configuration: Configuration):
        self.datasets = configuration.datasets

    def crop(self, dataset: str) -> str:
        """``provided`` where the delivered frames are crops of faces, ``detected`` where faces are looked for."""
        entry = self.datasets[dataset]
        made_here = entry["source"] == "synthetic"  # generated faces fill their frames
        return entry.get("crop") or ("provided" if made_here else dataset_card(dataset).crop or "provided")

    def name(self, run: Run, dataset: str) -> str:
        """The name of the input that a run reads of a dataset, e.g. ``apex_flow-28``; the crop is the model's where
        faces are detected."""
        wanted = run.spec["inputs"]
        options = dict(wanted.get("options", {}))
        if "crop" in input_names.KINDS[wanted["kind"]]["options"]:
            options["crop"] = wanted.get("crop", "eyes") if self.crop(dataset) == "detected" else "provided"
        return input_names.spec(wanted["kind"], wanted.get("size"), options).name

    def base(self, dataset: str, name: str) -> str | None:
        """The input that another one is made from; published pictures are made from nothing."""
        return None if self.delivers_pictures(dataset) else input_names.parse(name).base

    def needs_faces(self, dataset: str, name: str) -> bool:
        """Whether an input is cropped by faces."""
        return input_names.parse(name).needs_faces and not self.delivers_pictures(dataset)

    def truth_is_known(self, dataset: str, name: str) -> bool:
        """Whether an input is the flow of a dataset that was generated with a known flow."""
        spec = input_names.parse(name)
        entry = self.datasets[dataset]
        of_clips = entry.get("size") == "rehearsal" and dataset_card(dataset).delivers == "frames"
        moving = feasible.small_stand_in(entry) or of_clips
        return moving and spec.kind in input_names.FLOWS and not spec.needs_faces

    def delivers_pictures(self, dataset: str) -> bool:
        """Whether a dataset consists of published pictures of flow, not of frames."""
        return dataset_card(dataset).delivers == "pictures"

    @property
    def with_faces(self) -> list[str]:
        """The datasets that deliver frames, so that faces can be looked for."""
        return [name for name in self.datasets if not self.delivers_pictures(name)]


def cropped(name: str) -> bool:
    """Whether an input is cut out of the delivered frames."""
    return input_names.parse(name).options.get("crop", "provided") != "provided"


def order(name: str) -> tuple[str, int, str]:
    """Sorts inputs by kind, size and name."""
    spec: InputSpec = input_names.parse(name)
    return spec.kind, spec.size or 0, name
