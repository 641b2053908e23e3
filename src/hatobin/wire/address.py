"""Mail addresses: what is taken, how two are compared, and how one is written on the wire.

Sources: RFC 5321 sections 4.1.2 and 4.5.3.1 (grammar, lengths), RFC 6531 (non-ASCII local parts),
RFC 5891 with UTS #46 (international domains).
"""

from __future__ import annotations

import re
import unicodedata
import urllib.parse
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NoReturn

import idna

from hatobin.wire.address_search import find_addresses, hidden_in, may_hold_address
from hatobin.wire.japanese_addresses import fold_width, is_carrier

__all__ = [
    "Address",
    "AddressError",
    "find_addresses",
    "hidden_in",
    "in_own_letters",
    "may_hold_address",
    "parse_address",
    "parse_domain",
    "split_display",
]

MAX_ADDRESS = 254  # octets, RFC 5321 section 4.5.3.1.3 less the angle brackets (erratum 1690)
MAX_LOCAL = 64  # octets, section 4.5.3.1.1
_MAX_INPUT = 1_000  # characters: a longer cell is not looked at closely

_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]"
_DOT_ATOM = re.compile(rf"{_ATEXT}+(?:\.{_ATEXT}+)*")
_DOTS_ANYWHERE = re.compile(rf"(?:{_ATEXT}|\.)*{_ATEXT}(?:{_ATEXT}|\.)*")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?![0-9]+\Z){_LABEL}")
# Most addresses: nothing to fold, to unquote or to translate in them.
_PLAIN = re.compile(
    r"(?P<local>[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*)"
    r"@(?P<domain>(?:[a-z0-9]{1,60}(?:-[a-z0-9]{1,20})?\.){1,4}[a-z]{2,20})",
    re.ASCII,
)
_ASCII_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SEVERAL = re.compile(r"[\s,;、/|]+")
_ESCAPED = re.compile(r"\\(.)")

_ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff"
_SURROUND = " \t\r\n\u00a0\u202f\u205f" + "".join(map(chr, range(0x2000, 0x200B))) + _ZERO_WIDTH
_JOINERS = "\u200c\u200d"  # legal inside labels of some scripts (RFC 5892 appendix A)
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


