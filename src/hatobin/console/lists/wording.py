"""What the reader of spreadsheets found, in plain words."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as now
from django.utils.translation import gettext_lazy as _

from hatobin.audience.models import ConsentBasis
from hatobin.audience.services.uploads import UploadPreview

_ENCODINGS: dict[str, str | Promise] = {
    "cp932": _("Shift_JIS (Excel in Japan)"),
    "utf-8": "UTF-8",
    "utf-8-sig": _("UTF-8 with BOM"),
    "utf-16": "UTF-16",
    "iso-2022-jp": "ISO-2022-JP (JIS)",
    "euc-jp": "EUC-JP",
}
_DELIMITERS: dict[str, Promise] = {
    ",": _("Comma"),
    "\t": _("Tab"),
    ";": _("Semicolon"),
    "|": _("Vertical bar"),
}
_KINDS: dict[str, str | Promise] = {
    "csv": _("Text file"),
    "xlsx": "Excel (xlsx)",
    "xls": "Excel (xls)",
    "ods": "OpenDocument (ods)",
}
_NOTES: dict[str, Promise] = {
    "formula-cells": _("Some cells are formulas. The values they showed when saved are taken."),
    "formula-cells-without-value": _(
        "Some formulas were never calculated and are read as empty. Open the file in Excel and save it first."
    ),
    "hidden-rows-included": _("Rows hidden by a filter are read as well."),
    "merged-header": _("Cells of the row with the column names are merged. Look at the columns."),
    "duplicate-labels-renamed": _("Two columns have the same name; the later one got a number."),
    "hidden-sheet-skipped": _("Hidden sheets are not read."),
}
BASIS_HINTS: dict[str, Promise] = {
    ConsentBasis.CONSENT: _("On a form, by a tick, in writing"),
    ConsentBasis.GIVEN: _("Handed over in person or in writing"),
    ConsentBasis.TRADING: _("Customers, members, contract partners"),
    ConsentBasis.PUBLISHED: _("On its web site, without refusing advertising"),
    ConsentBasis.NOT_ADVERTISING: _("Procedures, schedules, answers; never sales"),
}
# Which control a problem of reading the file is about.
PLACES = {
    "undecodable": "encoding",
    "wrong-delimiter": "delimiter",
    "unclosed-quote": "delimiter",
    "too-many-columns": "delimiter",
    "no-such-sheet": "sheet",
    "no-rows": "header_row",
}


def encoding_name(encoding: str) -> str | Promise:
    """An encoding as people know it."""
    return _ENCODINGS.get(encoding, encoding)


def delimiter_name(delimiter: str) -> str | Promise:
    """What stands between two columns."""
    return _DELIMITERS.get(delimiter) or format_lazy("“{}”", delimiter)


def reading_in_words(found: UploadPreview) -> str:
    """``Shift_JIS (Excel in Japan), separated by commas, column names in row 3, 1,021 rows``."""
    comma = "、" if (get_language() or "ja").startswith("ja") else ", "
    return comma.join(_parts(found))


def doubts(found: UploadPreview) -> list[str]:
    """What the person should look at before going on."""
    preview = found.preview
    sentences = []
    if found.proposal.address is None:
        sentences.append(now("No column looks like mail addresses. Choose it below."))
    if found.proposal.rivals:
        labels = ", ".join(plan.label for plan in found.proposal.candidates())
        sentences.append(
            now(
                "Several columns hold mail addresses: %(labels)s. Look whether the right one is chosen."
            )
            % {"labels": labels}
        )
    if preview.reading.header_row == 0:
        sentences.append(now("No row with column names was found. Name the columns below."))
    if preview.alternatives:
        names = ", ".join(str(encoding_name(each)) for each in preview.alternatives)
        sentences.append(
            now("The letters could also be %(encodings)s. If names look wrong, choose that.")
            % {"encodings": names}
        )
    return sentences + [str(_NOTES[note]) for note in preview.notes if note in _NOTES]


def _parts(found: UploadPreview) -> Iterator[str]:
    reading = found.preview.reading
    yield str(encoding_name(reading.encoding) if reading.encoding else _KINDS[reading.kind])
    if reading.delimiter:
        yield now("columns separated by: %(delimiter)s") % {
            "delimiter": delimiter_name(reading.delimiter)
        }
    if reading.sheet:
        yield now("sheet “%(sheet)s”") % {"sheet": reading.sheet}
    if reading.header_row:
        yield now("column names in row %(row)s") % {"row": reading.header_row}
    else:
        yield now("no column names")
    rows = found.preview.total_rows or 0
    yield ngettext("%(count)s row", "%(count)s rows", rows) % {"count": f"{rows:,}"}
