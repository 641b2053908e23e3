"""A letter never goes back to this machine, nor where no mail server can be."""

from __future__ import annotations

import ipaddress
import socket

import psutil
import pytest

from hatobin.delivery.egress.direct.addresses import AddressRules, Verdict

STRICT = AddressRules(own=frozenset({"203.0.113.7", "2001:db8::7"}))
OPEN = AddressRules(own=frozenset({"127.0.0.9"}), allow_loopback=True)


@pytest.mark.parametrize(
    ("address", "verdict"),
    [
        ("198.51.100.4", "fine"),
        ("10.1.2.3", "fine"),  # a town's own network
        ("2001:db8::8", "fine"),
        ("203.0.113.7", "ours"),
        ("::ffff:203.0.113.7", "ours"),
        ("2001:DB8:0::7", "ours"),
        ("127.0.0.1", "bogus"),
        ("127.9.9.9", "bogus"),
        ("::1", "bogus"),
        ("::ffff:127.0.0.1", "bogus"),
        ("0.0.0.0", "bogus"),  # noqa: S104 - connects to this machine
        ("0.1.2.3", "bogus"),
        ("::", "bogus"),
        ("169.254.169.254", "bogus"),
        ("fe80::1", "bogus"),
        ("224.0.0.1", "bogus"),
        ("255.255.255.255", "bogus"),
        ("240.0.0.1", "bogus"),
        ("not an address", "bogus"),
    ],
)
def test_an_address_is_judged(address: str, verdict: Verdict) -> None:
    assert STRICT.judge(address) == verdict


@pytest.mark.parametrize(
    ("address", "verdict"),
    [("127.0.0.1", "fine"), ("::1", "fine"), ("127.0.0.9", "ours"), ("0.0.0.0", "bogus")],  # noqa: S104
)
def test_loopback_can_be_allowed_but_not_what_is_named_as_ours(
    address: str, verdict: Verdict
) -> None:
    assert OPEN.judge(address) == verdict


def test_the_addresses_of_this_machine_are_found_without_being_named() -> None:
    families = {socket.AF_INET, socket.AF_INET6}
    here = {
        each.address.partition("%")[0]
        for addresses in psutil.net_if_addrs().values()
        for each in addresses
        if each.family in families
    }
    public = {each for each in here if not ipaddress.ip_address(each).is_loopback}
    routed = {each for each in public if not ipaddress.ip_address(each).is_link_local}
    verdicts = {each: AddressRules().judge(each) for each in here}
    assert verdicts["127.0.0.1"] == "bogus"
    assert {each: verdicts[each] for each in routed} == dict.fromkeys(routed, "ours")
