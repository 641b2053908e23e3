"""Shipped values, the installation's file, a workspace's text: what applies, and where it stands."""

from __future__ import annotations

import pytest
from tests.unit.delivery.shaping.samples import SHIPPED, reply, shaping


def line_of(text: str, words: str) -> int:
    return next(n for n, line in enumerate(text.split("\n"), 1) if line.startswith(words))


@pytest.mark.parametrize(
    ("domain", "hosts", "values"),
    [
        ("example.jp", [], ("", 10, "100/s", 100, "opportunistic")),
        ("gmail.com", [], ("google", 5, "100/s", 50, "required")),
        ("example.jp", ["ASPMX.L.Google.com."], ("google", 5, "100/s", 50, "required")),
        ("yahoo.com", [], ("yahoo", 10, "100/s", 20, "opportunistic")),
        ("hotmail.co.jp", [], ("outlook", 5, "100/s", 50, "opportunistic")),
        ("a.jp", ["a-jp.mail.protection.outlook.com"], ("office365", 5, "100/s", 50, "opportunistic")),
        ("a.jp", ["a-jp.olc.protection.outlook.com"], ("outlook", 5, "100/s", 50, "opportunistic")),
        ("icloud.com", [], ("apple", 10, "100/s", 5, "opportunistic")),
        ("yahoo.co.jp", [], ("yahoo-japan", 2, "10/s", 20, "opportunistic")),
        ("web.de", [], ("gmx", 4, "100/s", 20, "opportunistic")),
        ("comcast.net", [], ("comcast", 25, "100/s", 1000, "opportunistic")),
        ("orange.fr", [], ("orange", 2, "100/s", 100, "opportunistic")),
        ("qq.com", [], ("qq", 4, "100/s", 8, "opportunistic")),
        ("docomo.ne.jp", [], ("docomo", 2, "5/s", 20, "opportunistic")),
        ("ezweb.ne.jp", [], ("au", 2, "5/s", 20, "opportunistic")),
        ("au.com", [], ("au", 2, "5/s", 20, "opportunistic")),
        ("i.softbank.jp", [], ("softbank", 2, "5/s", 20, "opportunistic")),
        ("d.vodafone.ne.jp", [], ("softbank", 2, "5/s", 20, "opportunistic")),
        ("ymobile.ne.jp", [], ("softbank", 2, "5/s", 20, "opportunistic")),
    ],
)  # fmt: skip
def test_what_is_shipped_for_a_destination(
    domain: str, hosts: list[str], values: tuple[object, ...]
) -> None:
    found = shaping().for_lane(domain, mx_hosts=hosts)
    assert values == (
        found.group,
        found.connections,
        str(found.rate),
        found.messages_per_connection,
        found.tls,
    )


def test_a_suffix_is_of_whole_labels_and_the_longest_wins() -> None:
    assert shaping().for_lane("notgmail.com").group == ""
    own = "[group.branch]\ndomains = ['branch.docomo.ne.jp']\nconnections = 1\n"
    assert shaping(own).for_lane("a.branch.docomo.ne.jp").group == "branch"
    assert shaping(own).for_lane("other.docomo.ne.jp").group == "docomo"


def test_the_site_alone_tells_the_provider_where_no_hosts_are_given() -> None:
    site = "(alt1|alt2)?.aspmx.l.google.com"
    assert shaping().for_lane("example.jp", site).group == "google"


def test_every_value_says_where_it_was_written() -> None:
    found = shaping("[group.google]\n\nconnections = 4\n").for_lane("gmail.com")
    assert str(found.origins["connections"]) == "/etc/hatobin/shaping.toml:3"
    assert found.origins["connections"].layer == "installation"
    assert found.origins["rate"].line == line_of(SHIPPED, "rate = ")
    assert found.origins["rate"].layer == "shipped"


def test_the_installation_may_raise_a_limit() -> None:
    found = shaping("[group.google]\nconnections = 40\nrate = 'unlimited'\n")
    assert not found.problems
    assert found.for_lane("gmail.com").connections == 40
    assert found.for_lane("gmail.com").rate is None


