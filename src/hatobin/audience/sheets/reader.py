"""The two doors of this package: look at a file, and read it."""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace

from hatobin.audience.sheets.decoding import decoded, detect
from hatobin.audience.sheets.errors import SheetError
from hatobin.audience.sheets.guess import (
    address_rivals,
    find_header,
    guess_columns,
    mentions_address,
)
from hatobin.audience.sheets.kinds import HEAD, container_of
from hatobin.audience.sheets.labels import unique_labels
from hatobin.audience.sheets.limits import LIMITS, MB, Limits
from hatobin.audience.sheets.records import (
    SAMPLE,
    checked_width,
    guess_delimiter,
    lines_of,
    records,
)
from hatobin.audience.sheets.shapes import (
    Column,
    Encoding,
    Override,
    Preview,
    Reading,
    Row,
    SheetInfo,
)
from hatobin.audience.sheets.source import SheetSource
from hatobin.audience.sheets.workbook import Sheet, sheet_rows, survey

_SHOWN_ROWS = 20
_SHOWN_SAMPLES = 5
_SNIFFED_LINES = 400
_NO_OVERRIDE = Override()


def inspect(
    source: SheetSource, *, override: Override = _NO_OVERRIDE, limits: Limits = LIMITS
) -> Preview:
    """How the file is best read, and its first rows read so. Reads the whole file once or more.

    Raises SheetError. What ``override`` sets is taken as it is.
    """
    if _is_text(source, limits):
        return _inspect_text(source, override, limits)
    return _inspect_workbook(source, override, limits)


def read_rows(source: SheetSource, reading: Reading, *, limits: Limits = LIMITS) -> Iterator[Row]:
    """Every row of data in the file's order; blank rows and all up to the header are left out.

    Rows that must be refused come with their ``problem``. Raises SheetError, also in the middle.
    """
    if _is_text(source, limits):
        if reading.encoding is None or reading.delimiter is None:
            raise SheetError("damaged")
        rows = _text_rows(source, reading.encoding, reading.delimiter, reading.header_row, limits)
    else:
        rows = sheet_rows(source, reading.sheet or "", limits)
    with closing(rows):
        data = (row for row in rows if row.number > reading.header_row)
        for count, row in enumerate(data):
            if count >= limits.rows:
                raise SheetError("too-many-rows", limit=limits.rows)
            yield row


def _is_text(source: SheetSource, limits: Limits) -> bool:
    if source.size > limits.file_bytes:
        raise SheetError("too-large", limit=limits.file_bytes // MB)
    return container_of(source.head(HEAD)) == "text"


def _text_rows(
    source: SheetSource, encoding: Encoding, delimiter: str, header_row: int, limits: Limits
) -> Generator[Row, None, None]:
    found = records(lines_of(decoded(source, encoding)), delimiter, limits)
    yield from checked_width(found, header_row)


def _inspect_text(source: SheetSource, override: Override, limits: Limits) -> Preview:
    encoding, alternatives = _encoding(source, override)
    delimiter = override.delimiter
    if delimiter is None:
        lines = lines_of(decoded(source, encoding))
        delimiter = guess_delimiter(list(itertools.islice(lines, _SNIFFED_LINES)), limits)
    head = list(itertools.islice(_text_rows(source, encoding, delimiter, 0, limits), SAMPLE))
    reading = Reading(
        kind="csv",
        encoding=encoding,
        delimiter=delimiter,
        header_row=_header_row(head, override),
    )
    # The whole file is read, so that a problem near its end shows now and not in the import.
    rows = read_rows(source, reading, limits=limits)
    first = list(itertools.islice(rows, SAMPLE))
    total = len(first) + sum(1 for _ in rows)
    above = [row for row in head if row.number <= reading.header_row]
    return _preview(reading, above, first, total, alternatives=alternatives)


def _encoding(source: SheetSource, override: Override) -> tuple[Encoding, tuple[Encoding, ...]]:
    try:
        guessed, others = detect(source)
    except SheetError:
        if override.encoding is None:
            raise
        return override.encoding, ()
    chosen = override.encoding or guessed
    return chosen, tuple(each for each in (guessed, *others) if each != chosen)


def _inspect_workbook(source: SheetSource, override: Override, limits: Limits) -> Preview:
    kind, sheets, hidden = survey(source, limits)
    sheet = _chosen(sheets, override)
    header_row = _header_row(sheet.head, override)
    reading = Reading(kind=kind, sheet=sheet.name, header_row=header_row)
    above = [row for row in sheet.head if row.number <= header_row]
    first = [row for row in sheet.head if row.number > header_row]
    preview = _preview(reading, above, first, sheet.rows - len(above))
    notes = list(sheet.notes)
    if header_row in sheet.merged_rows:
        notes.append("merged-header")
    if hidden:
        notes.append("hidden-sheet-skipped")
    infos = tuple(SheetInfo(name=each.name, rows=each.rows) for each in sheets)
    return replace(preview, sheets=infos, notes=(*preview.notes, *notes))


def _chosen(sheets: Sequence[Sheet], override: Override) -> Sheet:
    if override.sheet is not None:
        named = [sheet for sheet in sheets if sheet.name == override.sheet]
        if not named:
            raise SheetError("no-such-sheet", sheet=override.sheet)
        return named[0]
    filled = [sheet for sheet in sheets if sheet.rows]
    if not filled:
        raise SheetError("no-rows")
    return next((sheet for sheet in filled if _has_address(sheet)), filled[0])


def _has_address(sheet: Sheet) -> bool:
    return any(mentions_address(cell) for row in sheet.head for cell in row.cells)


def _header_row(head: Sequence[Row], override: Override) -> int:
    if override.header_row is not None:
        return max(0, override.header_row)
    return find_header(head)


def _preview(
    reading: Reading,
    above: Sequence[Row],
    first: Sequence[Row],
    total: int,
    *,
    alternatives: tuple[Encoding, ...] = (),
) -> Preview:
    if not first:
        raise SheetError("no-rows")
    header = next((row for row in above if row.number == reading.header_row), None)
    width = _width(header, first)
    labels = [header.cell(index).strip() if header else "" for index in range(width)]
    columns, renamed = _columns(labels, first)
    return Preview(
        reading=reading,
        columns=columns,
        title_rows=tuple(row.cells for row in above if row is not header),
        rows=tuple(first[:_SHOWN_ROWS]),
        total_rows=total,
        alternatives=alternatives,
        notes=("duplicate-labels-renamed",) if renamed else (),
    )


def _width(header: Row | None, first: Sequence[Row]) -> int:
    sound = [row for row in first if row.problem != "too-many-cells"] or first
    return max(len(header.cells) if header else 0, *(len(row.cells) for row in sound))


def _columns(labels: Sequence[str], first: Sequence[Row]) -> tuple[tuple[Column, ...], bool]:
    shown, renamed = unique_labels(labels)
    guesses, rivals = guess_columns(labels, first), address_rivals(labels, first)
    columns = tuple(
        Column(
            index=index,
            label=label,
            samples=_samples(first, index),
            guess=guess,
            rival=index in rivals,
        )
        for index, (label, guess) in enumerate(zip(shown, guesses, strict=True))
    )
    return columns, renamed


def _samples(first: Sequence[Row], index: int) -> tuple[str, ...]:
    filled = (row.cell(index) for row in first if row.cell(index).strip())
    return tuple(itertools.islice(filled, _SHOWN_SAMPLES))
