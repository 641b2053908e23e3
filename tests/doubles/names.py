"""A name service: a zone in memory, asked directly (``FakeDns``) or by UDP and TCP (``NameServer``)."""

from __future__ import annotations

import asyncio
import struct
from collections import Counter
from collections.abc import Mapping
from typing import Self, cast

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from hatobin.delivery.egress.direct.dns import DnsAnswer, DnsFailed, Kind

Zone = dict[str, dict[str, list[str]]]  # name: kind: records; CNAME is a kind
_MOST_ALIASES = 8


class FakeDns:
    """Answers from ``zone``; names in ``down`` fail. Counts what it was asked.

    While ``hold`` is set to an event, answers wait for it.
    """

    def __init__(self, zone: Mapping[str, Mapping[str, list[str]]], *, ttl: float = 300) -> None:
        self.zone: Zone = {name: dict(kinds) for name, kinds in zone.items()}
        self.ttl = ttl
        self.down: set[tuple[str, str]] = set()
        self.asked: Counter[tuple[str, str]] = Counter()
        self.hold: asyncio.Event | None = None

    async def ask(self, name: str, kind: Kind) -> DnsAnswer:
        self.asked[name, kind] += 1
        if self.hold is not None:
            await self.hold.wait()
        for _ in range(_MOST_ALIASES):
            if (name, kind) in self.down:
                raise DnsFailed("SERVFAIL")
            kinds = self.zone.get(name)
            if kinds is None:
                return DnsAnswer(status="no-such-name", ttl=self.ttl)
            if kind in kinds:
                return DnsAnswer(status="found", records=tuple(kinds[kind]), ttl=self.ttl)
            if "CNAME" not in kinds:
                return DnsAnswer(status="no-data", ttl=self.ttl)
            name = kinds["CNAME"][0].rstrip(".")
        raise DnsFailed("the aliases have no end", loop=True)


class NameServer:
    """``async with NameServer(zone) as server``: a recursive server of real packets.

    Names in ``failing`` get SERVFAIL, those in ``silent`` no answer; ``truncate`` sends all to TCP.
    """

    def __init__(self, zone: Zone, *, host: str = "127.0.0.1", ttl: int = 300) -> None:
        self.zone, self.host, self.ttl = zone, host, ttl
        self.failing: set[str] = set()
        self.silent: set[str] = set()
        self.truncate = False
        self.by_udp = self.by_tcp = 0

    async def __aenter__(self) -> Self:
        self._tcp = await asyncio.start_server(self._serve_tcp, self.host, 0)
        self.port = int(self._tcp.sockets[0].getsockname()[1])
        loop = asyncio.get_running_loop()
        self._udp, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self), (self.host, self.port)
        )
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._udp.close()
        self._tcp.close()
        await self._tcp.wait_closed()

    def respond(self, wire: bytes, *, udp: bool) -> bytes:
        """The answer to a packet; empty for none."""
        query = dns.message.from_wire(wire)
        name = query.question[0].name.to_text().rstrip(".").lower()
        if name in self.silent:
            return b""
        response = dns.message.make_response(query, recursion_available=True)
        if name in self.failing:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif udp and self.truncate:
            response.flags |= dns.flags.TC
        else:
            self._fill(cast(dns.message.QueryMessage, response), name)
        return response.to_wire(max_size=1232 if udp else 65535)

    def _fill(self, response: dns.message.QueryMessage, name: str) -> None:
        kind = dns.rdatatype.to_text(response.question[0].rdtype)
        met: set[str] = set()
        while name in self.zone and kind not in self.zone[name] and "CNAME" in self.zone[name]:
            if name in met:
                return
            met.add(name)
            target = self.zone[name]["CNAME"][0]
            response.answer.append(self._records(name, "CNAME", [target]))
            name = target.rstrip(".")
        if name not in self.zone:
            response.set_rcode(dns.rcode.NXDOMAIN)
        records = self.zone.get(name, {}).get(kind)
        if records:
            response.answer.append(self._records(name, kind, records))
        else:
            soa = f"ns.{name}. admin.{name}. 1 7200 900 1209600 {self.ttl}"
            response.authority.append(self._records(name, "SOA", [soa]))

    def _records(self, name: str, kind: str, records: list[str]) -> dns.rrset.RRset:
        return dns.rrset.from_text_list(f"{name}.", self.ttl, "IN", kind, records)

    async def _serve_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (length,) = struct.unpack("!H", await reader.readexactly(2))
        self.by_tcp += 1
        answer = self.respond(await reader.readexactly(length), udp=False)
        writer.write(struct.pack("!H", len(answer)) + answer)
        await writer.drain()
        writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: NameServer) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._server.by_udp += 1
        answer = self._server.respond(data, udp=True)
        if answer:
            self._transport.sendto(answer, addr)
