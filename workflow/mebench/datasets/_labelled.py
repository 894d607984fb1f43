"""Datasets with a coding workbook and one folder of frames per clip: rows joined with folders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mebench.clips.card import DatasetCard
from mebench.clips.clip import Clip
from mebench.clips.reading import Reading, Unusable, refuse_duplicates, timing
from mebench.clips.spelling import action_units, emotion_name, missing, roman, subject_name
from mebench.datasets._workbook import Row, find_workbook, read_table
from mebench.errors import UserError
from mebench.media.folders import child, existing_folder, find_tree, frame_names


@dataclass(frozen=True)
class Labelled:
    """How such a dataset is laid out; ``columns`` maps our names to the workbook's."""

    card: DatasetCard
    workbooks: Sequence[str]  # file patterns, the edition to prefer first
    columns: dict[str, str]
    editions: Sequence[str]  # words in a folder's path, the edition of the frames to prefer first
    is_subject: Callable[[Path], bool]
    video: Callable[[str], str]  # the recording that a clip was cut from, by the clip's name

    @property
    def dataset(self) -> str:
        return self.card.name

    def read(self, root: Path) -> Reading:
        """Clips of ``root``; rows without usable labels or frames are dropped with their reason."""
        root = existing_folder(root, self.dataset)
        workbook = find_workbook(root, self.workbooks, self.card.title)
        folder_of, notes = self.places(root)
        clips, dropped = [], []
        for row in read_table(workbook, self.columns["subject"], self.columns.values()):
            cells = {ours: row[theirs] for ours, theirs in self.columns.items()}
            subject = subject_name(self.dataset, cells["subject"])
            name = str(cells["clip"]).strip()
            clip_id = f"{self.dataset}/{subject}/{name}"
            try:
                clips.append(self._clip(Row(row.where, row.number, cells), clip_id, folder_of(subject, name), root))
            except Unusable as reason:
                dropped.append((clip_id, str(reason)))
        refuse_duplicates(clips, workbook)
        if not clips:
            first = " is unusable: ".join(dropped[0]) if dropped else "there are none"
            raise UserError(f"no row of {workbook} becomes a clip with frames in {root}; the first: {first}")
        notes = [f"labels from {workbook.name}", *notes]
        return Reading(sorted(clips, key=lambda clip: clip.clip_id), dropped, notes, workbooks=[workbook])

    def places(self, root: Path) -> tuple[Callable[[str, str], Path | None], list[str]]:
        """A function from a subject and a clip's name to its folder of frames, and notes on what is used."""
        try:
            tree, others = find_tree(root, self.is_subject, prefer=self.editions)
        except FileNotFoundError as error:
            raise UserError(f"{root} holds no subjects' folders; expected {self.card.layout}") from error
        folders = self._subject_folders(tree)

        def folder_of(subject: str, name: str) -> Path | None:
            return child(folders[subject], name) if subject in folders else None

        notes = [f"frames from {tree.relative_to(root).as_posix()}"]
        return folder_of, notes + [f"not used: {other.relative_to(root).as_posix()}" for other in others]

    def _subject_folders(self, tree: Path) -> dict[str, Path]:
        folders: dict[str, Path] = {}
        for folder in sorted(path for path in tree.iterdir() if self.is_subject(path)):
            subject = subject_name(self.dataset, folder.name)
            if subject in folders:
                raise UserError(f"{folder} and {folders[subject]} are the same subject; keep one of them")
            folders[subject] = folder
        return folders

    def _clip(self, row: Row, clip_id: str, folder: Path | None, root: Path) -> Clip:
        dataset, subject, name = clip_id.split("/", 2)
        if missing(row["emotion"]):
            raise Unusable(f"no emotion in {row.where}")
        if folder is None:
            raise Unusable(f"no folder of frames {subject}/{name}")
        apex, repairs = row["apex"], []
        if missing(apex) and not missing(row.cells.get("second apex")):
            apex = row["second apex"]
            repairs.append(f"no first apex: the second coder's {apex} is taken")
        frames = frame_names(folder)
        when = timing(row["onset"], apex, row["offset"], frames, frames.unread)
        return Clip(
            clip_id=clip_id,
            dataset=dataset,
            subject=f"{dataset}/{subject}",
            video=self.video(name),
            onset=when.onset,
            apex=when.apex,
            offset=when.offset,
            apex_source=when.apex_source,
            emotion=emotion_name(row["emotion"], self.card.emotions, row.where),
            objective=roman(row.cells.get("objective")),
            expression="micro",
            aus=action_units(row["aus"]),
            fps=self.card.fps,
            frames=folder.relative_to(root).as_posix(),
            repairs=(*repairs, *when.repairs),
        )
