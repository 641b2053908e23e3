"""Decisions about names and rows. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from hatobin.audience import choices
from hatobin.audience.models import FieldKind
from hatobin.audience.sheets import Row
from hatobin.common.hidden import has_hidden
from hatobin.wire.address import Address, AddressError, parse_address

NAME_MAX = 100
LIST_NAME_MAX = 120
CELL_MAX = 10_000  # characters

# What a merge tag in a letter is written with; a name that holds one could not be merged.
TAG_LETTERS = re.compile(r"""[{}%|"'<>\[\]\\`]""")
# What a name made from a column's label is made without.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_NO_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROL_IN_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
# Spreadsheet programs run a cell that begins like this; Japanese ones also the wide forms.
_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\u2212\uff20")

# Words of the merge language, and the product's own.
RESERVED_NAMES = frozenset(
    {"and", "or", "not", "contains", "in", "true", "false", "nil", "null", "none", "empty"}
    | {"blank", "if", "else", "for", "forloop", "with", "as", "hatobin"}
)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A row that becomes a person."""

    address: Address
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that cannot be taken; ``reason`` is a code with a sentence in ``reasons``."""

    reason: str
    params: Mapping[str, object]


def check_row(row: Row, mapping: choices.Mapping) -> Accepted | Refused:
    """One row of the file under a mapping that has an address column."""
    if row.problem:
        return Refused(row.problem, {})
    text = row.cell(mapping.address or 0).strip()
    if not text:
        return Refused("no-address", {})
    try:
        address = parse_address(text)
    except AddressError as error:
        return Refused("no-address" if error.code == "empty" else error.code, {})
    fields: dict[str, str] = {}
    for choice in mapping.fields:
        value = row.cell(choice.column).strip()
        reason = cell_problem(value, choice.kind)
        if reason:
            return Refused(reason, {"field": choice.name, "limit": CELL_MAX})
        fields[choice.name] = value.replace("\r\n", "\n").replace("\r", "\n")
    return Accepted(address, fields)


def cell_problem(value: str, kind: str) -> str | None:
    """Why a value cannot be stored: ``cell-too-long``, ``nul``, ``line-break``, ``control-character``.

    Line breaks may stand in free text only: a name ends up in header lines.
    """
    if len(value) > CELL_MAX:
        return "cell-too-long"
    if value.isprintable():
        return None
    if "\0" in value:
        return "nul"
    if _CONTROL_IN_TEXT.search(value):
        return "control-character"
    if kind != FieldKind.TEXT and _NO_LINE.search(value):
        return "line-break"
    return None


def merged_fields(old: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """The file's fields replace (an empty cell empties); what the file does not have stays."""
    return {**old, **given}


def split_fields(
    fields: Mapping[str, str], ordinary_names: Collection[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """(personal, ordinary): what is sealed, and what stays readable."""
    personal = {name: value for name, value in fields.items() if name not in ordinary_names}
    ordinary = {name: value for name, value in fields.items() if name in ordinary_names}
    return personal, ordinary


def has_control(text: str) -> bool:
    """Whether a text that stands on one line holds a line break or another invisible character."""
    return has_hidden(text)


def same_name(name: str) -> str:
    """Two field names with the same value here cannot be told apart by a reader."""
    return unicodedata.normalize("NFKC", name).casefold()


def field_name_problem(name: str) -> str | None:
    """Why this cannot be a field's name, as a code; None when it can."""
    if not name.strip():
        return "field-name-empty"
    if len(name) > NAME_MAX:
        return "field-name-too-long"
    if name != name.strip() or has_control(name) or TAG_LETTERS.search(name):
        return "field-name-letters"
    folded = same_name(name)
    if folded in RESERVED_NAMES or folded.startswith("hatobin."):
        return "field-name-reserved"
    return None


def defused(cell: str) -> str:
    """The cell as text: an apostrophe stands before what a spreadsheet would run as a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
