"""Datasets with a coding workbook and one folder of frames per clip: rows joined with folders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mebench.clips.reading import Reading, Unusable, refuse_duplicates, timing
from mebench.clips.spelling import action_units, emotion_name, missing, roman, subject_name
from mebench.datasets._workbook import find_workbook, read_table
from mebench.errors import UserError
from mebench.media.folders import child, existing_folder, find_tree, frame_names


@dataclass(frozen=True)
class Labelled:
    """How such a dataset is laid out; ``columns`` maps our names to the workbook's."""

    dataset: str
    card: dict[str, Any]
    workbooks: Sequence[str]  # file patterns, the edition to prefer first
    columns: dict[str, str]
    editions: Sequence[str]  # words in a folder's path, the edition of the frames to prefer first
    is_subject: Callable[[Path], bool]
    video: Callable[[str], str]  # the recording that a clip was cut from, by the clip's name

    def read(self, root: Path) -> Reading:
        """Clips of ``root``; rows without usable labels or frames are dropped with their reason."""
        root = existing_folder(root, self.dataset)
        workbook = find_workbook(root, self.workbooks, self.card["title"])
        folder_of, notes = self.places(root)
        clips, dropped = [], []
        for row in read_table(workbook, self.columns["subject"], self.columns.values()):
            row = {ours: row[theirs] for ours, theirs in self.columns.items()} | {"_row": row["_row"]}
            subject = subject_name(self.dataset, row["subject"])
            name = str(row["clip"]).strip()
            key = f"{self.dataset}/{subject}/{name}"
            try:
                clips.append(self._clip(row, key, folder_of(subject, name), root, workbook))
            except Unusable as reason:
                dropped.append((key, str(reason)))
        refuse_duplicates(clips, workbook)
        if not clips:
            first = " is unusable: ".join(dropped[0]) if dropped else "there are none"
            raise UserError(f"no row of {workbook} becomes a clip with frames in {root}; the first: {first}")
        notes = [f"labels from {workbook.name}", *notes]
        return Reading(sorted(clips, key=lambda clip: clip["clip_id"]), dropped, notes, workbooks=[workbook])

    def places(self, root: Path) -> tuple[Callable[[str, str], Path | None], list[str]]:
        """A function from a subject and a clip's name to its folder of frames, and notes on what is used."""
        try:
            tree, others = find_tree(root, self.is_subject, prefer=self.editions)
        except FileNotFoundError as error:
            raise UserError(f"{root} holds no subjects' folders; expected {self.card['layout']}") from error
        folders = self._subject_folders(tree)

        def folder_of(subject: str, name: str) -> Path | None:
            return child(folders[subject], name) if subject in folders else None

        notes = [f"frames from {tree.relative_to(root).as_posix()}"]
        return folder_of, notes + [f"not used: {other.relative_to(root).as_posix()}" for other in others]

    def _subject_folders(self, tree: Path) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for folder in sorted(path for path in tree.iterdir() if self.is_subject(path)):
            subject = subject_name(self.dataset, folder.name)
            if subject in found:
                raise UserError(f"{folder} and {found[subject]} are the same subject; keep one of them")
            found[subject] = folder
        return found

    def _clip(self, row: dict, key: str, folder: Path | None, root: Path, workbook: Path) -> dict[str, Any]:
        dataset, subject, name = key.split("/", 2)
        where = f"{workbook.name} row {row['_row']}"
        if missing(row["emotion"]):
            raise Unusable(f"no emotion in {where}")
        if folder is None:
            raise Unusable(f"no folder of frames {subject}/{name}")
        apex, repairs = row["apex"], []
        if missing(apex) and not missing(row.get("second apex")):
            apex = row["second apex"]
            repairs.append(f"no first apex: the second coder's {apex} is taken")
        when = timing(row["onset"], apex, row["offset"], frame_names(folder))
        return {
            "clip_id": key,
            "dataset": dataset,
            "subject": f"{dataset}/{subject}",
            "video": self.video(name),
            "onset": when.onset,
            "apex": when.apex,
            "offset": when.offset,
            "apex_source": when.source,
            "emotion": emotion_name(row["emotion"], self.card["emotions"], where),
            "objective": roman(row.get("objective")),
            "expression": "micro",
            "aus": action_units(row["aus"]),
            "fps": self.card["fps"],
            "frames": folder.relative_to(root).as_posix(),
            "repairs": ";".join([*repairs, *when.repairs]),
        }
