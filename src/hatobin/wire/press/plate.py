"""A whole letter, composed once; each print fills in one person's values.

The body of every print can be sent, hashed and signed as it is: 7-bit, lines of at most 76 columns that end
in CRLF, none beginning with a dot (no dot-stuffing), and relaxed DKIM canonicalisation leaves it unchanged,
so that its SHA-256 is the body hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from hatobin.wire.address import Address
from hatobin.wire.headers import header
from hatobin.wire.press.head import Fixed, Head
from hatobin.wire.press.parts import Part, Piece


class Plate:
    """``text`` and ``html`` are pieces of the parts; ``html`` is None for a letter of plain text.

    ``subject`` is None when it differs from person to person. Deterministic, and safe between threads.
    """

    def __init__(
        self,
        fixed: Fixed,
        *,
        text: Sequence[Piece],
        html: Sequence[Piece] | None,
        subject: str | None,
    ) -> None:
        parts = [Part("plain", text, alone=html is None)]
        if html is not None:
            parts.append(Part("html", html, alone=False))
        if len(parts) == 1:
            content, frames = parts[0].headers, [(b"", b"")]
        else:
            content, frames = _multipart(_boundary(fixed, text, html), parts)
        self.head = Head(fixed, content, subject=subject)
        self._parts = [part.printer(*frame) for part, frame in zip(parts, frames, strict=True)]

    def body(self, values: list[bytes]) -> bytes:
        """The body with these values: UTF-8, line ends CRLF, no NUL."""
        body: list[bytes] = []
        for opening, rest in self._parts:
            body.append(opening)
            if rest is not None:
                rest(values, body)
        made = b"".join(body)
        return b"" if made == b"\r\n" else made  # an empty text: no line at all

    def print(
        self, values: list[bytes], *, to: Address, subject: str, message_id: str, link: str
    ) -> tuple[bytes, bytes]:
        """(header block without the empty line, body). Raises ComposeError."""
        body = self.body(values)
        return self.head.print(to, subject, message_id, link), body


def _boundary(fixed: Fixed, *parts: Sequence[Piece] | None) -> bytes:
    """ "=_" stands in no line of base64 or quoted-printable, and ``parts`` lets none into 7bit."""
    seed = repr((fixed.date, fixed.feedback_id, parts)).encode("utf-8", "surrogatepass")
    return b"=_" + hashlib.sha256(seed).hexdigest()[:32].encode()


def _multipart(boundary: bytes, parts: Sequence[Part]) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    value = b'multipart/alternative;\r\n boundary="' + boundary + b'"'
    line = b"--" + boundary
    frames = [(line + b"\r\n" + part.headers + b"\r\n", b"\r\n") for part in parts]
    frames[-1] = frames[-1][0], b"\r\n" + line + b"--\r\n"
    return header("Content-Type", value), frames
