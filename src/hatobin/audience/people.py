"""A contact, opened: the one place that knows the shape of the sealed blob, and how people are found."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from hatobin.accounts.services.sealing import Vault
from hatobin.audience.models import FieldKind
from hatobin.wire.address import in_own_letters

# A contact is found by these fields and the address. Free texts are left out: they would make rows
# of pair hashes many times longer than the row, and tell much of a text to who counts pairs.
SEARCHED = frozenset(
    {
        FieldKind.NAME,
        FieldKind.FAMILY_NAME,
        FieldKind.GIVEN_NAME,
        FieldKind.KANA,
        FieldKind.COMPANY,
        FieldKind.PHONE,
    }
)
_DECODER = json.JSONDecoder()  # ``json.loads`` guesses at encodings first
_SEARCHED_LETTERS = 200  # of each text

# Katakana to hiragana, wave dashes to one of them.
_SAME_LETTERS = {code: code - 0x60 for code in range(0x30A1, 0x30F7)} | {0x301C: "~", 0xFF5E: "~"}


class Person(NamedTuple):
    """A contact's address and every field, personal and ordinary, by field name."""

    address: str
    fields: Mapping[str, str]


def seal_person(
    vault: Vault, address_key: bytes, address: str, personal: Mapping[str, str]
) -> bytes:
    """The blob for ``Contact.sealed``."""
    plain = json.dumps({"address": address, "fields": dict(personal)}, ensure_ascii=False)
    return vault.seal(plain.encode(), b"contact:" + address_key)


def open_contact(
    vault: Vault,
    address_key: bytes | memoryview,
    sealed: bytes | memoryview,
    fields: Mapping[str, str],
) -> Person:
    """Opens a contact row; raises SealBroken when it was tampered with."""
    plain = vault.open(sealed, b"contact:" + bytes(address_key)).decode()
    data, _end = _DECODER.raw_decode(plain)
    return Person(data["address"], {**fields, **data["fields"]})


def fold_for_search(text: str) -> str:
    """How texts are compared in search: width, case, kana type, wave dashes and spaces do not matter."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).casefold().translate(_SAME_LETTERS)
    return "".join(text.lower().split())


def search_words(search: str) -> list[str]:
    """The folded words of what was typed; a person is found when all of them stand somewhere."""
    return [fold_for_search(word) for word in search.split()]


def search_texts(person: Person, kinds: Mapping[str, str]) -> list[str]:
    """The folded texts whose pairs go into ``Contact.search_keys``; ``kinds`` by field name.

    A family and a given name in two columns are also found when typed in one piece, a phone number
    without its hyphens, and an international domain in its own letters.
    """
    by_kind: dict[str, str] = {}
    texts = [person.address]
    shown = in_own_letters(person.address)
    if shown != person.address:
        texts.append(shown)
    for name, kind in kinds.items():
        value = person.fields.get(name, "")[:_SEARCHED_LETTERS]
        if value and kind in SEARCHED:
            texts.append(value)
            by_kind.setdefault(kind, value)
    if FieldKind.PHONE in by_kind:
        texts.append("".join(filter(str.isdecimal, by_kind[FieldKind.PHONE])))
    if FieldKind.FAMILY_NAME in by_kind:
        texts.append(by_kind[FieldKind.FAMILY_NAME] + by_kind.get(FieldKind.GIVEN_NAME, ""))
    return [fold_for_search(text) for text in texts]


def is_found(person: Person, kinds: Mapping[str, str], words: Iterable[str]) -> bool:
    """Whether every word stands in one of the person's texts: the keys of pairs only narrow down."""
    texts = search_texts(person, kinds) + [
        fold_for_search(value) for value in person.fields.values()
    ]
    return all(any(word in text for text in texts) for word in words)
