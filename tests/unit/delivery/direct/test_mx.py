"""Where mail for a domain goes, by the rules of RFC 5321 section 5 and RFC 7505."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest
from tests.doubles.clock import StandingClock
from tests.doubles.names import FakeDns

from hatobin.delivery.egress.direct.mx import Destination, MxHost, find_destination, in_order
from hatobin.delivery.egress.direct.resolver import Resolver
from hatobin.delivery.egress.errors import NoRoute

ZONE = {
    "example.jp": {"MX": ["20 mx2.example.jp.", "10 MX1.example.jp.", "20 mx3.example.jp."]},
    "same.jp": {"MX": ["1 mx1.example.jp.", "2 mx2.example.jp.", "3 mx3.example.jp."]},
    "implicit.jp": {"A": ["192.0.2.1"]},
    "implicit6.jp": {"AAAA": ["2001:db8::1"]},
    "alias.jp": {"CNAME": ["example.jp."]},
    "circle.jp": {"CNAME": ["elcric.jp."]},
    "elcric.jp": {"CNAME": ["circle.jp."]},
    "dangling.jp": {"CNAME": ["nowhere.jp."]},
    "nothing.jp": {"TXT": ["v=spf1 -all"]},
    "nomail.jp": {"MX": ["0 ."], "A": ["192.0.2.1"]},
    "oddly.jp": {"MX": ["0 .", "10 mx.oddly.jp."]},
    "garbage.jp": {"MX": ["10 (mx|x).garbage.jp.", r"20 a\032b.jp."]},
    "xn--wgv71a119e.jp": {"MX": ["10 mx.example.jp."]},
    "ours.jp": {"MX": ["10 mx.example.jp.", "20 hato.example.jp.", "20 a.jp.", "30 b.jp."]},
    "onlyours.jp": {"MX": ["10 HATO.example.jp.", "20 b.jp."]},
    "twice.jp": {"MX": ["10 mx.example.jp.", "20 mx.example.jp."]},
}


def find(domain: str, dns: FakeDns | None = None) -> Destination:
    async def story() -> Destination:
        resolver = Resolver(dns or FakeDns(ZONE), clock=StandingClock())
        return await find_destination(domain, resolver, own_names={"hato.example.jp"})

    return asyncio.run(story())


def test_hosts_come_by_preference_under_one_site() -> None:
    found = find("example.jp")
    assert found.mx == (
        MxHost(preference=10, host="mx1.example.jp"),
        MxHost(preference=20, host="mx2.example.jp"),
        MxHost(preference=20, host="mx3.example.jp"),
    )
    assert (found.domain, found.site, found.implicit) == (
        "example.jp",
        "(mx1|mx2|mx3).example.jp",
        False,
    )
    assert find("same.jp").site == found.site


@pytest.mark.parametrize("domain", ["implicit.jp", "implicit6.jp"])
def test_a_domain_without_mx_is_its_own_host(domain: str) -> None:
    found = find(domain)
    assert (found.mx, found.implicit) == ((MxHost(preference=0, host=domain),), True)
    assert found.site == domain


@pytest.mark.parametrize(
    ("domain", "hosts"),
    [
        ("Example.JP.", ["mx1.example.jp", "mx2.example.jp", "mx3.example.jp"]),
        ("alias.jp", ["mx1.example.jp", "mx2.example.jp", "mx3.example.jp"]),
        ("日本語.jp", ["mx.example.jp"]),
        ("oddly.jp", ["mx.oddly.jp"]),
        ("twice.jp", ["mx.example.jp"]),
        ("ours.jp", ["mx.example.jp"]),  # nothing that is not preferred to ourselves
    ],
)
def test_a_name_leads_to_its_hosts(domain: str, hosts: list[str]) -> None:
    assert [each.host for each in find(domain).mx] == hosts


@pytest.mark.parametrize(
    ("domain", "kind"),
    [
        ("unknown.jp", "no-such-domain"),
        ("dangling.jp", "no-such-domain"),
        ("nothing.jp", "no-mail-server"),
        ("garbage.jp", "no-mail-server"),
        ("nomail.jp", "no-mail"),
        ("circle.jp", "dns-loop"),
        ("onlyours.jp", "mail-loop"),
        ("\u2488com", "no-such-domain"),  # no such letter in a domain
    ],
)
def test_a_domain_that_takes_no_mail_is_said_for_good(domain: str, kind: str) -> None:
    with pytest.raises(NoRoute) as caught:
        find(domain)
    assert (caught.value.kind, caught.value.temporary) == (kind, False)


@pytest.mark.parametrize(
    ("domain", "down"),
    [
        ("example.jp", [("example.jp", "MX")]),
        ("unknown.jp", [("unknown.jp", "MX")]),
        ("nothing.jp", [("nothing.jp", "A"), ("nothing.jp", "AAAA")]),
        ("nothing.jp", [("nothing.jp", "AAAA")]),  # it may have an address after all
    ],
)
def test_a_name_service_that_does_not_answer_is_no_verdict(
    domain: str, down: list[tuple[str, str]]
) -> None:
    dns = FakeDns(ZONE)
    dns.down.update(down)
    with pytest.raises(NoRoute) as caught:
        find(domain, dns)
    assert (caught.value.kind, caught.value.temporary) == ("dns", True)


def test_one_family_that_cannot_be_looked_up_does_not_hide_the_other() -> None:
    dns = FakeDns(ZONE)
    dns.down.add(("implicit.jp", "AAAA"))
    assert find("implicit.jp", dns).implicit


def test_equals_are_tried_in_random_order_and_the_preferred_first() -> None:
    rng = random.Random(5321)
    orders = Counter(
        tuple(each.host for each in in_order(find("example.jp").mx, rng)) for _ in range(400)
    )
    assert {order[0] for order in orders} == {"mx1.example.jp"}
    assert sorted(order[1] for order in orders) == ["mx2.example.jp", "mx3.example.jp"]
    assert min(orders.values()) > 130


def test_a_very_long_list_is_cut_at_its_end() -> None:
    dns = FakeDns({"many.jp": {"MX": [f"{n} mx{n}.many.jp." for n in range(1_000)]}})
    assert [each.preference for each in find("many.jp", dns).mx] == list(range(32))
