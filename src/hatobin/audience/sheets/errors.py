"""The one error of this package."""

from __future__ import annotations

from typing import Literal, get_args

Code = Literal[
    "empty-file",  # no bytes, or only blanks
    "no-rows",  # a header perhaps, but no row of data
    "too-large",  # limit: MB
    "wrong-type",  # found: pdf, image, html, word, powerpoint, iwork, program, archive, ...
    "encrypted",  # a password is needed
    "zip-bomb",  # would unpack, or load, to far more than a list of people holds
    "damaged",
    "too-many-columns",  # limit, row
    "too-many-rows",  # limit
    "undecodable",  # encoding; row: the line where it fails, when known
    "unclosed-quote",  # row: where the quotation mark was opened
    "wrong-delimiter",  # the person's delimiter is not one plain character
    "timeout",
    "no-such-sheet",
]
CODES: frozenset[str] = frozenset(get_args(Code))


class SheetError(Exception):
    """The file as a whole cannot be read. ``code`` is stable; the words for people live elsewhere."""

    def __init__(self, code: Code, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params: dict[str, object] = params

    def __str__(self) -> str:
        return f"{self.code} {self.params}" if self.params else self.code
