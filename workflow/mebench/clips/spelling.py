"""One spelling for what workbooks and folders write in many: empty cells, frame numbers, subjects, emotions, units."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from mebench.clips.odd_cell import OddCell
from mebench.errors import UserError, did_you_mean
from mebench.given_values import clean
from mebench.names import one_line

# how workbooks spell "no value"; -1 and NaN come from copies that went through pandas
MISSING = frozenset({"", "/", "\\", "-", "-1", "nan", "none", "null", "n/a", "missing"})

# one spelling per emotion; keys are lower case
ALIASES = {"other": "others", "happy": "happiness", "sad": "sadness", "angry": "anger", "fearful": "fear",
           "disgusted": "disgust", "surprised": "surprise"}  # fmt: skip

SUBJECTS = {"casme2": ("sub", 2), "samm": ("", 3), "smic": ("s", 2), "casme3": ("spNO.", 0),
            "casme3_long": ("spNO.", 0), "casme_sq": ("s", 0), "samm_long": ("", 3), "casme": ("sub", 2),
            "mmew": ("S", 2), "smic_vis": ("s", 2), "smic_nir": ("s", 2), "smic_long": ("s", 2)}  # fmt: skip

LAST_UNIT = 99  # FACS numbers units and movements with two digits
# a decimal, a negative number, a time, or a month: never how a coder writes action units
NO_UNITS = re.compile(
    r"^[-+]?\d+\.\d+$|^-\d|\d:\d|[年月日#%]|"
    r"(?<![a-z])(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|m[äa]rz|mai|okt|dez)[a-zä]*\.?(?![a-z])",
    re.IGNORECASE,
)


def missing(value: object) -> bool:
    """Whether a workbook cell holds no value, in any of the spellings met in the field."""
    return value is None or value != value or str(value).strip().lower() in MISSING


def frame_number(value: object) -> int | None:
    """The frame number in a cell (46, 46.0, '46', '046'), or None where there is no whole number."""
    if missing(value):
        return None
    match = re.fullmatch(r"(\d+)(?:\.0*)?", str(value).strip())
    return int(match[1]) if match else None


def trailing_integer(name: str) -> int | None:
    """The integer at the end of a name, whatever its zero padding: 'reg_img046' -> 46; None without one."""
    match = re.search(r"([0-9]+)\Z", name)
    return int(match[1]) if match else None


def subject_name(dataset: str, value: object, where: str = "") -> str:
    """The one spelling of a subject, without the dataset: casme2 'sub01', samm '006', smic 's01', casme3 'spNO.1'.

    Takes what folders and workbooks hold: 'sub1', '01', 1, 1.0, 's1', '6', 'spNo.1', 'Sub 01', full-width digits. Other
    datasets' subjects are kept. ``where`` is for the UserError of a text that is no subject.
    """
    text = clean(str(value))
    if dataset not in SUBJECTS:
        return text
    prefix, width = SUBJECTS[dataset]
    flat = unicodedata.normalize("NFKC", text)
    match = re.fullmatch(rf"(?:{re.escape(prefix)}[\s_.-]*)?([0-9]+)(?:[.,]0*)?", flat, flags=re.IGNORECASE)
    if not match:
        at = f"{where}: " if where else ""
        raise UserError(f"{at}'{text}' is not a subject of {dataset}; expected something like '{prefix}{1:0{width}d}'")
    return f"{prefix}{int(match[1]):0{width}d}"


def emotion_name(value: object, known: Iterable[str], where: str) -> str:
    """The one spelling of an emotion; an unknown one is a UserError that says where it stands."""
    known = list(known)
    text = " ".join(unicodedata.normalize("NFKC", clean(str(value))).lower().split())
    text = ALIASES.get(text, text)
    if text not in known:
        raise UserError(one_line(f"unknown emotion '{value}' in {where}{did_you_mean(text, known)}"))
    return text


def action_units(value: object, where: str) -> str:
    """Numbers of the action units in a cell, in order, joined by '+': 'L12+R10B' -> '12+10', '?' -> ''.

    Side (L, R), asymmetry (A) and intensity (A-E) are left out; of alternatives ('12 or 14') all are kept,
    and so is what 'ref()' holds. What a spreadsheet program made of them (4-12 becomes a date, 4,12 a number) is a
    UserError that says where it stands: nobody can tell the units back with certainty.
    """
    text = "" if missing(value) else re.sub(r"\.0+$", "", str(value).strip())
    numbers = [int(number) for number in re.findall(r"[0-9]+", text) if int(number)]
    if isinstance(value, OddCell):
        raise UserError(f"the action units in {where} are {value.told}; write them as text, such as 4+12")
    if NO_UNITS.search(text) or any(number > LAST_UNIT for number in numbers):
        raise UserError(
            f"the action units in {where} are '{value}', a number or date that a spreadsheet program may have made of "
            "them; write them as text, such as 4+12"
        )
    return "+".join(dict.fromkeys(map(str, numbers)))


def roman(value: object, where: str) -> str:
    """The objective class in a cell, 'I' to 'VII'; empty where there is none, or '?'. Accepts 1 to 7, lower case, and
    the letters Ⅰ to Ⅶ. Anything else is a UserError that says where it stands."""
    classes = ("I", "II", "III", "IV", "V", "VI", "VII")
    plain = unicodedata.normalize("NFKC", "" if missing(value) else str(value)).strip().upper()
    text = re.sub(r"\.0+$", "", plain)
    if text in ("", "?"):
        return ""
    if text.isdigit() and 1 <= int(text) <= len(classes):
        return classes[int(text) - 1]
    if text not in classes:
        raise UserError(f"unknown objective class '{value}' in {where}; expected I to VII")
    return text
