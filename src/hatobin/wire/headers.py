"""Header fields as bytes (RFC 5322, RFC 2047).

Written here because the standard library encodes a List-Unsubscribe of 78 characters or more as
an RFC 2047 word, which breaks one-click unsubscription without a sign.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from email.utils import format_datetime

from hatobin.wire.address import Address

FOLD_AT = 78  # characters in a line, RFC 5322 section 2.1.1
MAX_LINE = 998  # octets without CRLF: a limit, not advice
_WORD_BYTES = 45  # 60 base64 letters, 72 with =?UTF-8?B??= (RFC 2047 section 2 allows 75)
_WORD_FRAME = len("=?UTF-8?B??=")
_LINE_WITH_WORD = 76  # RFC 2047 section 2

_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NAME = re.compile(r"[!-9;-~]{1,76}")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_SINGLE_SPACE = re.compile(r"(?<=\S) (?=\S)")
_DOT_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+")
_MODIFIERS = range(0x1F3FB, 0x1F400)  # skin tones
_FLAGS = range(0x1F1E6, 0x1F200)
_JOINER = "\u200d"
_LONGEST_CLUSTER = 32  # bytes; a longer pile of marks may be cut between two of them


class ComposeError(ValueError):
    """A letter cannot be written as asked. ``code`` says why; the message holds no value."""

    def __init__(self, code: str, where: str = "") -> None:
        super().__init__(f"{code} in {where}" if where else code)
        self.code = code
        self.where = where


class HeaderInjection(ComposeError):
    """A value would end its header line, or hides a control character (code ``control-character``)."""


def refuse_control(text: str, where: str = "") -> str:
    """The text itself; raises :class:`HeaderInjection` for CR, LF, NUL, other controls, surrogates."""
    if _FORBIDDEN.search(text):
        raise HeaderInjection("control-character", where)
    return text


def header(name: str, value: bytes) -> bytes:
    """One header field with its CRLF. ``value`` comes from a function of this module."""
    if not _NAME.fullmatch(name):
        raise HeaderInjection("bad-header-name")
    line = name.encode("ascii") + b": " + value + b"\r\n"
    if len(line) > MAX_LINE and any(len(part) > MAX_LINE for part in line.split(b"\r\n")):
        raise ComposeError("line-too-long", name)
    return line


def encode_unstructured(text: str, *, offset: int = 0) -> bytes:
    """A value of free text, folded. ``offset``: columns that the name and ``": "`` take.

    Text that is not plain ASCII, that looks like an encoded word, or whose spaces would not
    survive folding becomes RFC 2047 B words in UTF-8, none of which splits a character.
    """
    refuse_control(text, "text")
    if _is_plain(text, offset):
        return fold_structured(text, offset=offset)
    return _encoded_words(text, offset)


def encode_address(display: str, address: Address, *, offset: int = 0) -> bytes:
    """``display <address>`` with the display name as atoms, quoted or encoded as it needs."""
    refuse_control(display, "display name")
    refuse_control(address.wire, "address")
    spec = address.wire.encode()
    if not display:
        return spec
    phrase = _phrase(display, offset)
    used = len(phrase.rpartition(b"\r\n")[2]) + (0 if b"\r\n" in phrase else offset)
    gap = b" " if used + len(spec) + 3 <= FOLD_AT else b"\r\n "
    return phrase + gap + b"<" + spec + b">"


def fold_structured(value: str, *, offset: int = 0) -> bytes:
    """An ASCII value, folded only where it has a space; a long word stays whole."""
    refuse_control(value, "value")
    if not value.isascii():
        raise ComposeError("not-ascii")
    if offset + len(value) <= FOLD_AT:
        return value.encode("ascii")
    lines, line, room = [], "", FOLD_AT - offset
    for word in _SINGLE_SPACE.split(value):
        joined = f"{line} {word}" if line else word
        if line and len(joined) > room:
            lines.append(line)
            line, room = word, FOLD_AT - 1
        else:
            line = joined
    return "\r\n ".join([*lines, line]).encode("ascii")


def date_header(moment: datetime) -> bytes:
    """RFC 5322 date and time; the moment must know its time zone."""
    if moment.tzinfo is None:
        raise ComposeError("naive-date")
    return format_datetime(moment).encode("ascii")


def message_id(token: str, domain: str) -> str:
    """``<token@domain>`` (RFC 5322 section 3.6.4)."""
    if not _DOT_ATOM.fullmatch(token) or not _DOT_ATOM.fullmatch(domain):
        raise ComposeError("bad-message-id")
    return f"<{token}@{domain}>"


def _is_plain(text: str, offset: int) -> bool:
    if not text.isascii() or "=?" in text or "  " in text or text != text.strip(" "):
        return False
    return all(len(word) < FOLD_AT - offset for word in text.split(" "))


def _phrase(display: str, offset: int) -> bytes:
    if _is_plain(display, offset) and len(display) < FOLD_AT - offset - 4:
        if _ATOMS.fullmatch(display):
            return display.encode("ascii")
        return b'"' + re.sub(r'(["\\])', r"\\\1", display).encode("ascii") + b'"'
    return _encoded_words(display, offset)


def _encoded_words(text: str, offset: int) -> bytes:
    words = []
    room = min(_WORD_BYTES, (_LINE_WITH_WORD - offset - _WORD_FRAME) // 4 * 3)
    chunk = b""
    for cluster in _clusters(text):
        if len(chunk) + len(cluster) > room:
            words.append(chunk)
            chunk, room = b"", _WORD_BYTES
        chunk += cluster
    words.append(chunk)
    # An empty first chunk means that nothing fits beside a long name: begin on the next line.
    return b"\r\n ".join(
        b"=?UTF-8?B?" + base64.b64encode(word) + b"?=" if word else b"" for word in words
    )


def _clusters(text: str) -> Iterator[bytes]:
    """What a reader sees as one character, roughly: marks, joined emoji and flags stay together."""
    cluster = ""
    for character in text:
        if cluster and not _continues(cluster, character):
            yield cluster.encode()
            cluster = ""
        cluster += character
    if cluster:
        yield cluster.encode()


def _continues(cluster: str, character: str) -> bool:
    if character.isascii() or len(cluster.encode()) >= _LONGEST_CLUSTER:
        return False
    code = ord(character)
    if character == _JOINER or cluster[-1] == _JOINER or code in _MODIFIERS:
        return True
    if code in _FLAGS:
        return len(cluster) == 1 and ord(cluster) in _FLAGS
    return unicodedata.category(character).startswith("M")
