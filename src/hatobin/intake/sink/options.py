"""How a sink behaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from hatobin.intake.sink.faults import Rule


@dataclass(frozen=True, kw_only=True, slots=True)
class SinkOptions:
    """``port`` 0 lets the system choose. ``credentials`` (user: password) turn AUTH on.

    ``tls``: ``none``, ``starttls`` (offered) or ``tls`` (from the first byte), with a certificate
    for localhost made at the start. ``esmtp`` False knows only HELO. ``max_size``: bytes, 0 for none.
    """

    host: str = "127.0.0.1"
    port: int = 0
    tls: Literal["none", "starttls", "tls"] = "none"
    credentials: Mapping[str, str] = field(default_factory=dict)
    mechanisms: tuple[str, ...] = ("PLAIN", "LOGIN")
    require_auth: bool = False
    max_size: int = 0
    pipelining: bool = True
    smtputf8: bool = True
    esmtp: bool = True
    rules: tuple[Rule, ...] = ()