def test_a_workspace_may_be_gentler_everywhere_at_once() -> None:
    found = shaping(workspace="[default]\nconnections = 3\nrate = '7/s'\ntls = 'required'\n")
    assert not found.problems
    google, docomo = found.for_lane("gmail.com"), found.for_lane("docomo.ne.jp")
    assert (google.connections, str(google.rate)) == (3, "7/s")
    assert (docomo.connections, str(docomo.rate), docomo.tls) == (2, "5/s", "required")
    assert google.origins["connections"].layer == "workspace"
    assert docomo.origins["connections"].layer == "shipped"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[group.google]\nconnections = 6\n", "group.google.connections"),
        ("[group.google]\nrate = '101/s'\n", "group.google.rate"),
        ("[group.docomo]\nrate = 'unlimited'\n", "group.docomo.rate"),
        ("[group.google]\ntls = 'opportunistic'\n", "group.google.tls"),
        ("[default]\nretry = ['1 min', '7 min']\n", "default.retry"),
        ("[default]\nbackoff = ['1 s']\n", "default.backoff"),
    ],
)
def test_the_installation_is_the_ceiling_of_a_workspace(text: str, key: str) -> None:
    (found,) = shaping(workspace=text).problems
    assert (found.code, found.key, found.line) == ("above-ceiling", key, 2)
    assert str(found.params["where"]).startswith("shaping.toml:")


def test_a_workspace_stays_under_a_ceiling_that_is_lowered_later() -> None:
    own = "[default]\nconnections = 8\n"
    assert shaping(workspace=own).for_lane("example.jp").connections == 8
    found = shaping("[egress.direct]\nconnections = 2\n", own)
    assert not found.problems
    assert found.for_lane("example.jp").connections == 2


def test_a_workspace_may_wait_longer_between_tries_and_choose_its_expiry() -> None:
    own = "[default]\nretry = ['10 min', '1 h']\nexpiry = '5 d'\n"
    found = shaping(workspace=own).for_lane("example.jp")
    assert str(found.retry) == "10 min, 1 h, 8 min, 25 min, 75 min, 2 h, then 4 h"
    assert found.expiry == 5 * 86400


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[default]\ndot_timeout = '1 s'\n", "installation-only"),
        ("[group.google]\nmx = ['a.jp']\n", "group-of-others"),
        ("[group.gogle]\nconnections = 1\n", "group-unknown"),
        ("[[rule]]\nname = 'google-rate'\nmatch = '^4'\naction = 'none'\n", "rule-of-others"),
        ("[[rule]]\nname = 'x'\ngroups = ['gogle']\nmatch = '^4'\naction = 'defer-letter'\n", "rule-group-unknown"),
    ],
)  # fmt: skip
def test_what_a_workspace_may_not_touch(text: str, code: str) -> None:
    (found,) = shaping(workspace=text).problems
    assert found.code == code
    assert found.params.get("near", "google") == "google"


def test_the_installation_switches_a_rule_off_by_its_name() -> None:
    off = "[[rule]]\nname = 'greylisting'\nmatch = '^4'\naction = 'none'\n"
    assert "greylisting" in [rule.name for rule in shaping().rules]
    assert "greylisting" not in [rule.name for rule in shaping(off).rules]
    (found,) = shaping(off.replace("greylisting", "greylist")).problems
    assert (found.code, found.params["near"]) == ("rule-unknown", "greylisting")


def test_a_rule_of_a_workspace_is_asked_beside_those_below_not_instead() -> None:
    own = "[[rule]]\nname = 'mine'\nmatch = '^421 '\naction = 'defer-letter'\n"
    chains = shaping(workspace=own).for_lane("gmail.com").rules
    assert [rule.name for rule in chains[1]] == ["mine"]
    assert chains[0][0].name == "google-unusual-rate"
    assert chains[0][0].pattern.search(str(reply("421 4.7.28 slow down")))


def test_a_relay_is_its_own_destination_and_the_sandbox_has_no_limit_of_others() -> None:
    found = shaping()
    relay = found.for_lane("docomo.ne.jp", mx_hosts=["mail.example.jp"], egress_kind="smtp-relay")
    assert (relay.group, relay.rate) == ("", None)
    ses = found.for_lane(
        "docomo.ne.jp", mx_hosts=["email-smtp.ap-northeast-1.amazonaws.com"], egress_kind="smtp-relay"
    )  # fmt: skip
    assert [rule.name for rule in ses.rules[0]][:2] == ["ses-rate", "ses-daily-quota"]
    assert found.for_lane("gmail.com", egress_kind="sandbox").group == ""
    assert relay.capped(connections=5, messages_per_connection=7).connections == 5


def test_lanes_that_are_treated_alike_share_one_policy() -> None:
    found = shaping()
    assert found.for_lane("a.example") is found.for_lane("b.example")
    assert found.for_lane("gmail.com") is found.for_group("google")
