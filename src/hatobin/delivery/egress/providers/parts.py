"""A composed message in parts, for services that take no whole one; and the request made of it.

The parts are read back by the standard library's parser, so a service is told what the bytes say and
nothing else. Fields that a service writes itself (Date, MIME, signatures) are left to it.
"""

from __future__ import annotations

import email
import email.policy
import email.utils
from collections.abc import Iterator
from email.header import decode_header, make_header
from email.message import EmailMessage
from typing import Any

from anymail.backends.base_requests import AnymailRequestsBackend
from django.core.mail import EmailMultiAlternatives

from hatobin.delivery.egress.providers.client import Parcel

# Kept as they are; so is everything that begins with List- or X-.
_KEPT = frozenset({"message-id", "feedback-id", "precedence", "auto-submitted", "references"})
_KEPT_STARTS = ("list-", "x-")
_NAMING = ("to", "cc", "bcc", "resent-to", "resent-cc", "resent-bcc", "apparently-to")


def anymail_message(parcel: Parcel, *, key_name: str) -> EmailMultiAlternatives:
    """The letter as Anymail takes it, with our key as metadata and nothing tracked.

    Raises ValueError when a field names anybody but the recipient (promise P1).
    """
    message = email.message_from_bytes(parcel.message, policy=email.policy.default)
    if not isinstance(message, EmailMessage):
        raise TypeError("the policy makes another kind of message")
    fields = [(name.lower(), name, _unfolded(value)) for name, value in message.raw_items()]
    to_display = _only_recipient(fields, parcel)
    found = {name: value for name, _, value in reversed(fields)}
    made = EmailMultiAlternatives(
        subject=_decoded(found.get("subject", "")),
        from_email=_mailbox(found.get("from", "")),
        to=[_written(to_display, parcel.rcpt.wire)],
        reply_to=[_mailbox(found["reply-to"])] if found.get("reply-to") else None,
        headers={as_written: _decoded(value) for as_written, value in _kept(fields)},
    )
    _add_bodies(made, message)
    for name, value in (("metadata", {key_name: parcel.key}), ("track_clicks", False)):
        setattr(made, name, value)
    made.track_opens = False  # type: ignore[attr-defined]  # one of Anymail's own attributes
    return made


def request_of(backend: AnymailRequestsBackend, message: EmailMultiAlternatives) -> dict[str, Any]:
    """What Anymail would post for this message, as ``requests.Request`` takes it."""
    params = backend.build_message_payload(message, {}).get_request_params(backend.api_url)
    return {name: value for name, value in params.items() if value is not None}


def _only_recipient(fields: list[tuple[str, str, str]], parcel: Parcel) -> str:
    named = [
        mailbox
        for name, _, value in fields
        if name in _NAMING
        for mailbox in email.utils.getaddresses([value])
    ]
    ours = {parcel.rcpt.wire, parcel.rcpt.email}
    if len(named) != 1 or named[0][1] not in ours:
        raise ValueError("the message names somebody who is not its recipient")
    return _decoded(named[0][0])


def _kept(fields: list[tuple[str, str, str]]) -> Iterator[tuple[str, str]]:
    for name, as_written, value in fields:
        if name in _KEPT or name.startswith(_KEPT_STARTS):
            yield as_written, value


def _add_bodies(made: EmailMultiAlternatives, message: EmailMessage) -> None:
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    made.body = text.get_content() if text else ""
    if html:
        made.attach_alternative(html.get_content(), "text/html")
    for part in message.iter_attachments():
        payload = part.get_payload(decode=True)
        content = payload if isinstance(payload, bytes) else b""
        made.attach(part.get_filename() or "", content, part.get_content_type())


def _mailbox(value: str) -> str:
    display, address = email.utils.parseaddr(value)
    return _written(_decoded(display), address)


def _written(display: str, address: str) -> str:
    """``"name" <address>`` with the name in its own letters; the service encodes it."""
    quoted = display.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{address}>' if display else address


def _unfolded(value: str) -> str:
    return "".join(value.splitlines()).strip()


def _decoded(value: str) -> str:
    return str(make_header(decode_header(value)))
