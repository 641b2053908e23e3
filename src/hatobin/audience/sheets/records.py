"""Rows out of separated text (RFC 4180, as loosely as Excel reads it).

Not the standard library's csv: its limit of a cell's length is one number for the whole process, it
aborts the file where one row should be refused, and it cannot say where a quotation mark was opened.
"""

from __future__ import annotations

import io
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hatobin.audience.sheets.errors import SheetError
from hatobin.audience.sheets.limits import Limits
from hatobin.audience.sheets.shapes import Row

SAMPLE = 200  # records looked at to guess
DELIMITERS = (",", "\t", ";")
_CUT = 200  # characters kept of a cell that is too long
_SWALLOWED_LINES = 100  # no remark in a cell has so many
_WIDEST = 20_000  # Excel has 16,384 columns and may write a comma for each, all blank
_BLANK = " \t\r\n\f\v\u3000\xa0\ufeff\x1a"
_LINE_END = re.compile(r"\r\n?|\n")


@dataclass(frozen=True, slots=True)
class Record:
    """A row with its ``width``: how many cells it was written with, blank ones at the end included."""

    row: Row
    width: int


class _UnclosedError(Exception):
    """A quotation mark was opened and the text after it makes no sense as a cell."""


def lines_of(text: Iterable[str]) -> Iterator[str]:
    """Lines with their ends (CRLF, LF or CR), and only those: a cell may hold U+2028 and the like."""
    newlines = io.IncrementalNewlineDecoder(None, translate=False)
    pending: list[str] = []
    for piece in itertools.chain(text, (None,)):
        # Holds back a CR at the end of a piece until it is known whether an LF follows.
        ready = newlines.decode(piece or "", final=piece is None)
        end = 0
        for match in _LINE_END.finditer(ready):
            start, end = end, match.end()
            yield "".join((*pending, ready[start:end]))
            pending.clear()
        if end < len(ready):
            pending.append(ready[end:])
    if pending:
        yield "".join(pending)


def records(lines: Iterable[str], delimiter: str, limits: Limits) -> Iterator[Record]:
    """Every row that is not blank. Raises SheetError ``unclosed-quote``, ``too-many-columns``."""
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise SheetError("wrong-delimiter")
    stream = iter(lines)
    for number, line in enumerate(stream, start=1):
        stray = False
        if '"' not in line:
            _refuse_wide(line.count(delimiter), number, limits)  # before a list of millions is made
            cells = line.rstrip("\r\n").split(delimiter)
        else:
            try:
                cells, stray = _quoted_record(line, stream, delimiter, limits)
                _refuse_wide(len(cells), number, limits)
            except _UnclosedError:
                raise SheetError("unclosed-quote", row=number) from None
        width = len(cells)
        if any(map(_filled, cells)):
            yield Record(judged(number, cells, limits, "stray-quote" if stray else None), width)


def judged(number: int, cells: list[str], limits: Limits, problem: str | None = None) -> Row:
    """A row without its trailing blanks, and what is wrong with its cells."""
    while cells and not cells[-1]:
        cells.pop()
    if len(cells) > limits.columns:
        raise SheetError("too-many-columns", limit=limits.columns, row=number)
    if cells and max(map(len, cells)) > limits.cell_chars:
        problem = "cell-too-long"
        cells = [c if len(c) <= limits.cell_chars else f"{c[:_CUT]}…" for c in cells]
    if "\0" in "".join(cells):
        problem = "nul"
        cells = [cell.replace("\0", "␀") for cell in cells]
    return Row(number=number, cells=tuple(cells), problem=problem)


def checked_width(found: Iterable[Record], header_row: int) -> Iterator[Row]:
    """Marks rows with a cell too many: one stray comma puts every later value under the wrong name.

    The file's width is that of its header, or of most of the first rows where those are wider.
    """
    stream = iter(found)
    first = list(itertools.islice(stream, SAMPLE))
    width = _usual_width(first, header_row)
    for record in itertools.chain(first, stream):
        row = record.row
        if len(row.cells) > width and row.number > header_row and not row.problem:
            row = Row(number=row.number, cells=row.cells, problem="too-many-cells")
        yield row


def guess_delimiter(lines: list[str], limits: Limits) -> str:
    """The character that cuts most of these lines into the same number of cells, two or more."""
    return max(DELIMITERS, key=lambda delimiter: _consistency(lines, delimiter, limits))


def _refuse_wide(width: int, number: int, limits: Limits) -> None:
    if width > _WIDEST:
        raise SheetError("too-many-columns", limit=limits.columns, row=number)


def _quoted_record(
    line: str, more: Iterator[str], delimiter: str, limits: Limits
) -> tuple[list[str], bool]:
    cells: list[str] = []
    position, stray = 0, False
    while True:
        if line.startswith('"', position):
            cell, line, position, lines = _quoted_cell(line, position, more, limits)
            end = _cell_end(line, position, delimiter)
            rest = line[position:end].strip()
            if rest and lines:
                raise _UnclosedError  # this quote is the opening one of a later row
            stray = stray or bool(rest)
            cells.append(cell + rest)
        else:
            end = _cell_end(line, position, delimiter)
            cells.append(line[position:end])
        if not line.startswith(delimiter, end) or len(cells) > _WIDEST:
            return cells, stray
        position = end + 1


def _quoted_cell(
    line: str, position: int, more: Iterator[str], limits: Limits
) -> tuple[str, str, int, int]:
    """(cell, the line it ends on, position after its quote, line breaks in it). Linear in its length."""
    parts: list[str] = []
    start, lines, size = position + 1, 0, 0
    while True:
        end = line.find('"', start)
        if end < 0:
            parts.append(line[start:])
            size += len(line) - start
            lines, start = lines + 1, 0
            if lines > _SWALLOWED_LINES and size > limits.cell_chars:
                raise _UnclosedError
            following = next(more, None)
            if following is None:
                raise _UnclosedError
            line = following
        elif line.startswith('"', end + 1):
            parts.append(line[start : end + 1])
            start = end + 2
        else:
            parts.append(line[start:end])
            return "".join(parts), line, end + 1, lines


def _cell_end(line: str, position: int, delimiter: str) -> int:
    end = line.find(delimiter, position)
    return end if end >= 0 else len(line.rstrip("\r\n"))


def _filled(cell: str) -> bool:
    return bool(cell) and bool(cell.strip(_BLANK))


def _usual_width(first: list[Record], header_row: int) -> int:
    header = next((r.width for r in first if r.row.number == header_row), 0)
    widths = Counter(record.width for record in first if record.row.number > header_row)
    usual, count = widths.most_common(1)[0] if widths else (0, 0)
    return max(header, usual) if not header or count * 2 > widths.total() else header


def _consistency(lines: list[str], delimiter: str, limits: Limits) -> tuple[float, int]:
    widths: Counter[int] = Counter()
    try:
        for record in records(lines, delimiter, limits):
            widths[record.width] += 1
    except SheetError:
        pass  # the sample may end inside a quoted cell
    total = widths.total()
    several = [(count / total, width) for width, count in widths.items() if width > 1]
    return max(several, default=(0.0, 0))
