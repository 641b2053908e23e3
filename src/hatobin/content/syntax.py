"""Merge tags as people write them, brought into the one form that the engine reads.

``{{ 氏名 }}`` is Liquid already. Column names from spreadsheets hold spaces and brackets, input methods
give full-width braces, editors split tags with markup and entities: all of that is normalised here.
"""

from __future__ import annotations

import html as html_module
import re
from collections.abc import Collection

_FULL_WIDTH = str.maketrans({"｛": "{", "｝": "}", "％": "%", "｜": "|"})
_ANY_TAG = re.compile(r"[{｛]{2}.*?[}｝]{2}|[{｛][%％].*?[%％][}｝]", re.DOTALL)
_MARKUP = re.compile(r"<[^>]*>")
_CHIP = re.compile(
    r"<span\b[^>]*\bdata-merge=(?:\"([^\"]*)\"|'([^']*)')[^>]*>.*?</span>",
    re.DOTALL | re.IGNORECASE,
)
_OUTPUT = re.compile(r"\{\{-?(.*?)-?\}\}", re.DOTALL)
_NAME = re.compile(r"[^\W\d]\w*\Z")
_SPACES = " \t\r\n\u00a0\u3000"


def plain_tags(text: str) -> str:
    """Full-width braces become braces; everything outside merge tags stays as it is."""
    return _ANY_TAG.sub(lambda found: _narrow(found.group()), text)


def html_tags(html: str) -> str:
    """The same for HTML: chips become tags, markup and entities inside a tag go away."""
    chips = _CHIP.sub(lambda found: _chip(found.group(1) or found.group(2) or ""), html)
    return _ANY_TAG.sub(lambda found: _narrow(_unmarked(found.group())), chips)


def liquid(text: str, field_names: Collection[str]) -> str:
    """Field names that Liquid cannot read bare get its bracket form: ``{{ ['会社 名'] | default: "" }}``."""
    return _OUTPUT.sub(lambda found: _bracketed(found.group(1), field_names), text)


def tag_of(name: str) -> str:
    """How a field's tag is written for people."""
    return "{{ " + name + " }}"


def _narrow(tag: str) -> str:
    head, body, tail = tag[:2], tag[2:-2], tag[-2:]
    body = body.replace("｜", "|").replace("\u3000", " ").replace("\u00a0", " ")
    return head.translate(_FULL_WIDTH) + body + tail.translate(_FULL_WIDTH)


def _unmarked(tag: str) -> str:
    return html_module.unescape(_MARKUP.sub("", tag))


def _chip(name: str) -> str:
    return tag_of(html_module.unescape(name))


def _bracketed(inner: str, field_names: Collection[str]) -> str:
    whole = inner.strip(_SPACES)
    name, bar, filters = _split(whole, field_names)
    if name not in field_names or _NAME.match(name):
        return "{{ " + whole + " }}"
    quote = '"' if "'" in name else "'"  # Liquid strings know no escapes
    return "{{ [" + quote + name + quote + "]" + (f" | {filters}" if bar else "") + " }}"


def _split(whole: str, field_names: Collection[str]) -> tuple[str, str, str]:
    """Name and filters; a field whose own name holds a bar is tried first."""
    for name in sorted(field_names, key=len, reverse=True):
        rest = whole[len(name) :].strip(_SPACES)
        if whole.startswith(name) and (not rest or rest.startswith("|")):
            return name, rest[:1], rest[1:].strip(_SPACES)
    name, bar, filters = whole.partition("|")
    return name.strip(_SPACES), bar, filters.strip(_SPACES)
