"""Transparency of the SMTP data phase (RFC 5321 section 4.5.2)."""

from __future__ import annotations


class BareLineEnd(ValueError):
    """A CR or LF stands alone.

    Servers disagree on whether it ends a line, and a second message can be smuggled through
    that gap; such a body is never sent.
    """


def refuse_bare_line_ends(body: bytes) -> None:
    """Raises :class:`BareLineEnd` unless every CR and every LF is part of a CRLF."""
    pairs = body.count(b"\r\n")
    if body.count(b"\n") != pairs or body.count(b"\r") != pairs:
        raise BareLineEnd("bare CR or LF")


def stuff(body: bytes) -> bytes:
    """The body as it goes over the wire, ended by CRLF, without the final dot line."""
    refuse_bare_line_ends(body)
    stuffed = body.replace(b"\r\n.", b"\r\n..")
    if stuffed.startswith(b"."):
        stuffed = b"." + stuffed
    return stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n"


def unstuff(data: bytes) -> bytes:
    """What was meant by the bytes between 354 and the final dot."""
    if data.startswith(b"."):
        data = data[1:]
    return data.replace(b"\r\n.", b"\r\n")
