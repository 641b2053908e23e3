"""Which server, how protected, as whom, and how long to wait."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from hatobin.common.hosts import is_loopback

Security = Literal["none", "starttls", "starttls-required", "tls"]

_HELO = re.compile(r"[A-Za-z0-9._-]+|\[[A-Za-z0-9.:]+\]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeouts:
    """Seconds (RFC 5321 section 4.5.3.2; connect and TLS as is usual)."""

    connect: float = 30
    tls: float = 30
    greeting: float = 300
    command: float = 300
    data: float = 120
    block: float = 180  # until the network has taken the next piece of a body
    dot: float = 600
    quit: float = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """A server to hand messages to.

    ``security``: ``starttls`` encrypts where it is offered and accepts any certificate;
    ``starttls-required`` and ``tls`` insist, and check the certificate unless ``verify`` is False.
    The password goes out only under TLS, to this machine itself, or with ``allow_plain_auth``.
    """

    host: str
    port: int
    security: Security = "starttls"
    username: str = ""
    password: str = field(default="", repr=False)
    helo_name: str
    verify: bool = True
    allow_plain_auth: bool = False
    timeouts: Timeouts = Timeouts()

    def __post_init__(self) -> None:
        if not _HELO.fullmatch(self.helo_name):
            raise ValueError("helo_name is neither a host name nor an address in brackets")

    @property
    def is_loopback(self) -> bool:
        """Whether the server is this machine."""
        return is_loopback(self.host)
