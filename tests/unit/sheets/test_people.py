"""The office's list: what it promises, and that it survives every form it may arrive in."""

from __future__ import annotations

import pytest
from tests.samples.people import HEADER, TITLE_ROWS, as_csv, as_xlsx, half_width, office_people

from hatobin.audience.sheets import SheetSource, inspect, read_rows
from hatobin.wire.address import AddressError, parse_address
from hatobin.wire.japanese_addresses import is_carrier

SAMPLE = office_people()
ADDRESS = HEADER.index("メールアドレス")


def test_the_sample_has_1000_people_12_duplicates_and_9_broken_rows() -> None:
    assert len(SAMPLE.rows) == 1_021
    assert len(SAMPLE.expected_valid) == 1_000
    assert len(SAMPLE.duplicate_rows) == 12
    assert len(SAMPLE.broken) == 9
    assert office_people() == SAMPLE


def test_every_valid_person_has_an_address_of_their_own() -> None:
    keys = {parse_address(person.address).key_form for person in SAMPLE.expected_valid}
    assert len(keys) == 1_000


def test_no_name_or_address_is_part_of_another() -> None:
    for words in (
        [person.name for person in SAMPLE.expected_valid],
        [person.address.lower() for person in SAMPLE.expected_valid],
    ):
        everything = "\n".join(words)
        assert all(everything.count(word) == 1 for word in words)


def test_duplicates_repeat_an_earlier_row_some_in_other_letters() -> None:
    rows = dict(enumerate(SAMPLE.rows, start=2))
    exact = 0
    for later, earlier in SAMPLE.duplicate_of.items():
        assert earlier < later
        one, other = rows[earlier][ADDRESS], rows[later][ADDRESS]
        assert parse_address(one).key_form == parse_address(other).key_form
        exact += one == other
    assert exact == 6


def test_broken_rows_are_broken_for_the_reason_given() -> None:
    for number, reason in SAMPLE.broken.items():
        row = SAMPLE.rows[number - 2]
        if reason == "no-address":
            assert row[ADDRESS] == ""
        elif reason == "too-many-cells":
            assert len(row) > len(HEADER)
        else:
            with pytest.raises(AddressError) as caught:
                parse_address(row[ADDRESS])
            assert caught.value.code == reason


def test_nobody_in_it_can_be_reached() -> None:
    for person in SAMPLE.expected_valid:
        local, _, domain = person.address.lower().rpartition("@")
        if is_carrier(domain):
            assert len(local) > 30
        else:
            assert domain.split(".")[-2:] in (["example", "jp"], ["example", "com"]) or domain in (
                "example.ne.jp",
                "example.co.jp",
            )


@pytest.mark.parametrize(
    ("encoding", "delimiter", "bom", "titles"),
    [
        ("cp932", ",", False, ()),
        ("cp932", "\t", False, TITLE_ROWS),
        ("utf-8", ",", True, TITLE_ROWS),
        ("utf-8", ";", False, ()),
        ("utf-16", "\t", False, ()),
    ],
)
def test_it_survives_every_form_of_text(
    encoding: str, delimiter: str, bom: bool, titles: tuple[tuple[str, ...], ...]
) -> None:
    check(as_csv(SAMPLE, encoding, delimiter, titles, bom), len(titles), shifted="too-many-cells")


def test_it_survives_a_workbook() -> None:
    check(as_xlsx(SAMPLE), 0, shifted=None)
    check(as_xlsx(SAMPLE, ["会員名簿", "メモ"], TITLE_ROWS), 2, shifted=None)


def check(data: bytes, titles: int, *, shifted: str | None) -> None:
    source = SheetSource.from_bytes(data)
    found = inspect(source)
    assert found.reading.header_row == titles + 1
    assert [column.label for column in found.columns] == list(HEADER)
    assert [column.guess for column in found.columns] == [
        "other", "name", "kana", "company", "address", "honorific", "other",
    ]  # fmt: skip
    assert found.total_rows == 1_021
    rows = {row.number - titles: row for row in read_rows(source, found.reading)}
    for number, cells in enumerate(SAMPLE.rows, start=2):
        row = rows[number]
        assert tuple(row.cell(index) for index in range(len(cells))) == cells
        assert row.problem == (shifted if SAMPLE.broken.get(number) == "too-many-cells" else None)


def test_half_width_kana_keep_their_marks() -> None:
    assert half_width("ガッツ パーティー") == "ｶﾞｯﾂ ﾊﾟｰﾃｨｰ"