class AddressError(ValueError):
    """The text is not one mail address.

    ``code``: ``empty``, ``no-at``, ``bad-local``, ``bad-domain``, ``too-long``,
    ``control-character`` (also invisible and direction-changing ones), ``several-addresses``,
    ``display-name`` (a name, brackets or ``mailto:`` around the address). The message holds only
    the code: an address is personal and errors end up in logs.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """One address. ``local`` as written, without quotes; ``domain`` as A-labels in lower case."""

    local: str
    domain: str
    _wire: str = field(default="", compare=False, repr=False)  # found when it was read

    @property
    def email(self) -> str:
        """``local@domain``; ``parse_address`` of it gives the same address again."""
        return f"{self.local}@{self.domain}"

    @property
    def key_form(self) -> str:
        """What two spellings of one address share: NFKC, case folded in both parts."""
        if self.local.isascii():
            return f"{self.local.lower()}@{self.domain}"
        folded = unicodedata.normalize("NFKC", self.local).casefold()
        return f"{unicodedata.normalize('NFKC', folded)}@{self.domain}"

    @property
    def wire(self) -> str:
        """For the envelope and headers: the local part is quoted where it is no dot-atom."""
        if self._wire:
            return self._wire
        if _DOT_ATOM.fullmatch(self.local):
            return self.email
        return f'"{self.local}"@{self.domain}'

    @property
    def needs_smtputf8(self) -> bool:
        """Whether only a server with SMTPUTF8 (RFC 6531) can take it."""
        return not self.local.isascii()


def parse_address(text: str) -> Address:
    """Reads exactly one address, alone.

    Spaces and zero-width characters around it are dropped and full-width letters become ASCII.
    Raises :class:`AddressError`.
    """
    plain = _PLAIN.fullmatch(text) if len(text) <= MAX_LOCAL else None
    if plain:
        return Address(local=plain["local"], domain=plain["domain"], _wire=text)
    if len(text) > _MAX_INPUT:
        raise AddressError("too-long")
    text = fold_width(text).strip(_SURROUND)
    if not text:
        raise AddressError("empty")
    if text.count("@") != 1 or "<" in text or ">" in text or text[:7].lower() == "mailto:":
        _explain(text)
    _refuse_hidden(text)
    local, _, domain = text.rpartition("@")
    domain = _parse_domain(domain)
    address = Address(local=_parse_local(local, domain), domain=domain)
    if len(address.local.encode()) > MAX_LOCAL or len(address.wire.encode()) > MAX_ADDRESS:
        raise AddressError("too-long")
    return address


def parse_domain(text: str) -> str:
    """A domain alone, as A-labels in lower case; ``@`` before it and the root's dot behind it are dropped.

    Raises :class:`AddressError`: ``empty``, ``too-long``, ``bad-domain``.
    """
    if len(text) > _MAX_INPUT:
        raise AddressError("too-long")
    text = fold_width(text).strip(_SURROUND).removeprefix("@").removesuffix(".")
    if not text:
        raise AddressError("empty")
    return _parse_domain(text)


def in_own_letters(address: str) -> str:
    """The address with an international domain as people write it; for eyes, never for the wire.

    What IDNA 2008 does not read, or would not write the same way again, stays as it is.
    """
    local, at, domain = address.rpartition("@")
    return local + at + _own_letters(domain) if "xn--" in domain else address


def split_display(text: str) -> tuple[str, str]:
    """(name, address text) of ``山田 花子 <a@example.jp>``, ``"A, B" <a@b.jp>`` or ``mailto:a@b.jp``.

    The address text is not checked: give it to ``parse_address``.
    """
    text = text.strip(_SURROUND).replace("＜", "<").replace("＞", ">")
    if text[:7].lower() == "mailto:":
        return "", urllib.parse.unquote(text[7:].partition("?")[0])
    start = text.rfind("<")
    if start < 0 or not text.endswith(">"):
        return "", text
    return _unquoted(text[:start].strip(_SURROUND)), split_display(text[start + 1 : -1])[1]


def _explain(text: str) -> NoReturn:
    if "@" not in text:
        raise AddressError("no-at")
    if sum("@" in part for part in _SEVERAL.split(text)) > 1:
        raise AddressError("several-addresses")
    if "<" in text or ">" in text or text[:7].lower() == "mailto:":
        raise AddressError("display-name")
    raise AddressError("bad-local")


def _refuse_hidden(text: str) -> None:
    if text.isascii():
        hidden = bool(_ASCII_CONTROL.search(text))
    else:
        local, _, domain = text.rpartition("@")
        seen = local + domain.translate(dict.fromkeys(map(ord, _JOINERS)))
        hidden = any(unicodedata.category(character) in _HIDDEN for character in seen)
    if hidden:
        raise AddressError("control-character")


def _parse_local(local: str, domain: str) -> str:
    local = _unquoted(local)
    grammar = _DOTS_ANYWHERE if is_carrier(domain) else _DOT_ATOM
    if not grammar.fullmatch(local) or any(map(str.isspace, local)):
        raise AddressError("bad-local")
    return local


@lru_cache(maxsize=4096)
def _own_letters(domain: str) -> str:
    try:
        shown = idna.decode(domain)
        same = idna.encode(shown).decode("ascii") == domain
    except UnicodeError:
        return domain
    return shown if same else domain


@lru_cache(maxsize=4096)
def _parse_domain(domain: str) -> str:
    if len(domain) > MAX_ADDRESS:
        raise AddressError("too-long")
    domain = domain.lower()
    if not domain.isascii() or "xn--" in domain:
        try:
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except UnicodeError:
            raise AddressError("bad-domain") from None
    if not _DOMAIN.fullmatch(domain):
        raise AddressError("bad-domain")
    return domain


def _unquoted(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] == '"':
        return _ESCAPED.sub(r"\1", text[1:-1])
    return text
