"""Workbooks with random merges, hidden sheets, types and blanks: every row is a clip or is dropped on record, or the
workbook is refused in one sentence; a row that nothing touched stays the clip that it was."""

from __future__ import annotations

import datetime
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_copies import COPIES

from mebench.errors import UserError
from mebench.indexing.read import read

SOME = ("casme2", "casme_sq", "samm_long", "smic_long")  # each has another way to read its rows
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-1, 99), st.floats(0, 60),
    st.sampled_from(["", " ", "46", "/", "x", "#N/A", "=1"]),
    st.just(datetime.datetime(2026, 4, 12)), st.just(datetime.time(4, 12)),
)  # fmt: skip
CELLS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 8), VALUES), max_size=2)
MERGES = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 8), st.integers(1, 3), st.integers(1, 2)), max_size=2)
RARELY = {"max_examples": 30, "deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    folder = tmp_path_factory.mktemp("random")
    for name in SOME:
        COPIES[name].make(folder / name)
    return {name: (folder / name, read(name, folder / name)) for name in SOME}


def edited(copy, cells, merges, blanks, hidden):
    """The workbook, the clips (from 0) that an edit touches, and the number of rows that show something."""
    book = copy.book()
    sheet = book[copy.sheet]
    touched = set()
    for clip, column, value in cells:
        if column < len(copy.row(1)):
            sheet.cell(copy.first + clip, column + 1).value = value
            touched.add(clip)
    for clip, column, rows, columns in merges:
        top, right = copy.first + clip, min(column + columns, len(copy.row(1)))
        bottom = min(top + rows - 1, copy.first + 2)
        if (
            right > column
            and (bottom, right) != (top, column + 1)
            and not _meets(sheet, top, bottom, column + 1, right)
        ):
            sheet.merge_cells(start_row=top, end_row=bottom, start_column=column + 1, end_column=right)
            touched |= set(range(clip, bottom - copy.first + 1))
    if hidden:
        sheet.row_dimensions[copy.first + 1].hidden = True
        book.create_sheet("old", 0).sheet_state = "hidden"
    if blanks and not merges:
        sheet.insert_rows(copy.first + 1, blanks)
    return book, touched


def read_or_refusal(dataset, root):
    """What is read, where rows = clips + dropped was checked, or the sentence that refuses it."""
    try:
        return read(dataset, root), ""
    except UserError as refusal:
        return None, str(refusal)


def _meets(sheet, top, bottom, left, right):
    return any(
        block.min_row <= bottom and top <= block.max_row and block.min_col <= right and left <= block.max_col
        for block in sheet.merged_cells.ranges
    )


@pytest.mark.parametrize("dataset", SOME)
@settings(**RARELY)
@given(cells=CELLS, merges=MERGES, blanks=st.integers(0, 2), hidden=st.booleans())
def test_rows_in_are_clips_and_dropped(roots, dataset, cells, merges, blanks, hidden):
    root, before = roots[dataset]
    copy = COPIES[dataset]
    book, touched = edited(copy, cells, merges, blanks, hidden)
    book.save(root / copy.file)
    reading, refusal = read_or_refusal(dataset, root)
    if reading is None:
        assert touched, refusal
        assert "fault of mebench" not in refusal
        return
    assert reading.rows == len(reading.clips) + len(reading.dropped)
    assert max(Counter(clip.clip_id for clip in reading.clips).values()) == 1
    assert reading.rows >= 3 - len(touched)  # an edit may leave a row blank
    kept = [clip for number, clip in enumerate(before.clips) if number not in touched]
    assert [clip for clip in reading.clips if clip in kept] == kept
