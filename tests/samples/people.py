"""The office's list of people in every form it may arrive in."""

from __future__ import annotations

import io
from collections.abc import Sequence

import openpyxl

from hatobin.audience.demo_people import (
    HEADER,
    TITLE_ROWS,
    OfficeSample,
    Person,
    as_csv,
    half_width,
    office_people,
)

__all__ = [
    "HEADER",
    "TITLE_ROWS",
    "OfficeSample",
    "Person",
    "as_csv",
    "as_xlsx",
    "half_width",
    "office_people",
]


def as_xlsx(
    sample: OfficeSample,
    sheets: Sequence[str] = ("会員名簿",),
    title_rows: Sequence[Sequence[str]] = (),
) -> bytes:
    """A workbook; the people are on the first sheet, the others hold a note. All cells are text."""
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    first.title = sheets[0]
    for number, cells in enumerate([*title_rows, sample.header, *sample.rows], start=1):
        for column, value in enumerate(cells, start=1):
            first.cell(row=number, column=column, value=value).data_type = "s"
    for name in sheets[1:]:
        book.create_sheet(name).append(["この表は使いません"])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()
