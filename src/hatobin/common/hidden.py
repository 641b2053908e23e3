"""Characters that nobody sees in a line of text, and that make it something else than it looks like."""

from __future__ import annotations

import re
import unicodedata

import idna

# Controls, line breaks, half characters, and what only formats: directions, zero widths, soft hyphens.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS = "\u200c\u200d"
_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f")  # of a region: England, Texas
_BEFORE_JOINED = frozenset({"So", "Sk", "Mn"})  # a picture, its skin tone, its form
_AFTER_JOINER = frozenset({"So", "Sm"})
_AROUND = 30  # characters that decide whether a joiner belongs to a script


def has_hidden(text: str) -> bool:
    """Whether a text that stands on one line holds a line break or another invisible character.

    Joiners may stand where writing needs them: in joined emoji, in Persian, in Nepali (RFC 5892
    appendix A).
    """
    if text.isascii():
        return not text.isprintable()
    text = _FLAG.sub("", text)
    return any(
        unicodedata.category(character) in _HIDDEN and not _joins(text, place)
        for place, character in enumerate(text)
    )


def _joins(text: str, place: int) -> bool:
    if text[place] not in _JOINERS or not 0 < place < len(text) - 1:
        return False
    before, after = (unicodedata.category(text[near]) for near in (place - 1, place + 1))
    if text[place] == "\u200d" and before in _BEFORE_JOINED and after in _AFTER_JOINER:
        return True
    start = max(0, place - _AROUND)
    try:
        return idna.valid_contextj(text[start : place + _AROUND], place - start)
    except ValueError:  # beside a character without a name
        return False
