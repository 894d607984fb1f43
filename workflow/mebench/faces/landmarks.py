"""Landmarks from a user's file: corrected by hand, or of another detector."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

import numpy as np

from mebench import given_table
from mebench.clips.clip_names import known_clip
from mebench.errors import UserError, did_you_mean
from mebench.given_table import GivenRow
from mebench.given_values import number

POINTS = 68
COLUMNS = ("clip_id", *(f"{axis}{i}" for i in range(POINTS) for axis in "xy"))


def read(path: Path, clip_ids: Collection[str]) -> dict[str, np.ndarray]:
    """Landmarks by clip_id, float32 (68, 2), x then y, in pixels of the onset frame, the first pixel's centre at 0.

    The file is a CSV with the header ``clip_id,x0,y0,...,x67,y67``, points in dlib's order, one row per clip; it need
    not hold all clips. Anything else in it is a UserError that names the line.
    """
    rows = given_table.read(path, ("clip_id",), COLUMNS)
    _check_columns(path, list(rows[0].cells))
    clips = [known_clip(row["clip_id"], clip_ids) for row in rows]
    for row, clip in zip(rows, clips, strict=True):
        if clip not in clip_ids:
            raise UserError(f"{row.where}: there is no clip '{clip}'{_near(clip, clip_ids)}")
    given_table.once(rows, ("clip_id",), clips)
    return {clip: _points(row) for row, clip in zip(rows, clips, strict=True)}


def _check_columns(path: Path, columns: list[str]) -> None:
    points = {int(match[1]) + 1 for name in columns if (match := re.fullmatch(r"[xy](\d+)", name))}
    if max(points, default=0) != POINTS:
        raise UserError(
            f"{path} has the columns of {max(points, default=0)} points, {POINTS} are needed: x0,y0,...,x67,y67"
        )
    missing = [name for name in COLUMNS if name not in columns]
    if missing:
        raise UserError(f"{path} lacks the column {', '.join(missing)}; its header must be clip_id,x0,y0,...,x67,y67")
    unknown = [name for name in columns if name not in COLUMNS]
    if unknown:
        raise UserError(f"{path} has the unknown column '{unknown[0]}'; its header must be clip_id,x0,y0,...,x67,y67")


def _near(clip: str, clip_ids: Collection[str]) -> str:
    known = did_you_mean(clip, clip_ids)
    return known if "did you mean" in known else "; clip_ids are those of clips.csv"


def _points(row: GivenRow) -> np.ndarray:
    values = []
    for name in COLUMNS[1:]:
        value = number(row[name])
        if value is None:
            raise UserError(f"{row.where}: {name} of {row['clip_id']} is '{row[name]}', not a number")
        values.append(value)
    return np.array(values, dtype=np.float32).reshape(POINTS, 2)
