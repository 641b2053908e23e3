"""A conversation with the best server of a destination that will have one (RFC 5321 section 5.1)."""

from __future__ import annotations

import random
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from hatobin.delivery.egress.direct.addresses import AddressRules
from hatobin.delivery.egress.direct.dns import DnsFailed
from hatobin.delivery.egress.direct.mx import Destination, MxHost, in_order, unanswered
from hatobin.delivery.egress.direct.protection import Facts, Protection
from hatobin.delivery.egress.direct.race import (
    AllFailed,
    Candidate,
    CannotBind,
    alternate,
    connect_first,
    is_v6,
)
from hatobin.delivery.egress.direct.resolver import Resolver
from hatobin.delivery.egress.direct.sources import Source
from hatobin.delivery.egress.endpoint import Endpoint, Timeouts
from hatobin.delivery.egress.errors import (
    ConnectFailed,
    EgressError,
    GreetingRefused,
    NoRoute,
    TlsFailed,
)
from hatobin.delivery.egress.opening import unconnected
from hatobin.delivery.egress.smtp_client import SmtpConnection

_HOSTS = 5  # tried for one conversation
_ADDRESSES = 6  # of one host
_TALKS = 3  # servers that answered at all; each may keep us waiting for minutes
# After these an opportunistic conversation begins anew without TLS (RFC 7435 section 4).
_CLEAR_AFTER = frozenset({"starttls-refused", "handshake", "not-tls", "timeout"})


@dataclass(frozen=True, kw_only=True, slots=True)
class DirectConnection:
    """An open conversation and what it is."""

    smtp: SmtpConnection
    facts: Facts


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialer:
    """Opens conversations. ``port`` is for tests and measurements."""

    resolver: Resolver
    rules: AddressRules
    rng: random.Random
    timeouts: Timeouts
    port: int = 25

    async def open(
        self, destination: Destination, source: Source, protection: Protection
    ) -> DirectConnection:
        """Tries the hosts by preference, and the addresses of each.

        Raises ConnectFailed, GreetingRefused or TlsFailed (about the road: the letter waits), or
        NoRoute. Where hosts failed differently, one that may work later is told first.
        """
        hosts = [each for each in destination.mx if protection.admits(each.host)]
        if not hosts:
            names = ", ".join(each.host for each in destination.mx)
            raise TlsFailed("mta-sts-mismatch", temporary=True, detail=names)
        attempt = _Attempt(self, source, protection)
        for host in in_order(hosts, self.rng)[:_HOSTS]:
            opened = await attempt.at_host(host)
            if opened:
                return opened
            if attempt.is_over:
                break
        raise attempt.most_telling()


class _Attempt:
    """One call of ``Dialer.open``: what went wrong so far."""

    def __init__(self, dialer: Dialer, source: Source, protection: Protection) -> None:
        self._dialer, self._source, self._protection = dialer, source, protection
        self._errors: list[EgressError] = []
        self._talks = 0

    @property
    def is_over(self) -> bool:
        """Enough servers kept us waiting, or what follows would lead back to ourselves."""
        return self._talks >= _TALKS or self._errors[-1].kind == "mail-loop"

    def most_telling(self) -> EgressError:
        """What may work later before what will not; the server's own words before ours."""
        return min(self._errors, key=lambda error: (not error.temporary, error.reply is None))

    async def at_host(self, mx: MxHost) -> DirectConnection | None:
        """A conversation with one MX host, at whichever of its addresses."""
        try:
            left = await self._candidates(mx.host)
            while left and self._talks < _TALKS:
                sock, candidate, failed = await self._connect(left)
                left = [each for each in left if each not in failed and each != candidate]
                self._talks += 1
                try:
                    return await self._talk(mx.host, sock, candidate)
                except (ConnectFailed, GreetingRefused, TlsFailed) as error:
                    self._errors.append(error)
        except (ConnectFailed, NoRoute) as error:
            self._errors.append(error)
        return None

    async def _candidates(self, host: str) -> list[Candidate]:
        try:
            found, _ = await self._dialer.resolver.addresses(host)
        except DnsFailed as error:
            raise unanswered(error) from error
        if not found:
            raise NoRoute("no-mail-server", temporary=False, detail=host)
        verdicts = {each: self._dialer.rules.judge(each) for each in found}
        if "ours" in verdicts.values():
            raise NoRoute("mail-loop", temporary=False, detail=host)
        fine = [each for each in found if verdicts[each] == "fine"]
        if not fine:
            raise NoRoute("bogus-address", temporary=False, detail=", ".join(found))
        self._dialer.rng.shuffle(fine)
        places = [(each, self._source.local(v6=is_v6(each))) for each in alternate(fine)]
        usable = [Candidate(address=to, local=local) for to, local in places if local is not None]
        if not usable:
            detail = f"{host} has no address of the family of {self._source.name}"
            raise ConnectFailed("source-family", temporary=True, detail=detail)
        return usable[:_ADDRESSES]

    async def _connect(
        self, candidates: Sequence[Candidate]
    ) -> tuple[socket.socket, Candidate, frozenset[Candidate]]:
        timeout = self._dialer.timeouts.connect
        try:
            return await connect_first(candidates, self._dialer.port, timeout=timeout)
        except AllFailed as failure:
            outside = [each for each in failure.errors if not isinstance(each, CannotBind)]
            if not outside:
                raise ConnectFailed(
                    "source-unusable", temporary=True, detail=str(failure)
                ) from failure
            raise unconnected(outside[0]) from failure

    async def _talk(self, host: str, sock: socket.socket, candidate: Candidate) -> DirectConnection:
        level = self._protection.level
        endpoint = Endpoint(
            host=host,
            port=self._dialer.port,
            security="starttls" if level == "opportunistic" else "starttls-required",
            helo_name=self._source.ehlo,
            verify=level == "verified",
            timeouts=self._dialer.timeouts,
        )
        facts = self._facts_of(host, candidate)
        try:
            return await _open(endpoint, sock, facts)
        except TlsFailed as error:
            if level != "opportunistic" or error.kind not in _CLEAR_AFTER:
                raise self._temporary(error) from error
            again, _, _ = await self._connect([candidate])
            return await _open(replace(endpoint, security="none"), again, facts, error.kind)

    def _facts_of(self, host: str, candidate: Candidate) -> Callable[..., Facts]:
        def facts(local: str, tls: tuple[str, str], fell_back: str) -> Facts:
            return Facts(
                mx_host=host,
                address=candidate.address,
                source=self._source.name,
                local_address=local,
                ehlo=self._source.ehlo,
                tls_version=tls[0],
                tls_cipher=tls[1],
                verified=bool(tls[0]) and self._protection.level == "verified",
                fell_back=fell_back,
                policy=self._protection.policy,
            )

        return facts

    def _temporary(self, error: TlsFailed) -> TlsFailed:
        """A server that is to be mended, or an attack: no reason to give a letter up."""
        if self._protection.patterns:
            detail = f"{error.kind}: {error.detail}" if error.detail else error.kind
            return TlsFailed("mta-sts-tls", temporary=True, reply=error.reply, detail=detail)
        return TlsFailed(error.kind, temporary=True, reply=error.reply, detail=error.detail)


async def _open(
    endpoint: Endpoint, sock: socket.socket, facts: Callable[..., Facts], fell_back: str = ""
) -> DirectConnection:
    try:
        local = str(sock.getsockname()[0])
        smtp = await SmtpConnection.open(endpoint, sock)
    except BaseException:
        sock.close()
        raise
    return DirectConnection(smtp=smtp, facts=facts(local, smtp.tls, fell_back))
