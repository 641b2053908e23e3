"""What goes in and comes out of this package."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Guess = Literal[
    "address",
    "name",
    "family-name",
    "given-name",
    "kana",
    "company",
    "honorific",
    "postcode",
    "phone",
    "other",
    "empty",
]
Kind = Literal["csv", "xlsx", "xls", "ods"]
Encoding = Literal["utf-8", "utf-8-sig", "cp932", "iso-2022-jp", "utf-16", "euc-jp"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """How a file is read; plain values, so that it can live in a JSON column.

    ``encoding`` and ``delimiter`` are None for workbooks, ``sheet`` is None for CSV. ``header_row``
    is the 1-based number of the row with the column names, 0 where the file has none.
    """

    kind: Kind
    encoding: Encoding | None = None
    delimiter: str | None = None
    sheet: str | None = None
    header_row: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Override:
    """What the person corrected; None leaves it to the guess. The kind is told by the content alone."""

    encoding: Encoding | None = None
    delimiter: str | None = None
    sheet: str | None = None
    header_row: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row. ``number`` is the row number that Excel shows (1-based, blank and title rows counted).

    In CSV a record with line breaks in a cell is one row, as in Excel; a text editor's line numbers
    run ahead of it. Blank cells at the end are cut off: ask ``cell`` for a value by its column.
    ``problem`` says why this row must be refused: ``nul`` (shown as ␀), ``cell-too-long`` (cut to its
    beginning), ``stray-quote`` (text after a closing quotation mark), ``too-many-cells`` (CSV: a
    comma too many, so that values stand under the wrong names).
    """

    number: int
    cells: tuple[str, ...]
    problem: str | None = None

    def cell(self, index: int) -> str:
        """The text in column ``index`` (0-based); empty beyond the last filled cell."""
        return self.cells[index] if index < len(self.cells) else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SheetInfo:
    """A visible sheet of a workbook; ``rows`` counts those that are not blank."""

    name: str
    rows: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A column as the person sees it. Labels are unique; ``index`` is 0-based.

    ``rival``: it could hold the addresses about as well as the column whose guess is ``address``.
    """

    index: int
    label: str
    samples: tuple[str, ...]
    guess: Guess
    rival: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """What the file seems to be. ``rows`` are the first 20 rows of data.

    ``alternatives``: other encodings that decode the whole file without error. ``notes`` are codes:
    ``formula-cells`` (their last computed values are taken), ``formula-cells-without-value`` (read as
    empty: the program that wrote the file never computed them), ``hidden-rows-included`` (rows hidden
    by a filter are people too), ``merged-header``, ``duplicate-labels-renamed``,
    ``hidden-sheet-skipped``.
    """

    reading: Reading
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    total_rows: int | None
    sheets: tuple[SheetInfo, ...] = ()
    title_rows: tuple[tuple[str, ...], ...] = ()
    alternatives: tuple[Encoding, ...] = ()
    notes: tuple[str, ...] = field(default=())
