"""The last-byte check of printed letters: an address of somebody else, anywhere in one (promise P1).

Gives what ``delivery.rules.last_byte.strange_addresses`` gives for the whole message read back, but looks
only at what is new in each print. What never changes was searched once; values without any sign of an
address cannot make one, unless the text around them reaches into them (``wire.press.seams``); an address
that stands alone in its place is searched alone; everything else is searched whole.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Protocol

from hatobin.content.press import Press, Printed
from hatobin.content.variants import Variant
from hatobin.wire.message_facts import read_facts
from hatobin.wire.press import Fixed, Plate
from hatobin.wire.press.seams import may_matter, seams_of

Found = dict[str, str]  # normalised address > place
_PLAIN_ADDRESS = re.compile(
    r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}"
)
_TOKEN = re.compile(r"[0-9a-z]{8,64}")
_SAMPLE_TOKEN = "0" * 32
_AN_ENTITY = "\n&#32;\n"  # with it all entities of a text are read
_SAMPLE_LINK = "https://sample.invalid/"


class Search(Protocol):
    """``delivery.rules.last_byte.strangers_in``: (place, text) pairs > strange addresses and their places."""

    def __call__(self, texts: Iterable[tuple[str, str]], *, own: Collection[str]) -> Found: ...


class StrangerCheck:
    """For all prints of one press. ``expected``: normalised addresses that may stand in every letter."""

    def __init__(self, press: Press, *, expected: Collection[str], search: Search) -> None:
        self._expected = frozenset(expected)
        self._search = search
        before, behind = _shared_headers(press.fixed)
        self._before = _Static(before, self._expected, search)
        self._behind = _Static(behind, self._expected, search)
        self._variants: dict[Variant, _Letter] = {}
        domain = press.fixed.from_address.domain
        sample = f"{_SAMPLE_TOKEN}@{domain}"
        found = search([("message-id", f"<{sample}>")], own=self._expected)
        self._id_end = f"@{domain}>" if found == {sample: "message-id"} else None

    def strange(self, printed: Printed) -> Found:
        """Normalised addresses that are neither the reader's nor expected > place."""
        letter = self._letter(printed.variant) if printed.variant else None
        if letter and letter.silent and not self._before.found and not self._behind.found:
            new = "".join((printed.subject, printed.unsubscribe_url, *printed.texts))
            if not may_matter(new) and _PLAIN_ADDRESS.fullmatch(printed.to.email):
                return self._in_message_id(printed)
        return self._carefully(printed, letter)

    def _letter(self, variant: Variant) -> _Letter:
        letter = self._variants.get(variant)
        if letter is None:
            parts = [_Part("text", variant.text, self._expected, self._search)]
            if variant.html is not None:
                parts.append(_Part("html", variant.html, self._expected, self._search))
            letter = self._variants[variant] = _Letter(parts)
        return letter

    def _carefully(self, printed: Printed, letter: _Letter | None) -> Found:
        """In the order of a message: of an address found twice, the first place is told."""
        own = {printed.to.key_form, *self._expected}
        headers = [("subject", printed.subject)]
        if not _PLAIN_ADDRESS.fullmatch(printed.to.email):  # else it is read as what it is
            headers.insert(0, ("to", printed.to.wire))
        finds = [
            self._before.strange(own),
            self._search(headers, own=own),
            self._in_message_id(printed),
            self._search([("list-unsubscribe", f"<{printed.unsubscribe_url}>")], own=own),
            self._behind.strange(own),
        ]
        if letter is not None:
            finds += [part.strange(printed, own) for part in letter.parts]
        elif printed.whole is not None:
            texts = [("text", printed.whole.text), ("html", printed.whole.html)]
            finds.append(self._search(texts, own=own))
        found: Found = {}
        for each in reversed(finds):
            found |= each
        return found

    def _in_message_id(self, printed: Printed) -> Found:
        written = printed.message_id
        if self._id_end and written.endswith(self._id_end):
            plain = _TOKEN.fullmatch(written, 1, len(written) - len(self._id_end))
            form = written[1:-1]
            if plain and form not in self._expected and form != printed.to.key_form:
                return {form: "message-id"}
        own = {printed.to.key_form, *self._expected}
        return self._search([("message-id", written)], own=own)


class _Static:
    """What is the same in every letter, searched once."""

    def __init__(
        self, texts: list[tuple[str, str]], expected: frozenset[str], search: Search
    ) -> None:
        self._texts = texts
        self._search = search
        self.found = search(texts, own=expected)

    def strange(self, own: set[str]) -> Found:
        if own.isdisjoint(self.found):
            return self.found
        return self._search(self._texts, own=own)  # the reader's own address is one of them


class _Part:
    """A text part's static text, and what each print puts into it."""

    def __init__(
        self, place: str, pieces: list[str | int], expected: frozenset[str], search: Search
    ) -> None:
        self._seams = seams_of(pieces, markup=place == "html")
        text = self._seams.static
        self.static = _Static([(place, text)], expected, search)
        self._with_entities = _Static([(place, text + _AN_ENTITY)], expected, search)
        self.quiet = self._seams.quiet
        self._place = place
        self._pieces = pieces
        self._places = sorted({piece for piece in pieces if isinstance(piece, int)})
        self._search = search

    def strange(self, printed: Printed, own: set[str]) -> Found:
        if not self.quiet:
            return self._all(printed, own)
        texts = printed.texts
        entities = False
        new: list[str] = []
        for place in self._places:
            text = texts[place]
            if not may_matter(text):
                continue
            if place in self._seams.alone and _PLAIN_ADDRESS.fullmatch(text):
                if text.lower() not in own:
                    new.append(text)
            elif self._seams.inert(text):
                entities = entities or "&#" in text
            else:
                return self._all(printed, own)
        found = (self._with_entities if entities else self.static).strange(own)
        if new:
            found = found | self._search([(self._place, text) for text in new], own=own)
        return found

    def _all(self, printed: Printed, own: set[str]) -> Found:
        texts = printed.texts
        whole = "".join([p if isinstance(p, str) else texts[p] for p in self._pieces])
        return self._search([(self._place, whole)], own=own)


class _Letter:
    """``silent``: nothing to look at but the values."""

    def __init__(self, parts: list[_Part]) -> None:
        self.parts = parts
        self.silent = all(part.quiet and not part.static.found for part in parts)


def _shared_headers(fixed: Fixed) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """(fields before To, fields behind it) that are the same in all letters, read back from octets."""
    plate = Plate(fixed, text=["x\n"], html=None, subject="x")
    sample = f"<{_SAMPLE_TOKEN}@{fixed.from_address.domain}>"
    head = plate.head.print(fixed.from_address, "x", sample, _SAMPLE_LINK)
    fields = list(read_facts(head + b"\r\n").headers)
    names = [name.lower() for name, _value in fields]
    behind = [
        (name, value)
        for name, value in fields[names.index("to") :]
        if name.lower() not in {"to", "subject", "message-id", "list-unsubscribe"}
    ]
    return fields[: names.index("to")], behind
