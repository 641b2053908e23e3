"""Compose once: a compiled letter becomes a press, and the press prints it for each person.

What a print says is what ``Merger`` and ``wire.mime.compose`` say; they stay as the slow reference, and as the
road for letters that cannot be taken apart. Mechanism: docs/mechanisms/compose-once.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from hatobin.content.engine import environment
from hatobin.content.letters import CompiledLetter, MergedLetter
from hatobin.content.merge import INVISIBLE, PLACE, Merger, check_subject
from hatobin.content.run import Run
from hatobin.content.segments import Places
from hatobin.content.variants import Variant, Variants
from hatobin.wire.address import Address
from hatobin.wire.press import Fixed, Plate, tidy

_MARK = PLACE[0]
_BODY_BELOW_LIMIT = 900_000  # octets: what encodes to fewer was never more when it was merged


class Printed(NamedTuple):
    """One person's letter. The message is ``head + CRLF + body``; the body needs no dot-stuffing."""

    head: bytes  # without the empty line
    body: bytes
    to: Address
    subject: str
    message_id: str
    unsubscribe_url: str
    variant: Variant | None
    texts: tuple[str, ...]  # what stands in each place of the variant
    whole: MergedLetter | None  # when the letter was not printed place by place

    @property
    def message(self) -> bytes:
        return self.head + b"\r\n" + self.body


class Press:
    """Prints one dispatch's letter. Safe to share between threads; the same call gives the same bytes."""

    def __init__(self, letter: CompiledLetter, fixed: Fixed) -> None:
        self.merger = Merger(letter)
        self.fixed = fixed
        self._names = [(name, self.merger.fallbacks.get(name, "")) for name in self.merger.names]
        places = Places(names=frozenset(self.merger.names))
        plain, safe = environment(escape=False), environment(escape=True)
        self._variants = Variants(
            fixed,
            places.makers,
            places.pieces(plain.from_string(letter.subject)),
            places.pieces(plain.from_string(letter.text)),
            html=places.pieces(safe.from_string(letter.html)) if letter.html else None,
        )
        self._whole = not _can_be_taken_apart(letter, self.merger)

    def print(
        self, fields: Mapping[str, str], *, to: Address, message_id: str, unsubscribe_url: str
    ) -> Printed:
        """The letter for a person with these fields.

        Raises MergeError naming the part, or ComposeError (HeaderInjection for control characters).
        """
        try:
            made = self._print_places(fields, to, message_id, unsubscribe_url)
        except Exception:  # what is wrong is said by the slow road, in its words
            made = None
        return made or self._print_whole(fields, to, message_id, unsubscribe_url)

    def _print_places(
        self, fields: Mapping[str, str], to: Address, message_id: str, link: str
    ) -> Printed | None:
        """None for what this road may not do exactly as ``Merger``."""
        if self._whole:
            return None
        run = Run(self._values(fields), link)
        variant = self._variants.of(run)
        if variant is None:
            return None
        texts = [make(run) for make in variant.makers]
        if run.contexts and any(_MARK in text for text in texts):
            return None
        values = []
        for text in texts:
            values.append(text.encode() if text.isprintable() else tidy(text, "text"))
        subject = variant.fixed_subject
        if subject is None:
            subject = "".join([p if isinstance(p, str) else texts[p] for p in variant.subject])
            if not subject.isprintable():
                check_subject(subject)
        head, body = variant.plate.print(
            values, to=to, subject=subject, message_id=message_id, link=link
        )
        if len(body) > _BODY_BELOW_LIMIT:
            return None
        return Printed(head, body, to, subject, message_id, link, variant, tuple(texts), None)

    def _values(self, fields: Mapping[str, str]) -> dict[str, str]:
        """As ``Merger.values_for``."""
        values = {}
        for name, fallback in self._names:
            value = fields.get(name, "")
            if type(value) is not str:
                value = str(value)
            if not value.isprintable():
                value = value.translate(INVISIBLE)
            values[name] = value.strip() or fallback
        return values

    def _print_whole(
        self, fields: Mapping[str, str], to: Address, message_id: str, link: str
    ) -> Printed:
        """Each part as one value: for what the quick road does not know to do exactly as ``Merger``."""
        merged = self.merger.merge(fields, unsubscribe_url=link)
        values = [tidy(merged.text, "plain")]
        if merged.html:
            values.append(tidy(merged.html, "html"))
        plate = Plate(
            self.fixed, text=[0], html=[1] if merged.html else None, subject=merged.subject
        )
        head, body = plate.print(
            values, to=to, subject=merged.subject, message_id=message_id, link=link
        )
        return Printed(head, body, to, merged.subject, message_id, link, None, (), merged)


def compile_press(
    letter: CompiledLetter,
    *,
    from_display: str,
    from_address: Address,
    reply_to: Address | None,
    date: datetime,
    feedback_id: str | None = None,
    language: str | None = None,
) -> Press:
    """Once per dispatch. Raises ComposeError when no person's letter could be made."""
    fixed = Fixed(
        from_display=from_display,
        from_address=from_address,
        reply_to=reply_to,
        date=date,
        feedback_id=feedback_id,
        language=letter.language if language is None else language,
    )
    return Press(letter, fixed)


def _can_be_taken_apart(letter: CompiledLetter, merger: Merger) -> bool:
    """Whether no text can be a piece of our own mark, and none is refused."""
    sources = (letter.subject, letter.text, letter.html, *letter.fallbacks.values())
    return (
        not any(_MARK in source for source in sources)
        and "self" not in merger.names  # the engine cannot be given it
        and not any(_cannot_be_said(source) for source in sources)
    )


def _cannot_be_said(source: str) -> bool:
    """Whether no mail can hold it: ``Merger`` and composing refuse, if it comes to that."""
    return "\0" in source or re.search("[\ud800-\udfff]", source) is not None
