"""What the sink saw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


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
