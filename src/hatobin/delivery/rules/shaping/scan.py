"""On which line each table and key of a TOML text stands; ``tomllib`` does not say.

A scanner, not a parser: it is run on texts that ``tomllib`` has read without complaint, and only
has to see where strings, comments and brackets begin and end.
"""

from __future__ import annotations

import re
import tomllib

Path = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}' r"|'''.*?'{3,5}" r'|"(?:\\.|[^"\\\n])*"' r"|'[^'\n]*'",
    re.DOTALL,
)
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")


def lines_of(text: str) -> dict[Path, int]:
    """Path of each table and key > line, from 1. Tables of an array carry their number.

    Keys inside ``{ … }`` stand on the line of their own. What cannot be followed is left out.
    """
    scanner = _Scanner(text)
    scanner.scan()
    return scanner.lines


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Path, int] = {}
        self._table: Path = ()
        self._counts: dict[Path, int] = {}

    def scan(self) -> None:
        while True:
            self._skip(_BLANK)
            if self.at >= len(self.text):
                return
            before = self.at
            if self.text[self.at] == "[":
                self._header()
            else:
                self._assignment(self._table)
            if self.at == before:
                self._to_end_of_line()

    def _header(self) -> None:
        line = self._line()
        many = self.text.startswith("[[", self.at)
        self.at += 2 if many else 1
        path = self._resolve(self._key())
        if many:
            number = self._counts.get(path, -1) + 1
            self._counts[path] = number
            path = (*path, number)
        self._table = path
        self._note(path, line)
        self._to_end_of_line()

    def _resolve(self, key: Path) -> Path:
        """``[rule.x]`` below ``[[rule]]`` means the last of its tables."""
        path: Path = ()
        for part in key[:-1]:
            path = (*path, part)
            if path in self._counts:
                path = (*path, self._counts[path])
        return (*path, *key[-1:])

    def _assignment(self, table: Path) -> None:
        line = self._line()
        key = self._key()
        self._skip(_SPACE)
        if not key or not self.text.startswith("=", self.at):
            self._to_end_of_line()
            return
        self.at += 1
        path = (*table, *key)
        self._note(path, line)
        self._skip(_SPACE)
        self._value(path)

    def _value(self, path: Path) -> None:
        found = _STRING.match(self.text, self.at)
        if found:
            self.at = found.end()
        elif self.text.startswith("[", self.at):
            self._list(path)
        elif self.text.startswith("{", self.at):
            self._inline_table(path)
        else:
            while self.at < len(self.text) and self.text[self.at] not in ",]}#\n":
                self.at += 1

    def _list(self, path: Path) -> None:
        self.at += 1
        number = 0
        while True:
            self._skip(_BLANK)
            if self.at >= len(self.text):
                return
            if self.text[self.at] == "]":
                self.at += 1
                return
            if self.text[self.at] == ",":
                self.at += 1
                continue
            before = self.at
            self.lines.setdefault((*path, number), self._line())
            self._value((*path, number))
            number += 1
            self.at += self.at == before

    def _inline_table(self, path: Path) -> None:
        self.at += 1
        while True:
            self._skip(_BLANK)
            if self.at >= len(self.text):
                return
            if self.text[self.at] in "},":
                self.at += 1
                if self.text[self.at - 1] == "}":
                    return
                continue
            before = self.at
            self._assignment(path)
            self.at += self.at == before

    def _key(self) -> Path:
        parts: list[str] = []
        while True:
            self._skip(_SPACE)
            found = _BARE.match(self.text, self.at)
            quoted = None if found else _STRING.match(self.text, self.at)
            if found:
                parts.append(found[0])
            elif quoted:
                parts.append(_unquote(quoted[0]))
            else:
                return tuple(parts)
            self.at = (found or quoted).end()  # type: ignore[union-attr]
            self._skip(_SPACE)
            if not self.text.startswith(".", self.at):
                return tuple(parts)
            self.at += 1

    def _note(self, path: Path, line: int) -> None:
        for length in range(1, len(path) + 1):
            self.lines.setdefault(path[:length], line)

    def _line(self) -> int:
        return self.text.count("\n", 0, self.at) + 1

    def _skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def _to_end_of_line(self) -> None:
        end = self.text.find("\n", self.at)
        self.at = len(self.text) if end < 0 else end + 1


def _unquote(text: str) -> str:
    try:
        return str(tomllib.loads(f"x={text}")["x"])
    except tomllib.TOMLDecodeError:
        return text
