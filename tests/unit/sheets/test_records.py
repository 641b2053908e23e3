"""The reader of separated text against the standard library's writer, on whatever cells there are."""

from __future__ import annotations

import csv
import io
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from hatobin.audience.sheets import LIMITS
from hatobin.audience.sheets.records import lines_of, records

CELLS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0")
    | st.sampled_from('",;\t\r\n 髙①ｶﾞ\u2028\x85'),
    max_size=12,
)
ROWS = st.lists(st.lists(CELLS, min_size=1, max_size=6), max_size=8)


@settings(max_examples=200, deadline=None)
@given(
    rows=ROWS,
    delimiter=st.sampled_from(",\t;"),
    end=st.sampled_from(["\r\n", "\n", "\r"]),
    size=st.integers(1, 40),
)
def test_what_the_writer_wrote_is_read_back(
    rows: list[list[str]], delimiter: str, end: str, size: int
) -> None:
    target = io.StringIO(newline="")
    # Left to itself the writer puts no quotes round a line break that is not its own.
    quoting: Literal[0, 1] = csv.QUOTE_MINIMAL if end == "\r\n" else csv.QUOTE_ALL
    writer = csv.writer(target, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerows(rows)
    text = target.getvalue()
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    assert "".join(lines_of(pieces)) == text
    read = {r.row.number: r.row for r in records(lines_of(pieces), delimiter, LIMITS)}
    for number, cells in enumerate(rows, start=1):
        if number not in read:
            assert not any(cell.strip().strip("\x1a\ufeff") for cell in cells)
            continue
        row = read[number]
        assert row.problem is None
        assert [row.cell(index) for index in range(len(cells))] == cells
        assert len(row.cells) <= len(cells)
