"""The entry of a dataset in the configuration, as config.schema.yaml has it: checked before it comes here."""

from __future__ import annotations

from typing import TypedDict


class _CorrectionReason(TypedDict):
    reason: str


class CorrectionEntry(_CorrectionReason, total=False):
    """Labels of one clip that the owner corrects, and why."""

    onset: int
    apex: int
    offset: int
    emotion: str


class GeneratorOptions(TypedDict, total=False):
    """How a generated dataset is asked for: the mean number of ``clips`` of each subject; ``size`` is small,
    brief or full."""

    subjects: int
    clips: int
    seed: int
    size: str


class FetchOptions(GeneratorOptions, total=False):
    """What the entry of a dataset says to `mebench fetch` besides its source; ``sha256`` is that of the archive."""

    sha256: str


class ChoicesEntry(TypedDict, total=False):
    """Single clips that the owner leaves out, each with the reason, and labels that the owner corrects."""

    exclude: dict[str, str]
    corrections: dict[str, CorrectionEntry]


class _Source(TypedDict):
    source: str


class DatasetEntry(_Source, FetchOptions, ChoicesEntry, total=False):
    """``source`` is a folder, an archive, an address or ``synthetic``; the other keys are optional."""

    crop: str
    landmarks: str
    apex: str
    accept: list[str]
