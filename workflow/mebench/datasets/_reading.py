"""What the readers share: one vocabulary for clips, and the habits of workbooks and frame folders."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mebench.errors import UserError, did_you_mean

COLUMNS = ("clip_id", "dataset", "subject", "video", "onset", "apex", "offset", "apex_source", "emotion", "aus",
           "fps", "frames", "repairs")  # fmt: skip

# how workbooks spell "no value"; -1 and NaN come from copies that went through pandas
MISSING = frozenset({"", "/", "\\", "-", "-1", "nan", "none", "null", "n/a", "missing"})

# one spelling per emotion; keys are lower case
ALIASES = {"other": "others", "happy": "happiness", "sad": "sadness", "angry": "anger", "fearful": "fear",
           "disgusted": "disgust", "surprised": "surprise"}  # fmt: skip

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".bmp"})

SUBJECTS = {"casme2": ("sub", 2), "samm": ("", 3), "smic": ("s", 2)}


@dataclass(frozen=True)
class Reading:
    """What a reader found: ``clips`` (dicts with the keys of COLUMNS), ``dropped`` rows as (key, reason), ``notes``."""

    clips: list[dict[str, Any]]
    dropped: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


# ------------------------------------------------------------------------------------------------ values


def missing(value: Any) -> bool:
    """Whether a workbook cell holds no value, in any of the spellings met in the field."""
    return value is None or value != value or str(value).strip().lower() in MISSING


def frame_number(value: Any) -> int | None:
    """The frame number in a cell (46, 46.0, '46', '046'), or None where it is missing or not a whole number."""
    if missing(value):
        return None
    match = re.fullmatch(r"(\d+)(?:\.0*)?", str(value).strip())
    return int(match[1]) if match else None


def trailing_integer(name: str) -> int | None:
    """The integer at the end of a name, whatever its zero padding: 'reg_img046' -> 46; None without one."""
    match = re.search(r"([0-9]+)$", name)
    return int(match[1]) if match else None


def subject_name(dataset: str, value: Any) -> str:
    """The one spelling of a subject, without the dataset: casme2 'sub01', samm '006', smic 's01'.

    Takes what folders and workbooks hold: 'sub1', '01', 1, 1.0, 's1', '6'. Other datasets' subjects are kept.
    """
    text = str(value).strip()
    if dataset not in SUBJECTS:
        return text
    prefix, width = SUBJECTS[dataset]
    match = re.fullmatch(rf"(?:{prefix})?(\d+)(?:\.0*)?", text, flags=re.IGNORECASE)
    if not match:
        raise UserError(
            f"'{text}' is not a subject of {dataset}; expected something like '{prefix}{1:0{width}d}'"
        )
    return f"{prefix}{int(match[1]):0{width}d}"


def emotion_name(value: Any, known: Iterable[str], where: str) -> str:
    """The one spelling of an emotion; an unknown one is a UserError that says where it stands."""
    known = list(known)
    text = " ".join(str(value).strip().lower().split())
    text = ALIASES.get(text, text)
    if text not in known:
        raise UserError(f"unknown emotion '{value}' in {where}{did_you_mean(text, known)}")
    return text


# ------------------------------------------------------------------------------------------------ folders


def existing_folder(root: Path, dataset: str) -> Path:
    """``root`` as a folder with something in it, or a UserError that says which of the two is wrong."""
    root = Path(root)
    if not root.exists():
        raise UserError(
            f"there is no folder {root} for {dataset}; check the path (`mebench doctor` shows what is expected)"
        )
    if not root.is_dir():
        raise UserError(f"{root} is not a folder; {dataset} is read from an unpacked folder")
    if not any(path for path in root.iterdir() if not path.name.startswith(".")):
        raise UserError(f"the folder {root} for {dataset} is empty; unpack the dataset there")
    return root


def list_frames(folder: Path) -> dict[int, Path]:
    """Frames of a clip by the integer that ends their name, in that order; padding and extension do not matter."""
    frames: dict[int, Path] = {}
    for path in sorted(folder.iterdir()):
        number = trailing_integer(path.stem)
        if path.suffix.lower() not in PICTURES or path.name.startswith(".") or number is None:
            continue
        if number in frames:
            raise UserError(
                f"{folder} holds frame {number} twice: {frames[number].name} and {path.name}; keep one"
            )
        frames[number] = path
    return dict(sorted(frames.items()))


# ------------------------------------------------------------------------------------------------ workbooks


def find_header(rows: Sequence[Sequence[Any]], first: str, where: Path) -> int:
    """Index of the row whose first filled cell is ``first`` (any case), because preambles differ by edition."""
    for index, row in enumerate(rows):
        filled = [str(cell).strip().lower() for cell in row if not missing(cell)]
        if filled and filled[0] == first.lower():
            return index
    raise UserError(
        f"{where} has no header row that starts with '{first}'; is it the dataset's coding workbook?"
    )


def read_table(path: Path, first: str, required: Iterable[str]) -> list[dict[str, Any]]:
    """Rows of the first sheet of a workbook that holds the header, as dicts by lower-case column name.

    Columns without a name (separators) and rows without a value in column ``first`` are left out. Cells with
    formulas give the value their writer cached, or None. Key ``_row`` is the row's number in the workbook.
    """
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, data_only=True)
    except Exception as error:  # openpyxl raises zip, XML and key errors alike
        raise UserError(f"cannot read the workbook {path} ({error}); get a fresh copy") from error
    sheets = [list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets]
    sheets = [rows for rows in sheets if rows]
    for rows in sheets:
        try:
            top = find_header(rows, first, path)
        except UserError:
            continue
        return _table(rows, top, first, required, path)
    raise UserError(
        f"{path} has no header row that starts with '{first}'; is it the dataset's coding workbook?"
    )


def _table(rows, top: int, first: str, required: Iterable[str], path: Path) -> list[dict[str, Any]]:
    names = ["" if missing(cell) else _column(cell) for cell in rows[top]]
    lacking = [name for name in required if _column(name) not in names]
    if lacking:
        found = ", ".join(name for name in names if name)
        raise UserError(f"{path} lacks the column {', '.join(lacking)}; its columns are {found}")
    table = []
    for number, row in enumerate(rows[top + 1 :], start=top + 2):
        record = {name: cell for name, cell in zip(names, row, strict=False) if name}
        if not missing(record.get(_column(first))):
            table.append({**record, "_row": number})
    return table


def _column(name: Any) -> str:
    """'OnsetFrame', 'Onset Frame' and 'onset_frame' are one column."""
    return re.sub(r"[\s_]+", "", str(name)).lower()


# ------------------------------------------------------------------------------------------------ clips


def refuse_duplicates(clips: Iterable[Mapping[str, Any]], where: Path) -> None:
    """Raise a UserError when a clip_id occurs twice."""
    twice = sorted(key for key, n in Counter(clip["clip_id"] for clip in clips).items() if n > 1)
    if twice:
        shown = ", ".join(twice[:5]) + (f" and {len(twice) - 5} more" if len(twice) > 5 else "")
        raise UserError(f"{where} lists a clip more than once: {shown}; keep one row per clip")
