"""CSV and its relatives, in every encoding and with every habit that Japanese offices have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hatobin.audience.sheets import (
    LIMITS,
    Encoding,
    Override,
    Preview,
    Reading,
    Row,
    SheetError,
    SheetSource,
    inspect,
    read_rows,
)

PLAIN = (
    ("会員番号", "氏名", "フリガナ", "メールアドレス", "備考"),
    ("000001", "髙﨑　花子", "ﾀｶｻｷ ﾊﾅｺ", "hanako@example.jp", '①会費, "済"\r\n㈱見本'),
    ("000002", "山田 太郎", "ヤマダ タロウ", "taro@example.com", ""),
)
IN_JIS = tuple(
    tuple(cell.replace("髙﨑", "高崎").replace("①", "1").replace("㈱", "(株)") for cell in row)
    for row in PLAIN
)


def written(rows: tuple[tuple[str, ...], ...], delimiter: str, end: str = "\r\n") -> str:
    def quoted(cell: str) -> str:
        doubled = cell.replace('"', '""')
        return f'"{doubled}"' if set(cell) & {'"', "\n", delimiter} else cell

    return "".join(delimiter.join(map(quoted, row)) + end for row in rows)


def look(data: bytes, **override: object) -> Preview:
    return inspect(SheetSource.from_bytes(data), override=replace(Override(), **override))  # type: ignore[arg-type]


def rows_of(data: bytes, reading: Reading | None = None) -> list[Row]:
    source = SheetSource.from_bytes(data)
    return list(read_rows(source, reading or inspect(source).reading))


def cells_of(data: bytes) -> list[tuple[str, ...]]:
    return [row.cells for row in rows_of(data)]


def refused(data: bytes, **override: object) -> SheetError:
    with pytest.raises(SheetError) as caught:
        look(data, **override)
    return caught.value


def trimmed(row: tuple[str, ...]) -> tuple[str, ...]:
    return row if row[-1] else trimmed(row[:-1])


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize(
    ("codec", "named"),
    [
        ("cp932", "cp932"),
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16"),
        ("utf-16-be", "utf-16"),
    ],
)
def test_every_encoding_and_delimiter_is_recognised(
    codec: str, named: Encoding, delimiter: str
) -> None:
    data = written(PLAIN, delimiter).encode(codec)
    found = look(data)
    assert (found.reading.encoding, found.reading.delimiter) == (named, delimiter)
    assert found.reading.header_row == 1
    assert [column.label for column in found.columns] == list(PLAIN[0])
    assert cells_of(data) == [trimmed(row) for row in PLAIN[1:]]


@pytest.mark.parametrize(
    ("codec", "named"), [("iso2022_jp_ext", "iso-2022-jp"), ("euc-jp", "euc-jp")]
)
def test_the_encodings_of_old_systems_are_recognised(codec: str, named: Encoding) -> None:
    data = written(IN_JIS, ",").encode(codec)
    assert look(data).reading.encoding == named
    assert cells_of(data) == [trimmed(row) for row in IN_JIS[1:]]


def test_iso_2022_jp_with_the_letters_windows_adds_to_it_is_read() -> None:
    # ① is row 13, cell 1 of NEC's table; ㈱ is 13-74: 0x2D21 and 0x2D6A.
    first = "氏名,メール\r\n".encode("iso2022_jp")
    data = first + b"\x1b$B\x2d\x21\x2d\x6a\x1b(I\x36\x5e\x1b(B,a@example.jp\r\n"
    assert look(data).reading.encoding == "iso-2022-jp"
    assert cells_of(data) == [("①㈱ｶﾞ", "a@example.jp")]


@pytest.mark.parametrize("broken", [b"\x1b$B\x2d\x1b(B", b"\x1b$Z\x2d\x21", b"\x1b$B\x2d \x1b(B"])
def test_a_broken_escape_sequence_is_no_iso_2022_jp(broken: bytes) -> None:
    data = "氏名,メール\r\n".encode("iso2022_jp") + broken + b",a@example.jp\r\n"
    reading = Reading(kind="csv", encoding="iso-2022-jp", delimiter=",")
    with pytest.raises(SheetError, match="undecodable"):
        rows_of(data, reading)


def test_half_width_kana_in_cp932_are_not_taken_for_euc() -> None:
    data = written((("ﾌﾘｶﾞﾅ", "mail"), ("ﾀｶｻｷ ﾊﾅｺ", "hanako@example.jp")), ",").encode("cp932")
    assert look(data).reading.encoding == "cp932"
    assert cells_of(data) == [("ﾀｶｻｷ ﾊﾅｺ", "hanako@example.jp")]


def test_other_encodings_that_would_also_fit_are_offered_and_can_be_chosen() -> None:
    data = "なまえ,メアド\r\nやまだ はなこ,a@example.jp\r\n".encode("euc-jp")
    assert look(data).reading.encoding == "euc-jp"
    assert look(data).alternatives == ("cp932",)
    chosen = look(data, encoding="cp932")
    assert chosen.reading.encoding == "cp932"
    assert chosen.alternatives == ("euc-jp",)


def test_a_wrong_choice_of_encoding_is_refused() -> None:
    data = written(PLAIN, ",").encode("cp932")
    assert refused(data, encoding="utf-8").code == "undecodable"
    assert refused(data, encoding="latin-1").code == "undecodable"


def test_one_broken_letter_is_named_with_its_line() -> None:
    data = "氏名,メール\n花子,hanako@example.jp\n".encode() + b"\xff\xff,taro@example.jp\n"
    error = refused(data)
    assert (error.code, error.params["row"]) == ("undecodable", 3)


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_every_line_end_is_understood(end: str) -> None:
    assert cells_of(written(PLAIN, ",", end).encode("cp932"))[1][1] == "山田 太郎"


@pytest.mark.parametrize("size", [1, 2, 7, 64])
def test_a_source_may_come_in_pieces_that_cut_letters_and_line_ends(size: int) -> None:
    data = written(PLAIN, ",").encode("cp932")

    def pieces() -> Iterator[bytes]:
        return (data[at : at + size] for at in range(0, len(data), size))

    source = SheetSource(name="名簿.csv", size=len(data), chunks=pieces)
    reading = inspect(source).reading
    assert reading.encoding == "cp932"
    assert [row.cells for row in read_rows(source, reading)] == [trimmed(r) for r in PLAIN[1:]]


def test_a_path_and_an_open_file_are_sources_too(tmp_path: Path) -> None:
    path = tmp_path / "名簿 コピー.csv"
    path.write_bytes(written(PLAIN, ",").encode("cp932"))
    assert inspect(SheetSource.from_path(path)).total_rows == 2
    with path.open("rb") as file:
        assert inspect(SheetSource.from_file(file, path.name)).total_rows == 2


def test_row_numbers_are_those_that_excel_shows() -> None:
    text = '会員名簿\r\n\r\n氏名,メール\r\n"花\r\n子",hanako@example.jp\r\n,\r\n太郎,taro@example.jp\r\n'
    assert [(row.number, row.cells[1]) for row in rows_of(text.encode("cp932"))] == [
        (4, "hanako@example.jp"),
        (6, "taro@example.jp"),
    ]


def test_only_line_ends_end_a_row() -> None:
    text = "氏名,メール\n花\u2028子\x0b\x85,hanako@example.jp\n"
    assert cells_of(text.encode())[0][0] == "花\u2028子\x0b\x85"


def test_the_end_mark_of_dos_is_no_row() -> None:
    assert look(written(PLAIN, ",").encode("cp932") + b"\x1a").total_rows == 2


def test_cells_are_kept_as_written() -> None:
    text = 'コード,式,メール\n007,=1+1, Ａ@example.jp \n0090-1,"=HYPERLINK(""x"")",b@example.jp\n'
    assert cells_of(text.encode()) == [
        ("007", "=1+1", " Ａ@example.jp "),
        ("0090-1", '=HYPERLINK("x")', "b@example.jp"),
    ]


def test_a_comma_too_many_is_a_row_with_a_problem() -> None:
    text = "氏名,メール,敬称\n山田, 花子,hanako@example.jp,様\n太郎,taro@example.jp,様\n次郎,jiro@example.jp\n"
    assert [row.problem for row in rows_of(text.encode())] == ["too-many-cells", None, None]


def test_a_header_shorter_than_the_rows_is_no_problem() -> None:
    text = "氏名,メール\n花子,hanako@example.jp,様\n太郎,taro@example.jp,様\n"
    found = look(text.encode())
    assert [row.problem for row in found.rows] == [None, None]
    assert [column.label for column in found.columns] == ["氏名", "メール", "列C"]


def test_a_person_may_choose_another_delimiter_and_header() -> None:
    data = "氏名|メール\n花子|hanako@example.jp\n".encode()
    found = look(data, delimiter="|", header_row=0)
    assert found.reading == Reading(kind="csv", encoding="utf-8", delimiter="|", header_row=0)
    assert found.total_rows == 2
    assert refused(data, delimiter='"').code == "wrong-delimiter"
    assert refused(data, delimiter=", ").code == "wrong-delimiter"


def test_an_open_quotation_mark_that_swallows_the_file_is_named_with_its_row() -> None:
    text = '氏名,メール\n花子,a@example.jp\n"太郎,b@example.jp\n' + "次郎,c@example.jp\n" * 50
    error = refused(text.encode())
    assert (error.code, error.params["row"]) == ("unclosed-quote", 3)


def test_an_open_quotation_mark_that_a_later_row_seems_to_close_is_found_too() -> None:
    text = '氏名,メール\n"太郎,b@example.jp\n次郎,c@example.jp\n"花,子",a@example.jp\n'
    error = refused(text.encode())
    assert (error.code, error.params["row"]) == ("unclosed-quote", 2)


def test_an_open_quotation_mark_is_found_without_reading_on_for_ever() -> None:
    text = (
        '氏名,メール\n"太郎,b@example.jp\n' + "次郎,c@example.jp\n" * 100_000 + '"x",d@example.jp\n'
    )
    assert refused(text.encode()).code == "unclosed-quote"


def test_text_after_a_closing_quotation_mark_refuses_its_row_only() -> None:
    text = '氏名,メール\n"花"子,a@example.jp\n"太郎" ,b@example.jp\n'
    assert [(row.cells[0], row.problem) for row in rows_of(text.encode())] == [
        ("花子", "stray-quote"),
        ("太郎", None),
    ]


def test_a_nul_refuses_its_row_only() -> None:
    text = "氏名,メール\n花\0子,a@example.jp\n太郎,b@example.jp\n"
    assert [(row.cells[0], row.problem) for row in rows_of(text.encode())] == [
        ("花␀子", "nul"),
        ("太郎", None),
    ]


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_cell_of_100_000_letters_refuses_its_row_only(quote: str) -> None:
    text = f"氏名,メール\n{quote}{'長' * 100_000}{quote},a@example.jp\n太郎,b@example.jp\n"
    long, fine = rows_of(text.encode())
    assert (long.problem, long.cell(1)) == ("cell-too-long", "a@example.jp")
    assert len(long.cell(0)) < 1_000
    assert fine.problem is None


def test_the_longest_cell_excel_can_hold_is_fine() -> None:
    text = f"氏名,メール\n{'長' * 32_767},a@example.jp\n"
    assert rows_of(text.encode())[0].problem is None


def test_too_many_columns_are_refused_and_a_thousand_are_not() -> None:
    fine = ",".join(f"列{n}" for n in range(1_000)) + "\n" + "a@example.jp" + "," * 5_000 + "\n"
    assert len(look(fine.encode()).columns) == 1_000
    error = refused(("a@example.jp," * 1_001 + "\n").encode())
    assert (error.code, error.params) == ("too-many-columns", {"limit": 1_000, "row": 1})


@pytest.mark.parametrize("cell", [b"", b"x", b'"x"'])
def test_a_line_of_a_million_cells_is_refused(cell: bytes) -> None:
    error = refused(b"mail\na@example.jp" + (b"," + cell) * 1_000_000)
    assert (error.code, error.params) == ("too-many-columns", {"limit": 1_000, "row": 2})


def test_too_many_rows_are_refused() -> None:
    source = SheetSource.from_bytes(b"mail\n" + b"a@example.jp\n" * 11)
    with pytest.raises(SheetError) as caught:
        inspect(source, limits=replace(LIMITS, rows=10))
    assert (caught.value.code, caught.value.params) == ("too-many-rows", {"limit": 10})
    assert inspect(source, limits=replace(LIMITS, rows=11)).total_rows == 11


@pytest.mark.parametrize("data", [b"", b"\r\n \r\n", b"\xef\xbb\xbf", b"\x1a"])
def test_an_empty_file_is_said_to_be_empty(data: bytes) -> None:
    assert refused(data).code == "empty-file"


def test_a_header_alone_is_no_list() -> None:
    assert refused("氏名,メールアドレス\r\n,\r\n".encode("cp932")).code == "no-rows"


def test_a_file_over_the_limit_is_not_opened() -> None:
    source = SheetSource(name="x.csv", size=200 * 1024 * 1024, chunks=lambda: pytest.fail("opened"))
    with pytest.raises(SheetError) as caught:
        inspect(source)
    assert (caught.value.code, caught.value.params) == ("too-large", {"limit": 50})


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"%PDF-1.7\n...", "pdf"),
        (b"\x89PNG\r\n\x1a\n", "image"),
        (b"\xff\xd8\xff\xe0JFIF", "image"),
        (b"MZ\x90\0", "program"),
        (b"\x1f\x8b\x08\0", "archive"),
        (b"{\\rtf1 x}", "word"),
        (b"\xef\xbb\xbf<!DOCTYPE html><html><table><tr><td>a@example.jp", "html"),
        (b"\r\n<table border=1><tr><td>a@example.jp", "html"),
        ("<html><table>".encode("utf-16"), "html"),
        (b'<?xml version="1.0"?><html xmlns:x="urn:schemas-microsoft-com:office:excel">', "html"),
        (b'<?xml version="1.0"?><Workbook/>', "xml"),
        (b"BEGIN:VCARD\r\n", "vcard"),
        (bytes(range(256)) * 50, "binary"),
    ],
)
def test_what_is_no_list_is_called_by_its_name(data: bytes, found: str) -> None:
    error = refused(data)
    assert (error.code, error.params) == ("wrong-type", {"found": found})
