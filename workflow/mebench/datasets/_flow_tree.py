"""The folder tree in which authors publish flow pictures: ``<subject>/u_test/<class>/*.png``."""

from __future__ import annotations

import re
from pathlib import Path

from mebench.clips.clip import Clip
from mebench.clips.reading import Reading
from mebench.clips.spelling import emotion_name, subject_name
from mebench.errors import UserError
from mebench.media.folders import (
    ALL_PICTURES,
    child,
    empty_subjects,
    files_instead,
    find_tree,
    first_picture,
    folders_in,
    inner,
    picture_files,
    strangers,
    undoubled,
    unread_pictures,
)

CLASS_FOLDERS = {"0": "negative", "1": "positive", "2": "surprise"}
SPELLINGS = {r"sub\d+": "casme2", r"s\d+": "smic", r"\d+": "samm"}
SUBJECT = re.compile("|".join(SPELLINGS), re.IGNORECASE)

Dropped = list[tuple[str, str]]


def picture_clip(dataset: str, subject: str, clip: str, emotion: str, image: str, where: str = "") -> Clip:
    """The clip of one flow picture; ``where`` the row stands that names it."""
    qualified = f"{dataset}/{subject_name(dataset, subject, where)}"
    return Clip(f"{qualified}/{clip}", dataset, qualified, video=clip, emotion=emotion, frames=image)


def read_tree(root: Path, emotions: tuple[str, ...], layout: str) -> Reading:
    """The pictures below the u_test folders of all subjects. ``u_train`` has copies of them; pictures elsewhere are
    dropped on record. ``emotions`` are names that a folder of a class may have."""
    try:
        best, others = find_tree(root, lambda folder: _test(folder) is not None)
    except FileNotFoundError as error:
        raise UserError(f"{root} holds neither manifest.csv nor <subject>/u_test folders; expected {layout}") from error
    clips: list[Clip] = []
    dropped: Dropped = []
    # groups of subjects side by side are all read; a tree inside of another is a copy
    trees = [best, *(other for other in others if best not in other.parents)]
    for tree in trees:
        unknown = strangers(tree, lambda folder: _test(folder) is not None, trees)
        dropped += unread_pictures(unknown, root, "it has no folder u_test")
        dropped += empty_subjects(folders_in(tree), root, SUBJECT)
        for subject in folders_in(tree):
            found, lost = _subject(subject, root, emotions)
            if _test(subject) and not (found or lost) and first_picture(subject):
                lost = [(subject.relative_to(root).as_posix(), "its folder u_test holds no picture")]
            clips += found
            dropped += lost
    if not clips:
        such = f" ({dropped[0][0]}: {dropped[0][1]})" if dropped else ""
        raise UserError(f"the u_test folders of {root} hold no pictures{such}; expected {layout}")
    return Reading(clips, dropped, rows=len(clips) + len(dropped))


def _subject(subject: Path, root: Path, emotions: tuple[str, ...]) -> tuple[list[Clip], Dropped]:
    """The clips of a subject's u_test folder, and what lies where no picture is expected."""
    test = _test(subject)
    if test is None:
        return [], []
    beside = [folder for folder in folders_in(test.parent) if folder.name.lower() not in ("u_test", "u_train")]
    clips, dropped = [], unread_pictures(beside, root, "it is neither u_test nor u_train")
    if first_picture(test.parent, depth=0):
        dropped += unread_pictures([test.parent], root, "pictures lie here, where u_test is expected")
    dropped += files_instead([undoubled(test)], root, "folders of classes")
    for group in folders_in(undoubled(test)):
        found, lost = _class(group, subject, root, emotions)
        clips += found
        dropped += lost
    return clips, dropped


def _test(subject: Path) -> Path | None:
    return child(undoubled(subject), "u_test")


def _class(group: Path, subject: Path, root: Path, emotions: tuple[str, ...]) -> tuple[list[Clip], Dropped]:
    """The clips of one folder of a class, and its files that are none."""
    emotion = emotion_name(CLASS_FOLDERS.get(group.name, group.name), emotions, f"the folder {group}")
    dataset, folder = _dataset_of(subject), inner(group)
    pictures, others = picture_files(folder)
    clips = []
    for picture in pictures:
        image = picture.relative_to(root).as_posix()
        clips.append(picture_clip(dataset, subject.name, picture.stem, emotion, image))
    unread = [path for path in others if path.suffix.lower() in ALL_PICTURES]
    place = folder.relative_to(root).as_posix()
    dropped = [
        (path.relative_to(root).as_posix(), "its format is not that of the pictures beside it") for path in unread
    ]
    if len(others) > len(unread):
        such = next(path.name for path in others if path not in unread)
        count = f"{len(others) - len(unread)} of its files are no pictures by their names"
        none = f"none of its {len(others)} files is a picture by its name"
        dropped.append((place, f"{count if pictures else none}, such as {such}"))
    return clips, dropped + unread_pictures(
        folders_in(folder), root, "pictures lie in a folder below that of their class"
    )


def _dataset_of(subject: Path) -> str:
    for pattern, dataset in SPELLINGS.items():
        if re.fullmatch(pattern, subject.name, flags=re.IGNORECASE):
            return dataset
    raise UserError(
        f"cannot tell the dataset of the subject folder {subject}; expected names like "
        "sub01 (CASME II), s01 (SMIC) or 006 (SAMM), or a manifest.csv"
    )
