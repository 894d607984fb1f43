"""The manifest of flow pictures: a table with the columns dataset, subject, clip, emotion, image, one picture a row."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from mebench import given_table
from mebench.clips.dataset_names import dataset_name
from mebench.clips.reading import Reading
from mebench.clips.spelling import emotion_name
from mebench.datasets._flow_tree import picture_clip
from mebench.errors import UserError
from mebench.given_table import GivenRow

COLUMNS = ("dataset", "subject", "clip", "emotion", "image")


def read_manifest(root: Path, manifest: Path, emotions: Sequence[str]) -> Reading:
    """The clips of a manifest. A row that is not understood is a UserError with its line."""
    clips, rows = [], given_table.read(manifest, COLUMNS)
    for row in rows:
        empty = [name for name in COLUMNS if not row[name]]
        if empty:
            raise UserError(f"{row.where} has no {', '.join(empty)}; fill it in or remove the line")
        image = _picture(manifest.parent, row)
        if image is None:
            raise UserError(
                f"{row.where} names the picture {row['image']}, which is not there; add it or remove the line"
            )
        # a path that is not below the root stays absolute
        frames = (image.relative_to(root) if image.is_relative_to(root) else image.resolve()).as_posix()
        dataset = dataset_name(row["dataset"], row.where)
        emotion = emotion_name(row["emotion"], emotions, row.where)
        clips.append(picture_clip(dataset, row["subject"], row["clip"], emotion, frames, row.where))
    return Reading(clips, rows=len(rows))


def _picture(folder: Path, row: GivenRow) -> Path | None:
    """The file that is called as the row is written, else as it is without blanks and backslashes; None without."""
    for name in (row.written["image"], row["image"].replace("\\", "/")):
        with contextlib.suppress(OSError):  # a name too long to be one
            if (folder / name).is_file():
                return folder / name
    return None
