"""Where in a TOML file a key stands: the standard library's reader does not say."""

from __future__ import annotations

import re
from collections import Counter

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]\]?")
_KEY = re.compile(r"""\s*["']?([A-Za-z0-9_-]+)["']?\s*=""")
_FENCES = ('"""', "'''")


class TomlLines:
    """For files that were read without an error. Tables in arrays are counted from 0."""

    def __init__(self, text: str) -> None:
        self._lines: dict[tuple[str, int, str], int] = {}
        table, index, fence = "", 0, ""
        counts: Counter[str] = Counter()
        for number, line in enumerate(text.splitlines(), 1):
            if fence:
                fence = "" if fence in line else fence
            elif header := _HEADER.fullmatch(line.partition("#")[0].rstrip()):
                table = header[2]
                index, counts[table] = counts[table], counts[table] + 1
                self._lines.setdefault((table, index, ""), number)
            elif key := _KEY.match(line):
                self._lines.setdefault((table, index, key[1]), number)
                fence = next((mark for mark in _FENCES if line.count(mark) % 2), "")

    def of(self, table: str, index: int, key: str = "") -> int:
        """The line of a key, or of its table where the key is missing; 0 when it stands nowhere."""
        places = ((table, index, key), (table, index, ""), ("", 0, table))
        return next((self._lines[place] for place in places if place in self._lines), 0)
