"""Precomputed flow pictures: a CSV manifest, or the LOSO folder tree in which authors publish them.

A picture holds the optical flow of one clip from onset to apex, red = u, green = v, blue = optical
strain, each stretched to 0..255 per picture. Two layouts are read:

* ``manifest.csv`` with the columns dataset, subject, clip, emotion, image (path relative to the folder);
* ``<subject>/u_test/<class>/*.png``, classes 0, 1, 2 or negative, positive, surprise. ``u_train`` holds
  copies of the other subjects' pictures and is not read. The dataset follows from the subject's spelling:
  sub01 is CASME II, s01 is SMIC, 006 is SAMM.
"""

from __future__ import annotations

import re
from pathlib import Path

from mebench.clips.clip import Clip
from mebench.clips.reading import Reading, refuse_duplicates
from mebench.clips.spelling import emotion_name, subject_name
from mebench.errors import UserError
from mebench.files import read_csv
from mebench.media.folders import existing_folder, folders_in, picture_files

CARD = {
    "delivers": "pictures",
    "title": "Flow pictures (MEGC2019 composite as published)",
    "paper": "liong2019ststnet",
    "licence": "the pictures derive from SMIC, CASME II and SAMM; their licences apply, do not redistribute",
    "homepage": "https://facial-micro-expressiongc.github.io/MEGC2019/",
    "layout": "manifest.csv with the columns dataset,subject,clip,emotion,image beside the pictures, "
    "or <subject>/u_test/<class>/*.png (classes 0 negative, 1 positive, 2 surprise)",
    "fps": None,
    "emotions": ["negative", "positive", "surprise"],
    "expected": {"clips": 442, "subjects": 68},
    "expected_emotions": {"negative": 250, "positive": 109, "surprise": 83},
    "inputs": ["apex_flow-28"],
}

# a manifest may hold pictures with the native labels of the datasets, not only the composite's three
EMOTIONS = ("negative", "positive", "surprise", "anger", "contempt", "disgust", "fear", "happiness", "others",
            "repression", "sadness")  # fmt: skip
MANIFEST = "manifest.csv"
CLASS_FOLDERS = {"0": "negative", "1": "positive", "2": "surprise"}
SPELLINGS = {r"sub\d+": "casme2", r"s\d+": "smic", r"\d+": "samm"}


def read(root: Path) -> Reading:
    """Read the manifest where there is one, the LOSO tree otherwise. Onset, apex and offset are not known."""
    root = existing_folder(root, "flow_images")
    # archives often unpack into one more folder
    manifests = [path for path in (root / MANIFEST, *sorted(root.glob(f"*/{MANIFEST}"))) if path.is_file()]
    clips, dropped = (_manifest(root, manifests[0]), []) if manifests else _tree(root)
    refuse_duplicates(clips, manifests[0] if manifests else root)
    return Reading(sorted(clips, key=lambda clip: clip.clip_id), dropped)


def _clip(dataset: str, subject: str, clip: str, emotion: str, image: str) -> Clip:
    qualified = f"{dataset}/{subject_name(dataset, subject)}"
    return Clip(f"{qualified}/{clip}", dataset, qualified, video=clip, emotion=emotion, frames=image)


def _manifest(root: Path, manifest: Path) -> list[Clip]:
    rows = read_csv(manifest, required=("dataset", "subject", "clip", "emotion", "image"))
    if not rows:
        raise UserError(f"{manifest} has a header but no rows; list one picture per line")
    clips = []
    for line, row in enumerate(rows, start=2):
        where = f"{manifest} line {line}"
        empty = [name for name in ("dataset", "subject", "clip", "emotion", "image") if not row[name].strip()]
        if empty:
            raise UserError(f"{where} has no {', '.join(empty)}; fill it in or remove the line")
        image = manifest.parent / row["image"]
        if not image.is_file():
            raise UserError(f"{where} names the picture {row['image']}, which is not there; add it or remove the line")
        emotion = emotion_name(row["emotion"], EMOTIONS, where)
        # a path that is not below the root stays absolute
        frames = (image.relative_to(root) if image.is_relative_to(root) else image.resolve()).as_posix()
        clips.append(_clip(row["dataset"].strip().lower(), row["subject"], row["clip"].strip(), emotion, frames))
    return clips


def _tree(root: Path) -> tuple[list[Clip], list[tuple[str, str]]]:
    """The clips, and the folders whose files are no pictures, each with the reason."""
    subjects = folders_in(root)
    tests = _tests(subjects) or _tests([below for folder in subjects for below in folders_in(folder)])
    if not tests:
        raise UserError(f"{root} holds neither manifest.csv nor <subject>/u_test folders; expected {CARD['layout']}")
    clips, dropped = [], []
    for test in tests:
        dataset = _dataset_of(test.parent)
        for folder in sorted(path for path in test.iterdir() if path.is_dir()):
            emotion = emotion_name(CLASS_FOLDERS.get(folder.name, folder.name), EMOTIONS, f"the folder {folder}")
            pictures, others = picture_files(folder)
            for picture in pictures:
                image = picture.relative_to(root).as_posix()
                clips.append(_clip(dataset, test.parent.name, picture.stem, emotion, image))
            if others and not pictures:
                reason = f"none of its {len(others)} files is a picture by its name, such as {others[0].name}"
                dropped.append((folder.relative_to(root).as_posix(), reason))
    if not clips:
        such = f" ({dropped[0][0]}: {dropped[0][1]})" if dropped else ""
        raise UserError(f"the u_test folders of {root} hold no pictures{such}; expected {CARD['layout']}")
    return clips, dropped


def _tests(subjects: list[Path]) -> list[Path]:
    return [subject / "u_test" for subject in subjects if (subject / "u_test").is_dir()]


def _dataset_of(subject: Path) -> str:
    for pattern, dataset in SPELLINGS.items():
        if re.fullmatch(pattern, subject.name, flags=re.IGNORECASE):
            return dataset
    raise UserError(
        f"cannot tell the dataset of the subject folder {subject}; expected names like "
        "sub01 (CASME II), s01 (SMIC) or 006 (SAMM), or a manifest.csv"
    )
