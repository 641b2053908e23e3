"""What stands in each column, told by its cells and its label; and which row holds the labels."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

from hatobin.audience.sheets.labels import meaning_of
from hatobin.audience.sheets.shapes import Guess, Row
from hatobin.wire.address import AddressError, parse_address

_ADDRESS_LIKE = re.compile(r"[A-Za-z0-9Ａ-Ｚａ-ｚ０-９._-][@＠]|^\s*[@＠]\w")
_NUMBER_LIKE = re.compile(r"\s*[+(]?\d[\d\s./:()-]*")
_POSTCODE = re.compile(r"〒?\s*\d{3}-\d{4}")
_PHONE = re.compile(r"(\+81[- ]?|0)\d{1,4}[- (]\d{1,4}[- )]\d{3,4}")
_KANA = re.compile(r"[ぁ-ゖァ-ヺー・ｦ-ﾟ\s]+")
_COMPANY = re.compile(
    r"株式会社|有限会社|合同会社|㈱|㈲|\(株\)|\(有\)|法人|\bInc\b|\bLtd\b|組合|協会"
)
_PERSON = re.compile(r"[\u3400-\u9fff\uf900-\ufaff々ヶぁ-ゖァ-ヺー \u3000]{2,12}")
_HONORIFICS = frozenset(
    ("様", "さま", "さん", "殿", "御中", "先生", "各位", "くん", "君", "ちゃん", "氏")
)

_ENOUGH = 0.5  # of the filled cells are addresses: the column holds addresses
_ENOUGH_WITH_LABEL = 0.1  # the label says so; many of its cells may be broken
_CLEAR = 0.8

# Content, asked where the label says nothing, in this order.
_BY_CONTENT: tuple[tuple[Guess, Callable[[str], object]], ...] = (
    ("honorific", lambda cell: cell in _HONORIFICS),
    ("postcode", _POSTCODE.fullmatch),
    ("phone", _PHONE.fullmatch),
    ("company", _COMPANY.search),
    ("kana", _KANA.fullmatch),
)


def is_address(cell: str) -> bool:
    """Whether this is one mail address and nothing else."""
    if "@" not in cell and "＠" not in cell:
        return False
    try:
        parse_address(cell.strip())
    except AddressError:
        return False
    return True


def mentions_address(cell: str) -> bool:
    """Whether something like an address stands in it, even a broken one."""
    return _ADDRESS_LIKE.search(cell) is not None


def find_header(rows: Sequence[Row]) -> int:
    """The number of the row with the column names, 0 when the first row is already a person.

    It stands above the first row with an address. Titles ("2026年度 会員名簿") stand above it: the row
    with a label that means an address wins, then one with two labels we know, then the first that
    fills at least half of the columns and holds no numbers, which would be data.
    """
    above: list[Row] = []
    for row in rows:
        if any(map(mentions_address, row.cells)):
            break
        above.append(row)
    width = max((_filled(row) for row in rows), default=0)
    meanings = {row.number: [meaning_of(cell) for cell in row.cells] for row in above}
    candidates = [row for row in above if _filled(row) >= 2 or width == 1]
    for row in candidates:
        if "address" in meanings[row.number]:
            return row.number
    for row in candidates:
        if sum(meaning is not None for meaning in meanings[row.number]) >= 2:
            return row.number
    if len(above) == len(rows) and width == 1:
        return 0  # one column, no address anywhere: nothing sets a header apart
    for row in candidates:
        if _filled(row) * 2 >= width and not any(map(_NUMBER_LIKE.fullmatch, row.cells)):
            return row.number
    return 0


def guess_columns(labels: Sequence[str], rows: Sequence[Row]) -> tuple[Guess, ...]:
    """One guess per column; at most one is ``address``, at most one ``name``.

    ``labels`` as in the file, empty where there is none.
    """
    columns = [
        [cell for row in rows if (cell := row.cell(index).strip())] for index in range(len(labels))
    ]
    address = _address_column(labels, columns)
    guesses: list[Guess] = []
    for index, (label, cells) in enumerate(zip(labels, columns, strict=True)):
        guess = "address" if index == address else _guess(label, cells, labels)
        guesses.append("other" if guess == "name" and "name" in guesses else guess)
    if "name" not in guesses and "family-name" not in guesses and not any(labels):
        _name_by_content(guesses, columns)
    return tuple(guesses)


def _address_column(labels: Sequence[str], columns: Sequence[Sequence[str]]) -> int | None:
    best, best_score = None, 0.0
    for index, (label, cells) in enumerate(zip(labels, columns, strict=True)):
        found = sum(map(is_address, cells))
        labelled = meaning_of(label) == "address"
        if not found or found < len(cells) * (_ENOUGH_WITH_LABEL if labelled else _ENOUGH):
            continue
        score = found * (1.5 if labelled else 1.0)
        if score > best_score:
            best, best_score = index, score
    return best


def _guess(label: str, cells: Sequence[str], labels: Sequence[str]) -> Guess:
    if not cells:
        return "empty"
    meaning = meaning_of(label)
    if meaning == "given-name" and "family-name" not in map(meaning_of, labels):
        return "name"  # 名 without 姓 beside it is the whole name
    if meaning == "address":
        return "other"  # a second address, or アドレス over something else
    if meaning:
        return meaning
    for guess, fits in _BY_CONTENT:
        if sum(bool(fits(cell)) for cell in cells) >= len(cells) * _CLEAR:
            return guess
    return "other"


def _name_by_content(guesses: list[Guess], columns: Sequence[Sequence[str]]) -> None:
    """Without labels: the first column whose cells are short, different, and written as names are."""
    for index, cells in enumerate(columns):
        fitting = sum(bool(_PERSON.fullmatch(cell)) for cell in cells)
        varied = not cells or Counter(cells).most_common(1)[0][1] <= max(1, len(cells) // 4)
        if guesses[index] == "other" and cells and fitting >= len(cells) * _CLEAR and varied:
            guesses[index] = "name"
            return


def _filled(row: Row) -> int:
    return sum(bool(cell.strip()) for cell in row.cells)
