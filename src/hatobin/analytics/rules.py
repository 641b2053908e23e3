"""What a cell of a file may hold. Pure."""

from __future__ import annotations

# Spreadsheet programs run a cell that begins like this as a formula; Japanese ones also the wide forms.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def defused(cell: str) -> str:
    """The cell as text: an apostrophe stands before what a spreadsheet would run as a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
