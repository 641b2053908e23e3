"""Base64 (RFC 2045 section 6.8) in pieces: what never changes is encoded once, for each of its three phases.

A line may end anywhere, so each piece has lines of its own, of at most 76 columns and never empty ones.
Octets that do not fill a group of three are lent by the neighbours: a value is encoded together with the
last one to three octets of the text before it and the first none to two of the text behind it.
"""

from __future__ import annotations

from binascii import b2a_base64
from struct import unpack

_LINE = 76
_OCTETS = _LINE // 4 * 3  # 57

# head: octets taken by the value before; text: lines, with a CRLF before and behind; tail: lent to the value behind
Phase = tuple[bytes, bytes, bytes]


def opening(raw: bytes) -> tuple[bytes, bytes]:
    """(lines, tail) of the text before the first value."""
    cut = _cut(raw)
    lines = wrapped(raw[:cut])
    return (lines + b"\r\n" if lines else b""), raw[cut:]


def between(raw: bytes) -> tuple[Phase, Phase, Phase]:
    """The text between two values, by how many octets of the value's last group are there already."""
    return _phases(raw, last=False)


def closing(raw: bytes) -> tuple[Phase, Phase, Phase]:
    """The text behind the last value; may be empty."""
    return _phases(raw, last=True)


def wrapped(raw: bytes) -> bytes:
    """Lines of 76 columns, joined by CRLF, without one at the end."""
    encoded = b2a_base64(raw, newline=False)
    if len(encoded) <= _LINE:
        return encoded
    if len(encoded) <= 2 * _LINE:
        return encoded[:_LINE] + b"\r\n" + encoded[_LINE:]
    whole, rest = divmod(len(encoded), _LINE)
    return b"\r\n".join(unpack("76s" * whole + (f"{rest}s" if rest else ""), encoded))


def _phases(raw: bytes, *, last: bool) -> tuple[Phase, Phase, Phase]:
    one, two, three = (_phase(raw, filled, last=last) for filled in range(3))
    return one, two, three


def _phase(raw: bytes, filled: int, *, last: bool) -> Phase:
    need = (3 - filled) % 3
    head, rest = raw[:need], raw[need:]
    cut = len(rest) if last else _cut(rest)
    lines = wrapped(rest[:cut])
    return head, (b"\r\n" + lines + b"\r\n" if lines else b"\r\n"), rest[cut:]


def _cut(raw: bytes) -> int:
    """Where the tail begins: never empty, so that the value's line is not either."""
    return (len(raw) - 1) // 3 * 3 if raw else 0
