"""Plain sentences for every code that a file, a row or an import ends with."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hatobin.common.errors import Invalid

UPLOAD_GONE = _("The uploaded file is no longer kept.")
UPLOAD_AGAIN = _("Upload the file again.")

# Why a row was not taken, or was merged.
ROW_REASONS: dict[str, Promise] = {
    "no-address": _("The address is empty."),
    "bad-address": _("This is not a mail address."),
    "no-at": _("This is not a mail address: it has no @."),
    "bad-local": _("The part before the @ is not possible in a mail address."),
    "bad-domain": _("The part after the @ is not possible in a mail address."),
    "too-long": _("The address is too long."),
    "control-character": _("The address contains an invisible character."),
    "several-addresses": _("The cell contains more than one address."),
    "display-name": _("The cell contains a name or brackets besides the address."),
    "nul": _("The row contains a NUL character, which text never does."),
    "cell-too-long": _("A cell is too long."),
    "stray-quote": _("Text stands after a closing quotation mark."),
    "too-many-cells": _("The row has more cells than the header, so the columns may be shifted."),
    "duplicate": _("Same address as row %(first_row)s; that row was taken."),
}

# Why a value was not taken; the params name its field.
VALUE_REASONS: dict[str, Promise] = {
    "nul": _("“%(field)s” contains a NUL character, which text never does."),
    "control-character": _("“%(field)s” contains an invisible control character."),
    "line-break": _("“%(field)s” contains a line break; it must be on one line."),
    "cell-too-long": _("“%(field)s” is longer than %(limit)s characters."),
}

# Why a word cannot be a field's name.
NAME_PROBLEMS: dict[str, tuple[Promise, Promise]] = {
    "field-name-empty": (
        _("The field has no name."),
        _("Give it a name, or do not use the column."),
    ),
    "field-name-too-long": (
        _("The field name is longer than %(limit)s characters."),
        _("Shorten it."),
    ),
    "field-name-letters": (
        _("“%(field)s” cannot be a field name."),
        _(
            "Leave out line breaks, quotation marks, brackets, percent signs and the signs { } | < > \\ `."
        ),
    ),
    "field-name-reserved": (
        _("“%(field)s” is a word that letters need for themselves."),
        _("Choose another name for this field."),
    ),
    "field-name-twice": (
        _("Two columns have the field name “%(field)s”."),
        _("Give one of them another name, or do not use it."),
    ),
}

# Why a whole file, or an import, came to nothing; with what to do next.
FILE_PROBLEMS: dict[str, tuple[Promise, Promise]] = {
    "empty-file": (_("The file is empty."), _("Choose the file again; it may not be saved yet.")),
    "no-rows": (
        _("The file has no rows of data."),
        _("Check that the sheet with the people is saved in this file."),
    ),
    "too-large": (
        _("The file is larger than %(limit)s MB."),
        _("Split it into several files, or remove pictures and unused sheets."),
    ),
    "wrong-type": (
        _("This file is not a list."),
        _("Choose a CSV, TSV, Excel or OpenDocument file."),
    ),
    "encrypted": (
        _("The file is protected with a password."),
        _("Open it in Excel, remove the password and save it again."),
    ),
    "zip-bomb": (
        _("The file would become far too large when unpacked."),
        _("Save the list as CSV and choose that file."),
    ),
    "damaged": (
        _("The file is damaged and cannot be read."),
        _("Open it in Excel, save it again and choose that file."),
    ),
    "too-many-columns": (
        _("Row %(row)s has more than %(limit)s columns."),
        _("Remove the columns that are not needed."),
    ),
    "too-many-rows": (
        _("The file has more than %(limit)s rows."),
        _("Split it into several files."),
    ),
    "undecodable": (
        _("The characters of this file cannot be read with this encoding."),
        _("Choose another encoding, or save the file as CSV (UTF-8)."),
    ),
    "unclosed-quote": (
        _("A quotation mark is opened in row %(row)s and never closed."),
        _("Look at the cells of that row, or save the list as an Excel file."),
    ),
    "wrong-delimiter": (
        _("This cannot separate columns."),
        _("Choose comma, tab or semicolon, or type one character."),
    ),
    "timeout": (
        _("Reading the file took too long."),
        _("Save the list as CSV and choose that file."),
    ),
    "no-such-sheet": (_("This file has no such sheet."), _("Choose one of its sheets.")),
    "no-valid-rows": (
        _("No row of the file could be taken."),
        _("Look at the reasons below. Often another column holds the addresses."),
    ),
    "changed-meanwhile": (
        _("Somebody else was changing the same people."),
        _("Nothing was written. Start the import again."),
    ),
    "never-finished": (
        _("The import did not finish within a day."),
        _("Nothing was written. Choose the file again, and look at the log of the worker."),
    ),
    "unexpected": (
        _("The import was stopped by an error."),
        _("Nothing was written. Start it again; the log of the worker tells more."),
    ),
}


def row_sentence(code: str, params: Mapping[str, object]) -> str:
    """The sentence for a refused or merged row, in the language that is active now."""
    reasons = VALUE_REASONS if "field" in params else ROW_REASONS
    text = reasons.get(code, ROW_REASONS["bad-address"])
    return str(text) % params if params else str(text)


def name_problem(code: str, name: str, *, field: str, limit: int) -> Invalid:
    """The error for a field name, beside the form field ``field``."""
    message, advice = NAME_PROBLEMS[code]
    shown = "".join(c for c in name if c.isprintable())[:limit]
    return Invalid(
        code, message, advice=advice, field=field, params={"field": shown, "limit": limit}
    )


def value_problem(code: str, name: str, *, limit: int) -> Invalid:
    """The error for one field of one person that was typed; ``field`` is the field's name."""
    if code in NAME_PROBLEMS:
        return name_problem(code, name, field=name, limit=limit)
    return Invalid(code, VALUE_REASONS[code], field=name, params={"field": name, "limit": limit})


def file_sentence(code: str, params: Mapping[str, object]) -> tuple[str, str]:
    """(what is wrong, what to do next) for a file or an import."""
    error = file_problem(code, params)
    return error.message, error.advice


def file_problem(code: str, params: Mapping[str, object], *, field: str = "file") -> Invalid:
    """The error for a file that cannot be read."""
    message, advice = FILE_PROBLEMS.get(code, FILE_PROBLEMS["damaged"])
    return Invalid(code, message, advice=advice, field=field, params=params)
