"""What a finished message says, read back by the standard library's parser.

Shares no code with ``mime`` and ``headers``: the check of the last byte and the tests must not
repeat a mistake of the writer. Doubt is answered closed: a recipient field that cannot be read
counts as an address.
"""

from __future__ import annotations

import email
import email.header
import email.utils
from collections.abc import Iterable
from dataclasses import dataclass
from email.message import Message

_RECIPIENT_FIELDS = {
    "to": "to",
    "cc": "cc",
    "bcc": "bcc",
    "resent-to": "resent",
    "resent-cc": "resent",
    "resent-bcc": "resent",
    "apparently-to": "resent",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageFacts:
    """Addresses as written, in order; texts decoded; ``html`` None when there is no such part.

    ``headers`` are all fields of the message, decoded and unfolded. ``resent`` holds all of
    Resent-To, Resent-Cc, Resent-Bcc and Apparently-To.
    """

    to: tuple[str, ...]
    cc: tuple[str, ...]
    bcc: tuple[str, ...]
    resent: tuple[str, ...]
    sender: tuple[str, ...]  # From
    subject: str
    text: str
    html: str | None
    message_id: str
    list_unsubscribe: str
    list_unsubscribe_post: str
    headers: tuple[tuple[str, str], ...]

    @property
    def recipients(self) -> tuple[str, ...]:
        """Everybody a field names as a receiver."""
        return self.to + self.cc + self.bcc + self.resent


def read_facts(raw: bytes) -> MessageFacts:
    """Reads a message of any origin; never raises on its content."""
    message = email.message_from_bytes(raw)
    fields = [(name, _unfolded(value)) for name, value in message.raw_items()]
    decoded = tuple((name, _decoded(value)) for name, value in fields)
    named = {"to": (), "cc": (), "bcc": (), "resent": ()} | _recipients(fields)
    first = {name.lower(): value for name, value in reversed(decoded)}
    return MessageFacts(
        **named,
        sender=_addresses(value for name, value in fields if name.lower() == "from"),
        subject=first.get("subject", ""),
        text=_body(message, "text/plain") or "",
        html=_body(message, "text/html"),
        message_id=first.get("message-id", ""),
        list_unsubscribe=first.get("list-unsubscribe", ""),
        list_unsubscribe_post=first.get("list-unsubscribe-post", ""),
        headers=decoded,
    )


def _recipients(fields: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, value in fields:
        kind = _RECIPIENT_FIELDS.get(name.lower())
        if kind:
            found[kind] = found.get(kind, ()) + _addresses([value])
    return found


def _addresses(values: Iterable[str]) -> tuple[str, ...]:
    found: list[str] = []
    for value in values:
        specs = [spec for _, spec in email.utils.getaddresses([value]) if spec]
        # Not everything that looks like an address was read: show the raw field instead.
        readable = specs and all("@" in spec for spec in specs)
        found += specs if readable else [value]
    return tuple(found)


def _unfolded(value: object) -> str:
    text = str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return text.replace("\r", "").replace("\n", "").strip()


def _decoded(value: str) -> str:
    if "=?" not in value:
        return value
    try:
        return str(email.header.make_header(email.header.decode_header(value)))
    except (LookupError, ValueError, email.errors.MessageError):
        return value


def _body(message: Message, content_type: str) -> str | None:
    for part in message.walk():
        if part.get_content_type() != content_type or part.is_multipart():
            continue
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes):
            return _text(payload, part.get_content_charset("utf-8"))
    return None


def _text(payload: bytes, charset: str) -> str:
    try:
        return payload.decode(charset, "replace").replace("\r\n", "\n")
    except LookupError:
        return payload.decode("utf-8", "replace").replace("\r\n", "\n")
