"""How a sink behaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from hatobin.intake.sink.faults import Rule
from hatobin.intake.sink.limits import Limit


@dataclass(frozen=True, kw_only=True, slots=True)
class SinkOptions:
    """It listens on every one of ``hosts`` (or on ``host``) at every one of ``ports`` (or at ``port``).

    Port 0 lets the system choose one, the same on all hosts. ``credentials`` (user: password) turn
    AUTH on. ``tls``: ``none``, ``starttls`` (offered) or ``tls`` (from the first byte), with a certificate
    for localhost made at the start. ``esmtp`` False knows only HELO. ``max_size``: bytes, 0 for none.
    ``seed``: of the rules' chances. ``journal``: a file for ``read_journal``.
    """

    host: str = "127.0.0.1"
    port: int = 0
    hosts: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    tls: Literal["none", "starttls", "tls"] = "none"
    credentials: Mapping[str, str] = field(default_factory=dict)
    mechanisms: tuple[str, ...] = ("PLAIN", "LOGIN")
    require_auth: bool = False
    max_size: int = 0
    pipelining: bool = True
    smtputf8: bool = True
    esmtp: bool = True
    rules: tuple[Rule, ...] = ()
    limits: tuple[Limit, ...] = ()
    seed: int = 0
    journal: Path | None = None
