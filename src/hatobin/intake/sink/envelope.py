"""What the sink saw."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

_MESSAGE_ID = re.compile(
    rb"^message-id:[ \t]*(?:\r\n[ \t]+)?<?([^>\s]+)", re.IGNORECASE | re.MULTILINE
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """One message as it came over the wire. ``data`` has its dots unstuffed; ``at`` is UTC."""

    mail_from: str
    rcpts: list[str]
    data: bytes
    at: datetime
    session_id: int
    helo: str
    tls: bool
    user: str  # who signed in; empty when nobody did
    client: str = ""  # address it came from
    server: str = ""  # address:port it came to


@dataclass(slots=True)
class Counters:
    """Sums since the start."""

    connections: int = 0
    open_now: int = 0
    most_at_once: int = 0
    messages: int = 0  # kept, whether or not the sender was told so
    unfinished: int = 0  # bodies that ended without the final dot
    octets: int = 0
    most_recipients: int = 0  # in one transaction
    sign_ins: int = 0
    refused_sign_ins: int = 0
    faults: int = 0  # how often a rule was applied
    refusals: int = 0  # how often a limit was


def message_id_of(data: bytes) -> str:
    """The Message-ID without its brackets; empty when there is none in the header."""
    end = data.find(b"\r\n\r\n")
    found = _MESSAGE_ID.search(data, 0, len(data) if end < 0 else end + 2)
    return found[1].decode("utf-8", "replace") if found else ""
