"""Finds words in a template that no translate tag covers.

A reading of the source, not of a rendered page: tags and variables are blanked, what remains of
the HTML is walked. Words inside an element with ``translate="no"`` (names, sample code) are meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

_BLOCKS = re.compile(
    r"\{%-?\s*(comment|blocktranslate|blocktrans)\b.*?\{%-?\s*end\1\s*-?%\}|\{#.*?#\}", re.DOTALL
)
_TAGS = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_ARGUMENT = re.compile(
    r"\b(?:title|text|label|link|note|unit|opener|button|placeholder|action)=(\"[^\"]*\"|'[^']*')"
)
_WORD = re.compile(r"[^\W\d_]{2,}|[\u3041-\u30ff\u3400-\u9fff]")
# Keys, addresses and abbreviations are the same in every language.
_SAME = re.compile(r"https?://\S+|\b(?:Ctrl|Shift|Alt)\+\w+|\b[A-Z]{2,}\b")
_ATTRIBUTES = {
    "alt",
    "title",
    "aria-label",
    "aria-description",
    "aria-roledescription",
    "placeholder",
    "data-label",
    "label",
}
_QUIET = {"script", "style", "code", "kbd", "samp", "svg"}
_VOID = {"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}


def bare_words(source: str) -> Iterator[tuple[int, str]]:
    """(line, words) for each piece of text that would be shown as it is, in any language."""
    source = _BLOCKS.sub(_blank, source)
    for tag in _TAGS.finditer(source):
        line = source.count("\n", 0, tag.start()) + 1
        if tag[0].startswith("{%"):
            yield from ((line, value) for value in _literal_arguments(tag[0]))
    reader = _Reader()
    reader.feed(_TAGS.sub(_blank, source))
    reader.close()
    yield from reader.found


def _blank(match: re.Match[str]) -> str:
    """Spaces of the same height: line numbers stay true."""
    return " " + "\n" * match[0].count("\n")


def _literal_arguments(tag: str) -> Iterator[str]:
    """Words given to a component without ``_( )``; addresses are no words."""
    if re.match(r"\{%-?\s*(include|tab|crumbs|field|meter|state_tag)\b", tag) is None:
        return
    for quoted in _ARGUMENT.findall(tag):
        value = quoted[1:-1]
        if _WORD.search(value) and not value.startswith(("#", "/", "?", "http")):
            yield value


class _Reader(HTMLParser):
    """Collects the words, and knows whether it is inside something quiet."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[int, str]] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        quiet = tag in _QUIET or given.get("translate") == "no"
        if not quiet and not self._is_quiet():
            for name in sorted(_ATTRIBUTES & given.keys()):
                self._note(given[name] or "")
        if tag not in _VOID:
            self._open.append((tag, quiet))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        # A template may open one tag in two branches: close the nearest that fits, forgive the rest.
        for index in range(len(self._open) - 1, -1, -1):
            if self._open[index][0] == tag:
                del self._open[index:]
                return

    def handle_data(self, data: str) -> None:
        if not self._is_quiet():
            self._note(data)

    def _is_quiet(self) -> bool:
        return any(quiet for _tag, quiet in self._open)

    def _note(self, text: str) -> None:
        if _WORD.search(_SAME.sub("", text)):
            self.found.append((self.getpos()[0], " ".join(text.split())))
