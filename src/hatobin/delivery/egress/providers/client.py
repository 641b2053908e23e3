"""NAME
    client - what every mail service looks like to the engine

JOB
    ``ProviderClient.send`` hands one letter to one person to a service, blocking, and says what became
    of it. ``check`` asks whether the service would take letters. Neither raises on anything that a
    network or a service does.

STRATEGY
    One client per egress and process, used by many threads: connections are kept and shared. A service
    that takes a whole message gets the composed bytes; one that does not gets its parts (``parts``).

SECURITY
    A letter has one recipient (promise P1): the one in the request, and nobody in its headers but that
    one. Nothing here is logged. Redirects are not followed: a key goes only where it was meant to go.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from django.utils.functional import Promise

from hatobin.delivery.egress.providers.reply import ProviderOutcome, ProviderReply
from hatobin.wire.address import Address

Text = str | Promise


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """Something that a person fills in for a service. ``choices``: (stored, shown), the first is usual."""

    name: str
    label: Text
    help: Text = ""
    secret: bool = False
    required: bool = True
    choices: tuple[tuple[str, Text], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpTimeouts:
    """Seconds. ``connect`` also holds for each piece of the request, ``answer`` for each of the answer;
    ``whole_answer`` for all of it."""

    connect: float = 15
    answer: float = 60
    whole_answer: float = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class Parcel:
    """A letter on its way: ``key`` is ours, and goes along where a service keeps such a thing. ``may_go``
    is asked at the last moment before its request."""

    rcpt: Address
    message: bytes
    key: str
    may_go: Callable[[], bool]


class ProviderClient(ABC):
    """A mail service with somebody's key. ``values``: by the names of ``fields``."""

    name: ClassVar[str]
    title: ClassVar[str]
    fields: ClassVar[tuple[Field, ...]]

    def __init__(
        self,
        values: Mapping[str, str],
        *,
        api_url: str = "",
        connections: int = 5,
        timeouts: HttpTimeouts | None = None,
    ) -> None:
        """``api_url``: in place of the service's own, for trials on this machine."""
        self.values = values
        self.api_url = api_url
        self.connections = max(1, connections)
        self.timeouts = timeouts or HttpTimeouts()
        self.prepare()

    @abstractmethod
    def prepare(self) -> None:
        """What a service keeps for its life; called once, at the end of the making."""

    def send(
        self,
        mail_from: str,
        rcpt: Address,
        message: bytes,
        idempotency_key: str,
        may_go: Callable[[], bool] = lambda: True,
    ) -> ProviderReply:
        """``mail_from`` is for services that let us choose the envelope's sender; so far none does.

        Raises ValueError for a message that could reach or name anybody but ``rcpt``.
        """
        if rcpt.needs_smtputf8:
            return ProviderReply(outcome=ProviderOutcome.REFUSED, code="needs-utf8")
        return self.deliver(Parcel(rcpt=rcpt, message=message, key=idempotency_key, may_go=may_go))

    @abstractmethod
    def deliver(self, parcel: Parcel) -> ProviderReply:
        """Hands one letter over."""

    @abstractmethod
    def check(self, sender: str) -> ProviderReply:
        """Whether letters of ``sender`` (may be empty) would be taken; sends none to anybody."""

    @abstractmethod
    def close(self) -> None:
        """Lets go of the connections."""
