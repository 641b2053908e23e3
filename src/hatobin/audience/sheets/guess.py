"""What stands in each column, told by its cells and its label; and which row holds the labels."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from hatobin.audience.sheets.labels import (
    is_plain_address_label,
    meaning_of,
    names_somebody_else,
)
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
_RIVAL = 0.75  # of the best column's weight: a person must say which of the two is meant
_MOST_LABEL = 30  # characters; a cell with more is no name of a column

# How much one address of a column counts, by the column's label.
_PLAIN_LABEL, _OTHER_LABEL, _NO_LABEL, _SOMEBODY_ELSE = 2.0, 1.0, 0.8, 0.5

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
    fills at least half of the columns and holds no numbers, which would be data. A title may hold an
    address itself ("作成者: info@…"): a row of known labels over addresses wins over that.
    """
    certain = _certain_header(rows)
    if certain:
        return certain
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


def _certain_header(rows: Sequence[Row]) -> int:
    """The first row with two labels we know, one of them over addresses, and only titles above it."""
    for place, row in enumerate(rows):
        if any(map(mentions_address, row.cells)):
            continue
        meanings = [meaning_of(cell) if len(cell) <= _MOST_LABEL else None for cell in row.cells]
        columns = [index for index, meaning in enumerate(meanings) if meaning == "address"]
        if len(meanings) - meanings.count(None) < 2 or not columns:
            continue
        stands_over = any(is_address(each.cell(at)) for each in rows[place + 1 :] for at in columns)
        if stands_over and _are_titles(rows[:place], row, columns):
            return row.number
    return 0


def _are_titles(above: Sequence[Row], header: Row, columns: Sequence[int]) -> bool:
    """No person is among them: at most one has something like an address where the addresses stand,
    and that one fills fewer cells than the header.
    """
    doubtful = [row for row in above if any(mentions_address(row.cell(at)) for at in columns)]
    return not doubtful or (len(doubtful) == 1 and _filled(doubtful[0]) < _filled(header))


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


def address_rivals(labels: Sequence[str], rows: Sequence[Row]) -> tuple[int, ...]:
    """Columns that could hold the addresses about as well as the one that is guessed.

    A column that repeats the guessed one word by word (typed twice, to be sure) is no rival.
    """
    columns = [[row.cell(index).strip() for row in rows] for index in range(len(labels))]
    weights = _address_weights(labels, columns)
    best = _heaviest(weights)
    return tuple(
        index
        for index, weight in weights.items()
        if best is not None
        and index != best
        and weight >= weights[best] * _RIVAL
        and columns[index] != columns[best]
    )


def _address_column(labels: Sequence[str], columns: Sequence[Sequence[str]]) -> int | None:
    return _heaviest(_address_weights(labels, columns))


def _heaviest(weights: Mapping[int, float]) -> int | None:
    return max(weights, key=lambda index: (weights[index], -index), default=None)


def _address_weights(labels: Sequence[str], columns: Sequence[Sequence[str]]) -> dict[int, float]:
    """Columns that can be the addresses: how many different ones they hold, weighed by their label.

    The address of one and the same colleague in every row counts once.
    """
    weights = {}
    for index, (label, cells) in enumerate(zip(labels, columns, strict=True)):
        addresses = list(filter(is_address, cells))
        labelled = meaning_of(label) == "address"
        enough = _ENOUGH_WITH_LABEL if labelled else _ENOUGH
        if addresses and len(addresses) >= sum(map(bool, cells)) * enough:
            different = len({cell.casefold() for cell in addresses})
            weights[index] = different * _label_weight(label, labelled=labelled)
    return weights


def _label_weight(label: str, *, labelled: bool) -> float:
    if names_somebody_else(label):
        return _SOMEBODY_ELSE
    if is_plain_address_label(label):
        return _PLAIN_LABEL
    return _OTHER_LABEL if labelled else _NO_LABEL


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
