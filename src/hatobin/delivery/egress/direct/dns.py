"""Questions to the name service: what an answer is, and who asks (dnspython)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, cast

import dns.asyncresolver
import dns.exception
import dns.message
import dns.name
import dns.rdtypes.txtbase
import dns.resolver

Kind = Literal["MX", "A", "AAAA", "TXT"]
Status = Literal["found", "no-data", "no-such-name"]

LIFETIME = 10.0  # seconds for one question, all servers and tries together
_ONE_TRY = 3.0
_UDP_SIZE = 1232  # fits every path without fragments (DNS flag day 2020)


@dataclass(frozen=True, kw_only=True, slots=True)
class DnsAnswer:
    """A definite answer, the negative ones too. CNAMEs have been followed.

    ``records`` in presentation form: ``10 mx.example.jp.``, ``192.0.2.1``; a TXT as one text.
    ``ttl``: seconds, that of the negative answer (RFC 2308) where there is no record.
    """

    status: Status
    records: tuple[str, ...] = ()
    ttl: float = 300


class DnsFailed(Exception):
    """No definite answer. ``loop``: the aliases (CNAME) lead in a circle or on and on."""

    def __init__(self, detail: str, *, loop: bool = False) -> None:
        super().__init__(detail)
        self.detail = detail
        self.loop = loop


class Dns(Protocol):
    """Asks one question."""

    async def ask(self, name: str, kind: Kind) -> DnsAnswer:
        """``name`` is absolute, without the last dot. Raises :class:`DnsFailed`."""


class SystemDns:
    """By the servers of ``/etc/resolv.conf``, or by ``nameservers`` (addresses) at ``port``."""

    def __init__(
        self, nameservers: Sequence[str] = (), *, port: int = 53, lifetime: float = LIFETIME
    ) -> None:
        self._nameservers, self._port, self._lifetime = tuple(nameservers), port, lifetime
        self._made: dns.asyncresolver.Resolver | None = None

    async def ask(self, name: str, kind: Kind) -> DnsAnswer:
        """Part of Dns."""
        try:
            asked = dns.name.from_text(name, origin=dns.name.root)
        except dns.exception.DNSException:  # empty or long labels: there cannot be such a name
            return DnsAnswer(status="no-such-name")
        try:
            answer = await self._resolver().resolve(
                asked, kind, raise_on_no_answer=False, search=False
            )
        except dns.resolver.NXDOMAIN as error:
            return DnsAnswer(status="no-such-name", ttl=_negative_ttl(error, asked))
        except dns.resolver.NoNameservers as error:
            raise DnsFailed(str(error), loop=_is_loop(error)) from error
        except (dns.exception.DNSException, OSError) as error:
            raise DnsFailed(str(error) or type(error).__name__) from error
        ttl = answer.chaining_result.minimum_ttl
        if answer.rrset is None:
            return DnsAnswer(status="no-data", ttl=ttl)
        return DnsAnswer(status="found", records=tuple(map(_text, answer.rrset)), ttl=ttl)

    def _resolver(self) -> dns.asyncresolver.Resolver:
        if self._made is None:
            made = dns.asyncresolver.Resolver(configure=not self._nameservers)
            if self._nameservers:
                made.nameservers = list(self._nameservers)
                made.port = self._port
            made.timeout, made.lifetime = _ONE_TRY, self._lifetime
            made.use_edns(0, 0, _UDP_SIZE)
            self._made = made
        return self._made


def _text(record: object) -> str:
    if isinstance(record, dns.rdtypes.txtbase.TXTBase):
        # Several strings in one record are one text, without spaces (RFC 7208 section 3.3).
        return b"".join(record.strings).decode("utf-8", errors="replace")
    return str(record)


def _negative_ttl(error: dns.resolver.NXDOMAIN, asked: dns.name.Name) -> float:
    response = cast(dns.message.QueryMessage, error.response(asked))  # type: ignore[no-untyped-call]
    return response.resolve_chaining().minimum_ttl


def _is_loop(error: dns.resolver.NoNameservers) -> bool:
    tried = error.kwargs.get("errors", [])
    return any(isinstance(each[3], dns.message.ChainTooLong) for each in tried)
