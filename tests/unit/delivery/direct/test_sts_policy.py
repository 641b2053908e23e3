"""RFC 8461 read to the letter: records, policies, patterns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hatobin.delivery.egress.direct.protection import OPPORTUNISTIC, Facts, Level, Protection
from hatobin.delivery.egress.direct.sts_policy import (
    BadPolicy,
    KeptPolicy,
    Policy,
    host_matches,
    id_of_record,
    parse_policy,
)

GOOD = (
    "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\n"
    "mx: backupmx.example.com\r\nmax_age: 604800\r\n"
)  # section 3.2


def test_the_example_of_the_standard_is_read() -> None:
    assert parse_policy(GOOD) == Policy(
        mode="enforce",
        mx=("mail.example.com", "*.example.net", "backupmx.example.com"),
        max_age=604800,
    )


@pytest.mark.parametrize(
    ("change", "policy"),
    [
        (("\r\n", "\n"), ("enforce", 604800)),
        (("mode: enforce", "mode: testing\r\nmode: enforce"), ("testing", 604800)),
        (("604800", "9999999999"), ("enforce", 31557600)),
        (("mode:", "new_word: anything: at all\r\n\r\nmode:"), ("enforce", 604800)),
    ],
)
def test_what_may_be_different(change: tuple[str, str], policy: tuple[str, int]) -> None:
    read = parse_policy(GOOD.replace(*change))
    assert (read.mode, read.max_age) == policy


def test_a_policy_that_ends_the_protection_needs_no_mx() -> None:
    assert parse_policy("version: STSv1\nmode: none\nmax_age: 86400").mx == ()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("version: STSv1", "version: STSv2"), "version"),
        (("version: STSv1\r\n", ""), "version"),
        (("enforce", "Enforce"), "mode"),
        (("mode: enforce\r\n", ""), "mode"),
        (("604800", "-1"), "max_age"),
        (("604800", "one week"), "max_age"),
        (("max_age: 604800", ""), "max_age"),
        (("*.example.net", "*.*.example.net"), "host name"),
        (("*.example.net", "mx*.example.net"), "host name"),
        (("*.example.net", "*"), "host name"),
        (("mx: ", "x: "), "no mx"),
        (("mode: enforce", "<html>"), "no field"),
        (("mx: mail", "mx: mail.example.com\r\n" * 300 + "mx: mail"), "too many"),
    ],
)
def test_what_is_no_policy_is_refused(change: tuple[str, str], why: str) -> None:
    with pytest.raises(BadPolicy, match=why):
        parse_policy(GOOD.replace(*change))


@pytest.mark.parametrize(
    ("pattern", "host", "matches"),
    [
        ("mail.example.com", "mail.example.com", True),
        ("mail.example.com", "MAIL.example.COM.", True),
        ("mail.example.com", "a.mail.example.com", False),
        ("*.example.com", "mail.example.com", True),
        ("*.example.com", "a.mail.example.com", False),
        ("*.example.com", "example.com", False),
        ("*.example.com", "mail.evil-example.com", False),
        ("*.example.com", ".example.com", False),
    ],
)
def test_a_star_stands_for_exactly_one_label(pattern: str, host: str, matches: bool) -> None:
    assert host_matches(pattern, host) is matches


@pytest.mark.parametrize(
    ("records", "found"),
    [
        (["v=STSv1; id=20160831085700Z;"], "20160831085700Z"),
        (["v=spf1 -all", "v=STSv1;id=1"], "1"),
        (["v=STSv1 ; extra=x; id=abc"], "abc"),
        ([], None),
        (["v=STSv1; id=1;", "v=STSv1; id=2;"], None),
        (["v=STSv1; id=with-dash;"], None),
        (["v=STSv1; id=;"], None),
        (["v=STSv1; id=" + "a" * 33], None),
        (["v=STSv1;"], None),
        (["v=STSv2; id=1;"], None),
        (["id=1; v=STSv1"], None),
    ],
)
def test_exactly_one_good_record_announces_a_policy(records: list[str], found: str | None) -> None:
    assert id_of_record(records) == found


def test_a_policy_holds_for_its_age_and_is_stale_after_half_of_it() -> None:
    at = datetime(2026, 4, 1, tzinfo=UTC)
    kept = KeptPolicy(domain="a.jp", id="1", policy=parse_policy(GOOD), fetched_at=at)
    assert (kept.is_stale_at(at + timedelta(days=3)), kept.holds_at(at)) == (False, True)
    assert kept.is_stale_at(at + timedelta(days=3.5))
    assert kept.holds_at(at + timedelta(days=6.9))
    assert not kept.holds_at(at + timedelta(days=7))


def facts(host: str, tls: str = "TLSv1.3", *, verified: bool = False) -> Facts:
    return Facts(
        mx_host=host, address="192.0.2.1", source="red", local_address="192.0.2.9", ehlo="red.jp",
        tls_version=tls, tls_cipher="", verified=verified, fell_back="", policy="",
    )  # fmt: skip


ENFORCED = Protection(level="verified", patterns=("*.example.net",), policy="mta-sts enforce 1")


@pytest.mark.parametrize(
    ("open_one", "protection", "fits"),
    [
        (facts("mx.example.net", verified=True), ENFORCED, True),
        (facts("mx.example.net"), ENFORCED, False),
        (facts("mx.example.org", verified=True), ENFORCED, False),
        (facts("mx.example.net", ""), OPPORTUNISTIC, True),
        (facts("mx.example.net", ""), OPPORTUNISTIC.at_least("encrypted"), False),
        (facts("mx.example.net"), OPPORTUNISTIC.at_least("encrypted"), True),
    ],
)
def test_a_conversation_is_shared_only_where_it_is_protected_enough(
    open_one: Facts, protection: Protection, fits: bool
) -> None:
    assert open_one.fits(protection) is fits


@pytest.mark.parametrize(
    ("level", "result"),
    [("opportunistic", "verified"), ("encrypted", "verified"), ("verified", "verified")],
)
def test_a_demand_of_ours_never_weakens_the_domain_s(level: Level, result: Level) -> None:
    assert ENFORCED.at_least(level).level == result
    assert ENFORCED.at_least(level).patterns == ENFORCED.patterns
