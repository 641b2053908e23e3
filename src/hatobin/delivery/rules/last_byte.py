"""The last-byte check: what the finished bytes say, read back, right before they leave (promise P1).

It refuses; it never warns and goes on. A refusal stops the whole dispatch, because what went wrong for
one person is likely wrong for all. What it reports names a rule and a place, never an address.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from hatobin.wire.address import (
    Address,
    AddressError,
    find_addresses,
    hidden_in,
    may_hold_address,
    parse_address,
)
from hatobin.wire.address_search import MARKUP
from hatobin.wire.message_facts import MessageFacts


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """``rule``: "recipient", "row", "other-recipient", "other-person" or "not-as-checked".

    ``place``: a header or part.
    """

    rule: str
    place: str


def check_recipient(facts: MessageFacts, to: Address) -> Refusal | None:
    """Exactly one recipient, the one of the envelope."""
    for place, named in (("cc", facts.cc), ("bcc", facts.bcc), ("resent", facts.resent)):
        if named:
            return Refusal(rule="other-recipient", place=place)
    if len(facts.to) != 1 or _key_form(facts.to[0]) != to.key_form:
        return Refusal(rule="recipient", place="to")
    return None


def other_reader(place: str) -> Refusal:
    """What ``wire.press.check.wrong_in_head`` found, as a refusal."""
    is_own = place in {"to", "from", "field", "line-end"}
    return Refusal(rule="recipient" if is_own else "other-recipient", place=place)


def strange_addresses(
    facts: MessageFacts, to: Address, expected: Collection[str]
) -> dict[str, str]:
    """Normalised addresses in headers and texts that are neither the reader's nor the sender's > place."""
    texts = [*facts.headers, ("text", facts.text), ("html", facts.html or "")]
    return strangers_in(texts, own={to.key_form, *expected})


def strangers_in(texts: Iterable[tuple[str, str]], *, own: Collection[str]) -> dict[str, str]:
    """The same for (place, text) pairs. An address of one's own is not taken apart any further."""
    found: dict[str, str] = {}
    for place, text in texts:
        if not may_hold_address(text):
            continue
        shown = f"{text} {MARKUP.sub('', text)}" if place == "html" else text
        for candidate in find_addresses(shown):
            form = _key_form(candidate)
            if form in own:
                continue
            for each in (form, *map(_key_form, hidden_in(candidate))):
                if each and each not in own:
                    found.setdefault(each, place.lower())
    return found


def addresses_in(*texts: str) -> frozenset[str]:
    """The normalised addresses that stand in texts."""
    found = {_key_form(candidate) for text in texts for candidate in find_addresses(text)}
    return frozenset(found - {""})


def _key_form(text: str) -> str:
    try:
        return parse_address(text).key_form
    except AddressError:
        return ""
