"""The words of commands, in the language of the terminal.

The same catalogue as the screens', but read without Django: a command must be able to speak before
anything is set up, and when nothing can be. Logs stay English.
"""

from __future__ import annotations

import functools
import gettext as plain
import os
import unicodedata
from pathlib import Path

_LOCALE = Path(__file__).resolve().parent.parent / "locale"


def terminal_language() -> str:
    """``ja`` where the terminal speaks Japanese, else ``en``."""
    for name in ("HATOBIN_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name)
        if value:
            return "ja" if value.lower().startswith("ja") else "en"
    return "en"


def gettext(text: str) -> str:
    """This text in the language of the terminal."""
    return _catalogue(terminal_language()).gettext(text)


def ngettext(one: str, many: str, count: int) -> str:
    """The same for a text that says a number: ``one`` is for 1 alone."""
    return _catalogue(terminal_language()).ngettext(one, many, count)


def columns(text: str) -> int:
    """How wide a text is on a terminal: Japanese letters take two columns."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


@functools.cache
def _catalogue(language: str) -> plain.NullTranslations:
    if language == "en":
        return plain.NullTranslations()  # the texts are English themselves
    return plain.translation("django", _LOCALE, languages=[language], fallback=True)
