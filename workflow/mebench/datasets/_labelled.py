"""Datasets with a coding workbook and one folder of frames per clip: rows joined with folders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from mebench.clips.card import DatasetCard
from mebench.clips.clip import Clip
from mebench.clips.reading import Reading, Unusable, first_reason, refuse_duplicates, timing
from mebench.clips.spelling import action_units, emotion_name, missing, roman, subject_name
from mebench.datasets._rows import name_in, subject_of
from mebench.errors import UserError
from mebench.media.folders import (
    child,
    existing_folder,
    find_tree,
    folders_in,
    frame_names,
    inner,
    on_other_trees,
    strangers,
    subjects_of,
    undoubled,
    unread_pictures,
)
from mebench.workbooks.find import find_workbook
from mebench.workbooks.table import Row, read_table


@dataclass(frozen=True)
class Places:
    """Where the frames of clips lie: ``find`` by subject and clip, all ``known`` folders of clips, ``notes`` on what is
    used. ``asked`` are the folders that some row names."""

    find: Callable[[str, str], Path | None]
    known: Sequence[Path]
    notes: Sequence[str]
    asked: set[Path] = field(default_factory=set)

    def folder(self, subject: str, name: str) -> Path | None:
        """The folder of frames of a clip, or None."""
        found = self.find(subject, name)
        if found is None:
            return None
        self.asked.add(found)
        return inner(found)

    def unasked(self, workbook: Path) -> list[str]:
        """A note on the folders of clips that no row names."""
        left = [folder for folder in self.known if folder not in self.asked]
        such = f"{left[0].parent.name}/{left[0].name}" if left else ""
        return [f"{len(left)} folders of clips have no row in {workbook.name}, such as {such}"] if left else []


@dataclass(frozen=True)
class Labelled:
    """How such a dataset is laid out; ``columns`` maps our names to the workbook's."""

    card: DatasetCard
    workbooks: Sequence[str]  # file patterns, the edition to prefer first
    columns: dict[str, str]
    editions: Sequence[str]  # words in a folder's path, the edition of the frames to prefer first
    is_subject: Callable[[Path], bool]
    video: Callable[[str], str]  # the recording that a clip was cut from, by the clip's name
    sheets: Sequence[str] = ()  # the sheet of the codings, where its name is known

    @property
    def dataset(self) -> str:
        return self.card.name

    def read(self, root: Path) -> Reading:
        """Clips of ``root``; rows without usable labels or frames are dropped with their reason."""
        root = existing_folder(root, self.dataset)
        workbook = find_workbook(root, self.workbooks, self.card.title)
        places = self.places(root)
        table = read_table(workbook.path, self.columns["subject"], self.columns.values(), sheets=self.sheets)
        clips, dropped = [], list(table.dropped)
        for row in table.rows:
            key = row.where
            try:
                subject, name = self._named(row)
                key = f"{self.dataset}/{subject}/{name}"
                clips.append(self._clip(self._ours(row), key, places.folder(subject, name), root))
            except Unusable as reason:
                dropped.append((key, str(reason) if key == row.where else f"{reason} ({row.where})"))
        refuse_duplicates(clips, workbook.path)
        if not clips:
            raise UserError(
                f"no row of {workbook.path} becomes a clip with frames in {root}; the first: {first_reason(dropped)}"
            )
        notes = [f"labels from {workbook.path.name}", *workbook.notes, *table.notes, *places.notes,
                 *places.unasked(workbook.path)]  # fmt: skip
        ordered = sorted(clips, key=lambda clip: clip.clip_id)
        return Reading(ordered, dropped, notes, workbooks=[workbook.path], rows=table.count)

    def _named(self, row: Row) -> tuple[str, str]:
        """Subject and name of the clip of a row."""
        frames = [self.columns[name] for name in ("onset", "offset")]
        subject = subject_of(row, self.dataset, self.columns["subject"], frames)
        return subject, name_in(row, self.columns["clip"])

    def _ours(self, row: Row) -> Row:
        return Row(row.where, row.number, {ours: row[theirs] for ours, theirs in self.columns.items()})

    def places(self, root: Path) -> Places:
        """Where the frames of clips lie below ``root``."""
        try:
            tree, others = find_tree(root, self.is_subject, prefer=self.editions)
        except FileNotFoundError as error:
            raise UserError(f"{root} holds no subjects' folders; expected {self.card.layout}") from error
        folders = self._subject_folders(tree, others)

        def find(subject: str, name: str) -> Path | None:
            return child(folders[subject], name) if subject in folders else None

        notes = [f"frames from {tree.relative_to(root).as_posix()}"]
        notes += on_other_trees(tree, others, root)
        unknown = strangers(tree, self.is_subject, others)
        notes += [f"{name}: {why}" for name, why in unread_pictures(unknown, root, "it is no subject's folder")]
        known = [clip for folder in folders.values() for clip in folders_in(folder)]
        return Places(find, known, notes)

    def _subject_folders(self, tree: Path, others: Sequence[Path]) -> dict[str, Path]:
        folders: dict[str, Path] = {}
        for folder in subjects_of(tree, others, self.is_subject, partial(subject_name, self.dataset)):
            subject = subject_name(self.dataset, folder.name)
            if subject in folders:
                raise UserError(f"{folder} and {folders[subject]} are the same subject; keep one of them")
            folders[subject] = undoubled(folder)
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
            objective=roman(row.cells.get("objective"), row.where),
            expression="micro",
            aus=action_units(row["aus"], row.where),
            fps=self.card.fps,
            frames=folder.relative_to(root).as_posix(),
            repairs=(*repairs, *when.repairs),
        )
