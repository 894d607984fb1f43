"""A copy of every dataset with a workbook, as small as it can be: three clips of empty frames, and their table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import old_workbook
import openpyxl
from spotting_sets import frames

Row = tuple[object, ...]
NUMBERS = range(46, 61)  # of frames: onset 46, apex 50, offset 60


@dataclass(frozen=True)
class Copy:
    """``row(i)`` and ``folder(i)`` are those of the clip i = 1, 2, 3; ``columns`` says where a table has what; ``more``
    are sheets behind that of the table."""

    file: str
    sheet: str
    header: Row | None
    row: Callable[[int], Row]
    folder: Callable[[int], str]
    frame: str
    columns: Mapping[str, int]
    more: Mapping[str, Sequence[Row]]

    def rows(self) -> list[Row]:
        """The header, where there is one, and the three rows."""
        return [*([self.header] if self.header else []), *(self.row(i) for i in (1, 2, 3))]

    @property
    def first(self) -> int:
        """The number of the row of the first clip."""
        return 2 if self.header else 1

    def make(self, root: Path) -> Path:
        """Write frames and workbook; returns the workbook."""
        for i in (1, 2, 3):
            frames(root / self.folder(i), [self.frame.format(number) for number in NUMBERS])
        return self.write(root / self.file)

    def write(self, path: Path, rows: Sequence[Row] | None = None, old: bool = False) -> Path:
        """Write the workbook, with other ``rows`` where they are given, in the old format where asked."""
        sheets = {self.sheet: self.rows() if rows is None else rows, **self.more}
        if old:
            old_workbook.write(path, [{"title": title, "rows": cells} for title, cells in sheets.items()])
        else:
            self.book(sheets).save(path)
        return path

    def book(self, sheets: Mapping[str, Sequence[Row]] | None = None) -> openpyxl.Workbook:
        """The workbook, to be changed and saved."""
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title, cells in ({self.sheet: self.rows(), **self.more} if sheets is None else sheets).items():
            sheet = book.create_sheet(title)
            for cells_of_row in cells:
                sheet.append(list(cells_of_row))
        return book

    def changed(self, column: str, value: object, clip: int = 2) -> list[Row]:
        """The rows with another value of one clip."""
        rows = self.rows()
        at = clip - 2 + self.first
        row = list(rows[at])
        row[self.columns[column]] = value
        rows[at] = tuple(row)
        return rows


def _copy(file: str, sheet: str, header: str, row: Callable[[int], Row], folder: Callable[[int], str], frame: str,
          columns: str, more: Mapping[str, Sequence[Row]] | None = None) -> Copy:  # fmt: skip
    names = tuple(name.replace("_", " ") or None for name in header.split("|")) if header else None
    places = {name: place for place, name in enumerate(columns.split("|")) if name}
    return Copy(file, sheet, names, row, folder, frame, places, more or {})


CASME3 = "Subject|Filename|Onset|Apex|Offset|AU|Objective_class|emotion"
CASME3_COLUMNS = "subject|clip|onset|apex|offset|aus|objective|emotion"
COPIES = {
    "casme": _copy(
        "CASME-coded-20190721.xlsx", "Sheet1", "Subject|Filename||OnsetF|ApexF1|ApexF2|OffsetF||AU|Emotion",
        lambda i: (1, f"EP01_{i}", None, 46, 50, "\\", 60, None, "4+12", "disgust"),
        lambda i: f"Cropped/sub01/EP01_{i}", "reg_{:03d}.jpg", "subject|clip||onset|apex||offset||aus|emotion"),
    "casme2": _copy(
        "CASME2-coding-20140508.xlsx", "Sheet1",
        "Subject|Filename||OnsetFrame|ApexFrame|OffsetFrame||Action_Units|Estimated_Emotion",
        lambda i: (1, f"EP02_0{i}f", None, 46, 50, 60, None, "4+12", "happiness"),
        lambda i: f"Cropped/sub01/EP02_0{i}f", "reg_img{}.jpg", "subject|clip||onset|apex|offset||aus|emotion",
        {"Sheet2": [], "Sheet3": []}),
    "casme3": _copy(
        "cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx", "label", CASME3,
        lambda i: ("spNO.1", "abc"[i - 1], "46", "50", "60", "4+12", "III", "anger"),
        lambda i: f"frame/spNO.1_{'abc'[i - 1]}_46", "{}.jpg", CASME3_COLUMNS),
    "casme3_long": _copy(
        "CAS(ME)3_part_A_v2.xlsx", "label", f"{CASME3}|Expression_type",
        lambda i: ("spNO.1", "abc"[i - 1], "46", "50", "60", "4+12", "III", "anger", "Micro-expression"),
        lambda i: f"part_A/spNO.1/{'abc'[i - 1]}/color", "{}.jpg", f"{CASME3_COLUMNS}|type"),
    "casme_sq": _copy(
        "CAS(ME)^2code_final.xlsx", "CASFEcode_final", "",
        lambda i: (1.0, f"anger{i}_1", 46.0, 50.0, 60.0, "4+12", "negative", "micro-expression", "anger"),
        lambda i: f"rawpic/s15/15_040{i}girl", "img{:03d}.jpg", "subject|clip|onset|apex|offset|aus|emotion|type|",
        {"naming rule1": [(15, "s15", 1)], "naming rule2": [(f"040{i}", f"anger{i}") for i in (1, 2, 3)]}),
    "mmew": _copy(
        "MMEW_Micro_Exp.xlsx", "Sheet1",
        "Subject|Filename|OnsetFrame|ApexFrame|OffsetFrame|Action_Units|Estimated_Emotion|remarks",
        lambda i: (3, f"S03-01-00{i}", 46, 50, 60, "4+12", "anger", None),
        lambda i: f"Micro_Expression/S03/anger/S03-01-00{i}", "{}.jpg",
        "subject|clip|onset|apex|offset|aus|emotion|"),
    "samm": _copy(
        "SAMM_Micro_FACS_Codes_v2.xlsx", "MICRO_ONLY",
        "Subject|Filename|Onset_Frame|Apex_Frame|Offset_Frame|Action_Units|Estimated_Emotion|Objective_Classes|Notes",
        lambda i: ("006", f"006_1_{i}", 46, 50, 60, "4+12", "Anger", "III", None),
        lambda i: f"SAMM/006/006_1_{i}", "006_{:05d}.jpg", "subject|clip|onset|apex|offset|aus|emotion|objective|"),
    "samm_long": _copy(
        "SAMM_LongVideos_V3_Release.xlsx", "FACS_Movement_Only",
        "Subject|Filename|Onset|Apex|Offset|Type|Action_Units|Notes",
        lambda i: ("008", f"008_{i}_1", 46, 50, 60, "Micro - 1/2", "4+12", None),
        lambda i: f"SAMM_longvideos/008_{i}", "008_{:04d}.jpg", "subject|clip|onset|apex|offset|type|aus|"),
    "smic_long": _copy(
        "SMIC-HS-E_annotation.xlsx", "HS",
        "Subject|Filename||OnsetF|ApexF|OffsetF|Onset2F|Offset2F||FirstF|LastF|Emotion",
        lambda i: (3, f"s3_ne_0{i}", None, 46, 50, 60, None, None, None, 46, 60, "negative"),
        lambda i: f"HS_long/SMIC_HS_E/s03/s3_ne_0{i}", "image{:06d}.jpg",
        "subject|clip||onset|apex|offset||||||emotion"),
}  # fmt: skip
