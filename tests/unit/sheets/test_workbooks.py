"""Workbooks: what Excel and its relatives leave in a file."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Sequence
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet
from tests.samples.workbooks import inline_row, ods, ods_table, xls, xlsx_parts, zipped

from hatobin.audience.sheets import (
    Override,
    Preview,
    Reading,
    Row,
    SheetError,
    SheetInfo,
    SheetSource,
    inspect,
    read_rows,
)

LIST = (("会員番号", "氏名", "メール"), ("000001", "髙﨑　花子", "hanako@example.jp"))


def book(*fillers: Callable[[Worksheet], object]) -> bytes:
    """A workbook with one sheet per filler, called 表1, 表2 and so on."""
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for number, fill in enumerate(fillers, start=1):
        fill(made.create_sheet(f"表{number}"))
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


def filled(rows: Sequence[Sequence[Any]]) -> Callable[[Worksheet], object]:
    def fill(sheet: Worksheet) -> None:
        for row in rows:
            sheet.append(list(row))

    return fill


def look(data: bytes, **override: object) -> Preview:
    return inspect(SheetSource.from_bytes(data), override=Override(**override))  # type: ignore[arg-type]


def rows_of(data: bytes, reading: Reading | None = None) -> list[Row]:
    source = SheetSource.from_bytes(data)
    return list(read_rows(source, reading or inspect(source).reading))


def test_an_xlsx_is_read_whatever_its_name() -> None:
    found = inspect(SheetSource.from_bytes(book(filled(LIST)), "名簿.csv"))
    assert found.reading == Reading(kind="xlsx", sheet="表1", header_row=1)
    assert [(column.label, column.guess) for column in found.columns] == [
        ("会員番号", "other"),
        ("氏名", "name"),
        ("メール", "address"),
    ]
    assert found.rows == (Row(number=2, cells=LIST[1]),)
    assert (found.total_rows, found.sheets) == (1, (SheetInfo(name="表1", rows=2),))


def test_an_excel_97_file_is_read() -> None:
    data = xls([("番号", "氏名", "メール"), (7.0, "髙﨑 花子", "hanako@example.jp")])
    found = look(data)
    assert found.reading == Reading(kind="xls", sheet="名簿", header_row=1)
    assert [row.cells for row in rows_of(data)] == [("7", "髙﨑 花子", "hanako@example.jp")]


def test_an_opendocument_file_is_read() -> None:
    data = ods(ods_table("会員", LIST))
    assert look(data).reading == Reading(kind="ods", sheet="会員", header_row=1)
    assert [row.cells for row in rows_of(data)] == [LIST[1]]


def test_cells_look_as_they_do_in_excel() -> None:
    values = (
        12, 12.0, 0.1 + 0.2, 1234567890123, -0.5, True, False, dt.date(2026, 4, 1),
        dt.datetime.fromisoformat("2026-04-01T09:05"), dt.time(9, 5), dt.timedelta(hours=30), "007", "1\r\n2",
    )  # fmt: skip
    data = book(filled((("a@example.jp", *values),)))
    assert rows_of(data)[0].cells[1:] == (
        "12", "12", "0.3", "1234567890123", "-0.5", "TRUE", "FALSE", "2026-04-01",
        "2026-04-01 09:05:00", "09:05:00", "30:00:00", "007", "1\r\n2",
    )  # fmt: skip


def test_a_cell_with_an_error_is_empty() -> None:
    def fill(sheet: Worksheet) -> None:
        filled(LIST)(sheet)
        sheet["B2"] = "#N/A"
        sheet["B2"].data_type = "e"

    assert rows_of(book(fill))[0].cells == ("000001", "", "hanako@example.jp")


def test_the_reading_of_a_name_that_excel_keeps_beside_it_is_not_part_of_it() -> None:
    shared = (
        "<si><t>山田</t><rPh sb='0' eb='2'><t>ヤマダ</t></rPh><phoneticPr fontId='1'/></si>"
        "<si><t>a@example.jp</t></si>"
    )
    row = '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>'
    assert rows_of(zipped(xlsx_parts(row, shared=shared)))[0].cells == ("山田", "a@example.jp")


def test_row_numbers_and_columns_are_those_of_the_sheet() -> None:
    def fill(sheet: Worksheet) -> None:
        sheet["B2"] = "2026年度 会員名簿"
        for column, label in zip("CDE", LIST[0], strict=True):
            sheet[f"{column}4"] = label
        for column, cell in zip("CDE", LIST[1], strict=True):
            sheet[f"{column}6"] = cell

    found = look(book(fill))
    assert found.reading.header_row == 4
    assert found.title_rows == (("", "2026年度 会員名簿"),)
    assert found.rows == (Row(number=6, cells=("", "", *LIST[1])),)
    assert [column.guess for column in found.columns] == [
        "empty",
        "empty",
        "other",
        "name",
        "address",
    ]


def test_of_several_sheets_the_first_with_addresses_is_taken_and_another_can_be_chosen() -> None:
    note = filled((("この表は使いません",),))
    data = book(note, filled(LIST), filled(()), filled((*LIST, ("2", "太郎", "b@example.jp"))))
    found = look(data)
    assert found.reading.sheet == "表2"
    assert [(sheet.name, sheet.rows) for sheet in found.sheets] == [
        ("表1", 1),
        ("表2", 2),
        ("表3", 0),
        ("表4", 3),
    ]
    assert look(data, sheet="表4").total_rows == 2
    assert len(rows_of(data, Reading(kind="xlsx", sheet="表4", header_row=1))) == 2
    with pytest.raises(SheetError, match="no-rows"):
        look(data, sheet="表3")


def test_a_sheet_that_is_not_there_is_refused() -> None:
    data = book(filled(LIST))
    with pytest.raises(SheetError, match="no-such-sheet"):
        look(data, sheet="表9")
    with pytest.raises(SheetError, match="no-such-sheet"):
        rows_of(data, Reading(kind="xlsx", sheet="表9"))


def test_hidden_sheets_are_skipped_and_said_to_be() -> None:
    def hidden(sheet: Worksheet) -> None:
        filled(LIST)(sheet)
        sheet.sheet_state = "hidden"

    found = look(book(hidden, filled(LIST)))
    assert found.reading.sheet == "表2"
    assert [sheet.name for sheet in found.sheets] == ["表2"]
    assert found.notes == ("hidden-sheet-skipped",)
    with pytest.raises(SheetError, match="no-such-sheet"):
        look(book(hidden, filled(LIST)), sheet="表1")


def test_formulas_never_computed_are_empty_and_said_to_be() -> None:
    def fill(sheet: Worksheet) -> None:
        filled(LIST)(sheet)
        sheet["B2"] = '=HYPERLINK("http://example.jp", "花子")'

    data = book(fill, filled(LIST))
    assert look(data).notes == ("formula-cells", "formula-cells-without-value")
    assert rows_of(data)[0].cells == ("000001", "", "hanako@example.jp")
    assert look(data, sheet="表2").notes == ()


@pytest.mark.parametrize("formula", ["<f>A1&amp;B1</f>", '<f t="shared" si="0"/>'])
def test_formulas_give_their_last_value(formula: str) -> None:
    row = f'<row r="1"><c r="A1" t="str">{formula}<v>花子</v></c></row>'
    row = row.replace("</row>", '<c r="B1" t="inlineStr"><is><t>a@example.jp</t></is></c></row>')
    data = zipped(xlsx_parts(row))
    assert look(data).notes == ("formula-cells",)
    assert rows_of(data)[0].cells == ("花子", "a@example.jp")


def test_rows_that_a_filter_hides_are_read_and_said_to_be() -> None:
    hidden = inline_row(2, "太郎", "b@example.jp").replace("<row ", '<row hidden="1" ')
    data = zipped(xlsx_parts(inline_row(1, "花子", "a@example.jp") + hidden))
    found = look(data)
    assert found.notes == ("hidden-rows-included",)
    assert found.total_rows == 2


def test_a_header_of_merged_cells_is_said_to_be_one() -> None:
    def fill(sheet: Worksheet) -> None:
        filled((("氏名", "連絡先", None), ("花子", "03-0000-0000", "a@example.jp")))(sheet)
        sheet.merge_cells("B1:C1")

    found = look(book(fill))
    assert found.notes == ("merged-header",)
    assert [column.label for column in found.columns] == ["氏名", "連絡先", "列C"]


def test_a_cell_of_100_000_letters_refuses_its_row_only() -> None:
    rows = inline_row(1, "長" * 100_000, "a@example.jp") + inline_row(2, "花子", "b@example.jp")
    long, fine = rows_of(zipped(xlsx_parts(rows)))
    assert (long.problem, long.cell(1), fine.problem) == ("cell-too-long", "a@example.jp", None)


def test_a_workbook_can_be_left_in_the_middle() -> None:
    many = tuple((f"{n}", f"user{n}@example.jp") for n in range(3_000))
    source = SheetSource.from_bytes(book(filled(many)))
    rows = read_rows(source, Reading(kind="xlsx", sheet="表1", header_row=0))
    assert next(rows).number == 1
    rows.close()  # type: ignore[attr-defined]
    assert sum(1 for _ in read_rows(source, inspect(source).reading)) == 3_000


def test_an_empty_workbook_has_no_rows() -> None:
    with pytest.raises(SheetError, match="no-rows"):
        look(book(filled(()), filled(())))
