"""Connecting to the first of several addresses that answers (Happy Eyeballs, RFC 8305)."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

STAGGER = 0.25  # seconds until the next address is tried beside those that do not answer
_NO_PORT = getattr(socket, "IP_BIND_ADDRESS_NO_PORT", 24)  # Linux


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """``address`` to connect to, from ``local``, which may be empty."""

    address: str
    local: str = ""

    @property
    def family(self) -> socket.AddressFamily:
        """By the address."""
        return socket.AF_INET6 if is_v6(self.address) else socket.AF_INET


class CannotBind(OSError):
    """This machine does not have the local address."""


class AllFailed(OSError):
    """No candidate answered. ``errors`` in the order in which they came, one for each."""

    def __init__(self, errors: Sequence[OSError]) -> None:
        super().__init__("; ".join(str(each) or type(each).__name__ for each in errors))
        self.errors = tuple(errors)


def is_v6(address: str) -> bool:
    """The family of an address in text form."""
    return ipaddress.ip_address(address).version == 6


def alternate(addresses: Iterable[str]) -> list[str]:
    """IPv6 and IPv4 by turns, IPv6 first (RFC 8305 section 4)."""
    given = list(addresses)
    six = [each for each in given if is_v6(each)]
    four = [each for each in given if not is_v6(each)]
    return [each for each in chain.from_iterable(zip_longest(six, four)) if each is not None]


async def connect_first(
    candidates: Sequence[Candidate], port: int, *, timeout: float, stagger: float = STAGGER
) -> tuple[socket.socket, Candidate, frozenset[Candidate]]:
    """(connected socket, its candidate, those that failed before it). Raises AllFailed.

    The next candidate starts when one failed or after ``stagger`` seconds; each may take ``timeout``.
    """
    waiting = list(candidates)
    running: dict[asyncio.Task[socket.socket], Candidate] = {}
    failed: dict[Candidate, OSError] = {}
    try:
        while waiting or running:
            if waiting:
                candidate = waiting.pop(0)
                running[asyncio.create_task(_connect(candidate, port, timeout))] = candidate
            done, _ = await asyncio.wait(
                running,
                timeout=stagger if waiting else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for task in sorted(done, key=list(running).index):
                candidate = running[task]
                error = task.exception()
                if error is None:
                    del running[task]
                    return task.result(), candidate, frozenset(failed)
                if not isinstance(error, OSError):
                    raise error
                del running[task]
                failed[candidate] = error
        raise AllFailed(tuple(failed.values()))
    finally:
        await _call_off(running)


async def _connect(candidate: Candidate, port: int, timeout: float) -> socket.socket:
    sock = socket.socket(candidate.family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        if candidate.local:
            _bind(sock, candidate)
        async with asyncio.timeout(timeout):
            await asyncio.get_running_loop().sock_connect(sock, (candidate.address, port))
    except BaseException:
        sock.close()
        raise
    return sock


def _bind(sock: socket.socket, candidate: Candidate) -> None:
    if candidate.family == socket.AF_INET:
        # The port is chosen while connecting, so that one address has as many as each server allows.
        _try_option(sock, socket.IPPROTO_IP, _NO_PORT)
    try:
        sock.bind((candidate.local, 0))
    except OSError as error:
        raise CannotBind(error.errno, f"{candidate.local}: {error.strerror}") from error


def _try_option(sock: socket.socket, level: int, option: int) -> None:
    try:
        sock.setsockopt(level, option, 1)
    except OSError:  # not on this system: a little fewer ports then
        return


async def _call_off(running: dict[asyncio.Task[socket.socket], Candidate]) -> None:
    """Those that were not first: whatever they got is closed."""
    for task in running:
        task.cancel()
    for result in await asyncio.gather(*running, return_exceptions=True):
        if isinstance(result, socket.socket):
            result.close()
