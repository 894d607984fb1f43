"""Frames and workbooks in the native layout of each dataset: folders, file names, columns, quirks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np

from mebench.synthetic import formulas
from mebench.synthetic.cast import Clip, objective, random_stream

TREES = {"casme2": "Cropped/Cropped", "samm": "SAMM", "smic": "SMIC_all_cropped/HS", "smic_vis": "SMIC_all_cropped/VIS",
         "smic_nir": "SMIC_all_cropped/NIR", "casme": "Cropped", "mmew": "Micro_Expression"}  # fmt: skip


JPEG = (cv2.IMWRITE_JPEG_QUALITY, 95)


def frame_path(dataset: str, clip: Clip, number: int) -> str:
    """Path of a frame below the dataset's root."""
    name = {
        "casme2": f"reg_img{number}.jpg",
        "samm": f"{clip.subject}_{number:0{clip.width}d}.jpg",
        "casme": f"{clip.name}-{number:0{3 if clip.onset % 2 else 0}d}.jpg",  # with and without padding
        "mmew": f"{number}.jpg",
    }.get(dataset, f"image{number:0{clip.width}d}.bmp")
    return f"{TREES[dataset]}/{clip.folder}/{name}"


def write_frame(dataset: str, path: Path, picture: np.ndarray) -> None:
    """Write an RGB float picture (H, W, 3): SAMM is grey, SMIC is BMP, the others JPEG of quality 95."""
    pixels = np.clip(np.rint(picture), 0, 255).astype(np.uint8)
    pixels = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY if dataset == "samm" else cv2.COLOR_RGB2BGR)
    write_picture(path, pixels, JPEG if path.suffix == ".jpg" else ())


def write_picture(path: Path, pixels: np.ndarray, options: Sequence[int] = ()) -> None:
    """Write grey or BGR pixels in the format of the suffix. OpenCV itself ends a program that names a file which is not
    UTF-8."""
    done, data = cv2.imencode(path.suffix, pixels, list(options))
    if not done:
        raise OSError(f"cannot write {path}")
    path.write_bytes(data.tobytes())


def write_labels(dataset: str, root: Path, cast: Iterable[Clip]) -> None:
    """Write the coding workbook; SMIC has none."""
    if dataset == "casme2":
        cast = list(cast)
        _casme2(root / "CASME2-coding-20140508.xlsx", cast)
        _rows(root / "CASME2-ObjectiveClasses.xlsx", ("Subject", "Filename", "Objective Class"), [
            (int(clip.subject.removeprefix("sub")), clip.name, objective("casme2", clip.emotion)) for clip in cast
        ])  # fmt: skip
    elif dataset == "samm":
        _samm(root / "SAMM_Micro_FACS_Codes_v2.xlsx", list(cast))
    elif dataset == "casme":
        _rows(root / "CASME-coded-20190721.xlsx", CASME, [
            (int(clip.subject.removeprefix("sub")), clip.name, None, clip.onset, clip.apex_cell, clip.peak, clip.offset,
             None, clip.units, clip.emotion) for clip in cast
        ])  # fmt: skip
    elif dataset == "mmew":
        _rows(root / "MMEW_Micro_Exp.xlsx", MMEW, [
            (clip.subject, clip.name, clip.onset, clip.apex_cell, clip.offset, clip.units, clip.emotion, None)
            for clip in cast
        ])  # fmt: skip


CASME = ("Subject", "Filename", None, "OnsetF", "ApexF1", "ApexF2", "OffsetF", None, "AU", "Emotion")
MMEW = ("Subject", "Filename", "OnsetFrame", "ApexFrame", "OffsetFrame", "Action Units", "Estimated Emotion", "remarks")


def _rows(path: Path, header: Sequence[str | None], rows: Iterable[Sequence[object]]) -> None:
    """A workbook of one sheet with a header."""
    import openpyxl

    book = openpyxl.Workbook()
    for row in (header, *rows):
        book.active.append(list(row))
    formulas.save(book, path)


def _casme2(path: Path, cast: list[Clip]) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Sheet1"
    sheet.append(["Subject", "Filename", None, "OnsetFrame", "ApexFrame", "OffsetFrame", None, "Action Units",
                  "Estimated Emotion"])  # fmt: skip
    for row, clip in enumerate(cast):
        units: int | str = int(clip.units) if clip.units.isdigit() else clip.units
        units = "?" if row == 4 else units
        sheet.append(
            [
                clip.subject.removeprefix("sub"),
                clip.name,
                None,
                clip.onset,
                clip.apex_cell,
                clip.offset,
                None,
                units,
                clip.emotion,
            ]
        )
    book.create_sheet("Sheet2")
    book.create_sheet("Sheet3")
    formulas.save(book, path)


def _samm(path: Path, cast: list[Clip]) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "MICRO_ONLY"
    sheet.append(["Synthetic stand-in in the layout of the SAMM micro-movement FACS codes"])
    for line in ("Not the real dataset", None, "Key", "A", "asymmetric", "L", "left", "R", "right", "ref( )",
                 "reference", None):  # fmt: skip
        sheet.append([None, line])
    sheet.append(
        [
            "Subject",
            "Filename",
            "Inducement Code",
            "Onset Frame",
            "Apex Frame",
            "Offset Frame",
            "Duration",
            "Micro",
            "Action Units",
            "Estimated Emotion",
            "Objective Classes",
            "Notes",
        ]
    )
    for row, clip in enumerate(cast, start=15):
        units: int | str = int(clip.units) if clip.units.isdigit() else clip.units
        units = f"{units}E+ref(10)" if row == 17 else units
        emotion = "Other" if clip.emotion == "others" else clip.emotion.capitalize()
        sheet.append([clip.subject, clip.name, int(clip.name.split("_")[1]), clip.onset, clip.apex_cell,
                      clip.offset, f"=SUM(F{row}-D{row})+1", "Micro - 1/2", units, emotion,
                      objective("samm", clip.emotion),
                      "slow" if row % 3 == 0 else None])  # fmt: skip
    formulas.save(book, path)


def write_siblings(dataset: str, root: Path, cast: Iterable[Clip]) -> None:
    """Clips of SMIC that show no micro-expression: beside ``micro``, to be skipped by the reader."""
    if dataset != "smic":
        return
    for subject in sorted({clip.subject for clip in cast})[:2]:
        folder = root / TREES[dataset] / subject / "non_micro" / f"{subject}_nm_01"
        folder.mkdir(parents=True)
        noise = random_stream(0, "smic", subject, "non_micro").uniform(0, 255, size=(8, 8, 3))
        for number in (76518, 76519):
            write_frame(dataset, folder / f"image{number:06d}.bmp", noise)
