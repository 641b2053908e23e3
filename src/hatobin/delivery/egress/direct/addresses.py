"""Which addresses a letter may go to: never back to ourselves."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["fine", "ours", "bogus"]

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_THIS_NETWORK = ipaddress.ip_network("0.0.0.0/8")  # connecting to it means this machine
_SMTP = 25


@dataclass(frozen=True, kw_only=True, slots=True)
class AddressRules:
    """``own``: addresses that are ours though this machine does not have them (behind a NAT).

    ``allow_loopback`` is for tests and measurements: 127.0.0.0/8 and ::1 count as the network then.
    """

    own: frozenset[str] = frozenset()
    allow_loopback: bool = False

    def judge(self, text: str) -> Verdict:
        """``ours``: mail would come back to us. ``bogus``: no address of a mail server."""
        address = _plain(text)
        if address is None:
            return "bogus"
        if address in {_plain(own) for own in self.own}:
            return "ours"
        if address.is_loopback:
            return "fine" if self.allow_loopback else "bogus"
        if _is_bogus(address):
            return "bogus"
        return "ours" if _is_of_this_machine(address) else "fine"


def _plain(text: str) -> _Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _is_bogus(address: _Address) -> bool:
    if address.is_unspecified or address.is_multicast or address.is_link_local:
        return True
    return address.version == 4 and (address.is_reserved or address in _THIS_NETWORK)


def _is_of_this_machine(address: _Address) -> bool:
    """Whether the kernel would talk to it from that very address; no packet leaves."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((str(address), _SMTP))
            return ipaddress.ip_address(probe.getsockname()[0]) == address
    except OSError:  # no road to it at all
        return False
