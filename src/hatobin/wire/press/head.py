"""The header block: what all letters of a dispatch share is written once, by ``wire.headers``' rules.

The order of fields is that of ``wire.mime``. There is one To, and no way to say another.
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hatobin.wire import headers
from hatobin.wire.address import Address
from hatobin.wire.headers import ComposeError, header, refuse_control

_MESSAGE_ID = re.compile(r"<[!-;=?A-~]+@[!-;=?A-~]+>")
_LINK = re.compile(r"https?://[!#-;=?-~]+")
_LANGUAGE = re.compile(r"[A-Za-z0-9-]{1,35}")
# Each of these is a character of its own for a reader, as ``wire.headers`` counts them.
_SINGLE = re.compile(
    "[ -~\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027\u2030-\u205e\u2460-\u27bf\u3000-\u3029\u3030-\u3096\u309b-\u30ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uff01-\uff9d]+"
)
_SUBJECT_OFFSET: Final = len("Subject: ")
_WORD, _FIRST_WORD = 45, 39  # octets in an encoded word: elsewhere, and beside "Subject: "
_LONGEST_LINE = (
    900  # characters of a link or address that need no second look at the limit of 998 octets
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fixed:
    """What the headers of all letters of a dispatch share."""

    from_display: str
    from_address: Address
    reply_to: Address | None
    date: datetime
    feedback_id: str | None = None
    language: str | None = None


class Head:
    """Writes header blocks. ``subject`` is None when it differs from person to person."""

    def __init__(self, fixed: Fixed, content: bytes, *, subject: str | None) -> None:
        self._before = (_from(fixed) + b"To: ").decode()
        self._date = (header("Date", headers.date_header(fixed.date)) + b"Message-ID: ").decode()
        self._after = (_optional(fixed) + header("MIME-Version", b"1.0") + content).decode()
        self._subject = None if subject is None else subject_field(subject)

    def print(self, to: Address, subject: str, message_id: str, link: str) -> bytes:
        """Without the empty line at its end. Raises ComposeError (HeaderInjection for control characters)."""
        if not _MESSAGE_ID.fullmatch(message_id):
            raise ComposeError("bad-message-id")
        if not _LINK.fullmatch(link):
            raise ComposeError("bad-unsubscribe-url")
        wire = to.wire
        if not wire.isprintable():
            refuse_control(wire, "address")
        if len(wire) + len(message_id) + len(link) > _LONGEST_LINE:
            _check_lengths(wire, message_id, link)
        line = subject_field(subject) if self._subject is None else self._subject
        return (
            f"{self._before}{wire}\r\n{line}{self._date}{message_id}\r\n"
            f"List-Unsubscribe: <{link}>\r\n{self._after}"
        ).encode()


def subject_field(subject: str) -> str:
    """The whole field, folded as ``headers.encode_unstructured`` folds it."""
    if not subject.isascii() and _SINGLE.fullmatch(subject):
        return _encoded_subject(subject.encode())
    refuse_control(subject, "Subject")
    value = headers.encode_unstructured(subject, offset=_SUBJECT_OFFSET)
    return header("Subject", value).decode()


def _encoded_subject(raw: bytes) -> str:
    words, start, room = [], 0, _FIRST_WORD
    while len(raw) - start > room:
        end = start + room
        while raw[end] & 0xC0 == 0x80:  # in the middle of a character
            end -= 1
        words.append(raw[start:end])
        start, room = end, _WORD
    words.append(raw[start:])
    encoded = "?=\r\n =?UTF-8?B?".join([b64encode(word).decode() for word in words])
    return f"Subject: =?UTF-8?B?{encoded}?=\r\n"


def _from(fixed: Fixed) -> bytes:
    sender = headers.encode_address(fixed.from_display, fixed.from_address, offset=len("From: "))
    fields = header("From", sender)
    if fixed.reply_to:
        fields += header("Reply-To", headers.encode_address("", fixed.reply_to))
    return fields


def _optional(fixed: Fixed) -> bytes:
    fields = header("List-Unsubscribe-Post", b"List-Unsubscribe=One-Click")
    if fixed.feedback_id is not None:
        value = headers.fold_structured(fixed.feedback_id, offset=len("Feedback-ID: "))
        fields += header("Feedback-ID", value)
    if fixed.language is not None:
        if not _LANGUAGE.fullmatch(fixed.language):
            raise ComposeError("bad-language")
        fields += header("Content-Language", fixed.language.encode("ascii"))
    return fields


def _check_lengths(wire: str, message_id: str, link: str) -> None:
    header("To", wire.encode())
    header("Message-ID", message_id.encode())
    header("List-Unsubscribe", f"<{link}>".encode())
