"""Reads the spreadsheets that offices have: CSV in any Japanese encoding, Excel, OpenDocument.

Plain Python: no Django, no database. ``inspect`` guesses how a file is to be read and shows it;
``read_rows`` reads every row as the person confirmed. See ``docs/mechanisms/reading-spreadsheets.md``.
"""

from hatobin.audience.sheets.errors import SheetError
from hatobin.audience.sheets.limits import LIMITS, Limits
from hatobin.audience.sheets.reader import inspect, read_rows
from hatobin.audience.sheets.shapes import (
    Column,
    Encoding,
    Guess,
    Kind,
    Override,
    Preview,
    Reading,
    Row,
    SheetInfo,
)
from hatobin.audience.sheets.source import SheetSource

__all__ = [
    "LIMITS",
    "Column",
    "Encoding",
    "Guess",
    "Kind",
    "Limits",
    "Override",
    "Preview",
    "Reading",
    "Row",
    "SheetError",
    "SheetInfo",
    "SheetSource",
    "inspect",
    "read_rows",
]
