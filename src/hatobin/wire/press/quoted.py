"""Quoted-printable (RFC 2045 section 6.7) in pieces that each begin at column 0.

What comes out is left alone by relaxed DKIM canonicalisation (RFC 6376 section 3.4.4) and by dot-stuffing:
no white space at a line's end or twice in a row, no tab, no line that begins with a dot. Lines that begin
with "From " are written otherwise too: mailbox files change them.
"""

from __future__ import annotations

import binascii
import re

_ROOM = 75  # columns before the "=" of a soft line break
_SHORT = _ROOM // 3  # octets that fit on a line when each one is written as three
_SOFT = b"=\r\n"
_PLAIN = re.compile(rb"[!-<>-~]+")
_FIRST = {b".": b"=2E", b"F": b"=46"}  # at column 0
_TOKENS = [
    bytes([octet]) if 33 <= octet <= 126 and octet != 61 else b"=%02X" % octet
    for octet in range(256)
]


def static(raw: bytes) -> bytes:
    """Text with CRLF line ends, as few octets as may be; ends at column 0, by a soft break if it must."""
    *whole, rest = raw.split(b"\r\n")
    lines = b"".join(_line(line) + b"\r\n" for line in whole)
    return lines + _line(rest) + _SOFT if rest else lines


def value(raw: bytes) -> bytes:
    """The same, quickly, for what differs from person to person; blanks may come out as three octets."""
    if not raw:
        return b""
    if len(raw) <= _SHORT and b"\n" not in raw:
        if raw.isalnum():
            return raw + _SOFT
        return b"=%s=\r\n" % raw.hex("=").upper().encode()
    if len(raw) <= _ROOM and raw[0] not in b".F" and _PLAIN.fullmatch(raw):
        return raw + _SOFT
    return _long(raw)


def _long(raw: bytes) -> bytes:
    """By the C encoder where what it writes needs no second look."""
    *whole, rest = raw.split(b"\r\n")
    lines = [binascii.b2a_qp(line, quotetabs=True) for line in whole]
    last = binascii.b2a_qp(rest, quotetabs=True)
    encoded = b"\n".join([*lines, last])
    if encoded[:1] == b"." or b"\n." in encoded or len(last.rpartition(b"\n")[2]) > _ROOM:
        return static(raw)
    return encoded.replace(b"\n", b"\r\n") + (_SOFT if rest else b"")


def _line(line: bytes) -> bytes:
    """One line without its end, folded."""
    done: list[bytes] = []
    current = b""
    for index, octet in enumerate(line):
        token = _TOKENS[octet]
        if octet == 32 and current[-1:] != b" " and index + 1 < len(line):
            token = b" "
        if len(current) + len(token) > _ROOM:
            done.append(current)
            current = b""
        if not current and (token == b"." or line.startswith(b"From ", index)):
            token = _FIRST.get(token, token)
        current += token
    return b"=\r\n".join([*done, current])
