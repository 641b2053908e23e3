"""A whole letter as bytes, for exactly one recipient.

The type is the guarantee: one ``to``, and no way to say Cc, Bcc or a second To. The same letter
always gives the same bytes, so that a retry repeats what was approved (the boundary follows from
the Message-ID).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

from hatobin.wire import headers
from hatobin.wire.address import Address
from hatobin.wire.headers import ComposeError, HeaderInjection, header, refuse_control

_LINE_ENDS = re.compile(r"\r\n|\r|\n")
_UNSAFE_IN_7BIT = re.compile(rb"[^\t\r\n -~]")
_URL = re.compile(r"https?://[!#-;=?-~]+")  # visible ASCII without quotes and angle brackets
_MESSAGE_ID = re.compile(r"<[!-;=?A-~]+@[!-;=?A-~]+>")
_LANGUAGE = re.compile(r"[A-Za-z0-9-]{1,35}")

# What compose writes itself, what names a person, and what belongs to transport.
_RESERVED = frozenset(
    {"from", "sender", "reply-to", "to", "cc", "bcc", "apparently-to", "subject", "date"}
    | {"message-id", "list-unsubscribe", "list-unsubscribe-post", "feedback-id", "mime-version"}
    | {"return-path", "received", "delivered-to", "disposition-notification-to"}
    | {"return-receipt-to", "errors-to", "x-original-to", "dkim-signature"}
)
_RESERVED_STARTS = ("resent-", "content-", "x-envelope", "x-bcc", "x-cc")


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """One letter to one person, merged.

    ``date`` knows its time zone; ``message_id`` is ``<..@..>`` (``headers.message_id``).
    ``unsubscribe_url`` (http or https) gives one-click unsubscription (RFC 8058). ``extra`` are
    further fields of free text; none may name an address field. ``language`` is a BCP 47 tag.
    """

    from_display: str
    from_address: Address
    reply_to: Address | None = None
    to: Address
    to_display: str = ""
    subject: str
    text: str
    html: str | None = None
    date: datetime
    message_id: str
    unsubscribe_url: str | None = None
    feedback_id: str | None = None
    extra: tuple[tuple[str, str], ...] = ()
    language: str | None = None


def compose(letter: Letter) -> bytes:
    """The message: CRLF only, lines of at most 998 octets, 7-bit unless the address needs UTF-8.

    Raises ``ComposeError`` (``HeaderInjection`` for control characters and reserved fields).
    """
    text_part = _part("plain", letter.text)
    if letter.html is None:
        body = text_part
    else:
        parts = text_part, _part("html", letter.html)
        boundary = _boundary(letter.message_id, *parts)
        body = _alternative(boundary, *parts)
    return _headers(letter) + body


def _headers(letter: Letter) -> bytes:
    if not _MESSAGE_ID.fullmatch(letter.message_id):
        raise ComposeError("bad-message-id")
    sender = headers.encode_address(letter.from_display, letter.from_address, offset=len("From: "))
    to = headers.encode_address(letter.to_display, letter.to, offset=len("To: "))
    fields = [header("From", sender)]
    if letter.reply_to:
        fields.append(header("Reply-To", headers.encode_address("", letter.reply_to)))
    fields += [
        header("To", to),
        _free("Subject", letter.subject),
        header("Date", headers.date_header(letter.date)),
        header("Message-ID", letter.message_id.encode("ascii")),
        *_optional(letter),
        header("MIME-Version", b"1.0"),
    ]
    return b"".join(fields)


def _optional(letter: Letter) -> list[bytes]:
    fields = []
    if letter.unsubscribe_url is not None:
        fields += _one_click(letter.unsubscribe_url)
    if letter.feedback_id is not None:
        value = headers.fold_structured(letter.feedback_id, offset=len("Feedback-ID: "))
        fields.append(header("Feedback-ID", value))
    if letter.language is not None:
        if not _LANGUAGE.fullmatch(letter.language):
            raise ComposeError("bad-language")
        fields.append(header("Content-Language", letter.language.encode("ascii")))
    for name, text in letter.extra:
        if name.lower() in _RESERVED or name.lower().startswith(_RESERVED_STARTS):
            raise HeaderInjection("reserved-header", name)
        fields.append(_free(name, text))
    return fields


def is_link(url: str) -> bool:
    """Whether a letter's unsubscribe header can carry this web address."""
    return _URL.fullmatch(url) is not None


def _one_click(url: str) -> list[bytes]:
    # RFC 8058 section 3.1: one URI, never encoded; some receivers do not unfold it either.
    if not is_link(url):
        raise ComposeError("bad-unsubscribe-url")
    return [
        header("List-Unsubscribe", b"<" + url.encode("ascii") + b">"),
        header("List-Unsubscribe-Post", b"List-Unsubscribe=One-Click"),
    ]


def _free(name: str, value: str) -> bytes:
    refuse_control(value, name)
    return header(name, headers.encode_unstructured(value, offset=len(name) + 2))


def _part(subtype: str, text: str) -> bytes:
    """Headers and encoded body of a text part."""
    if "\0" in text:
        raise ComposeError("nul", subtype)
    try:
        raw = _LINE_ENDS.sub("\r\n", text).encode()
    except UnicodeEncodeError:
        raise ComposeError("surrogate", subtype) from None
    charset, encoding, body = _encode(raw)
    if not body.endswith(b"\r\n"):
        body += b"\r\n"
    return (
        header("Content-Type", f'text/{subtype}; charset="{charset}"'.encode())
        + header("Content-Transfer-Encoding", encoding)
        + b"\r\n"
        + body
    )


def _encode(raw: bytes) -> tuple[str, bytes, bytes]:
    """(charset, transfer encoding, body): the shortest that is safe on any road."""
    unsafe = len(_UNSAFE_IN_7BIT.findall(raw))
    if not unsafe and all(len(line) <= headers.MAX_LINE for line in raw.split(b"\r\n")):
        return "us-ascii", b"7bit", raw
    if unsafe * 6 < len(raw):  # quoted-printable triples these; base64 adds a third to everything
        return "utf-8", b"quoted-printable", _quoted_printable(raw)
    lines = base64.encodebytes(raw)  # lines of 76
    return "utf-8", b"base64", lines.replace(b"\n", b"\r\n")


def _quoted_printable(raw: bytes) -> bytes:
    encoded = binascii.b2a_qp(raw, istext=True)
    # Soft breaks take their line end from the first hard one, and there may be none.
    return re.sub(rb"(?<!\r)\n", b"\r\n", encoded)


def _boundary(seed: str, *parts: bytes) -> bytes:
    digest = hashlib.sha256(seed.encode()).hexdigest()[:32]
    boundary = f"=_{digest}".encode()
    if any(boundary in part for part in parts):
        return _boundary(digest + seed, *parts)
    return boundary


def _alternative(boundary: bytes, *parts: bytes) -> bytes:
    line = b"--" + boundary
    return (
        b'Content-Type: multipart/alternative;\r\n boundary="' + boundary + b'"\r\n\r\n'
        + b"".join(line + b"\r\n" + part + b"\r\n" for part in parts)
        + line + b"--\r\n"
    )  # fmt: skip
