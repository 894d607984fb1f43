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


class _Source(TypedDict):
    source: str


class DatasetEntry(_Source, total=False):
    """``source`` is a folder, an archive, an address or ``synthetic``; the other keys are optional."""

    sha256: str
    crop: str
    landmarks: str
    apex: str
    accept: list[str]
    exclude: dict[str, str]
    corrections: dict[str, CorrectionEntry]
    size: str
    subjects: int
    clips: int
    seed: int
