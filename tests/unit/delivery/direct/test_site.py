"""Domains with the same servers are one site, whatever the order; others are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatobin.delivery.egress.direct.site import site_of
from hatobin.delivery.models import LaneShare

_LABEL = st.sampled_from(["a", "b", "mx", "jp", "com", "a-b"])
_HOST = st.lists(_LABEL, min_size=1, max_size=5).map(".".join)
_HOSTS = st.sets(_HOST, min_size=1, max_size=5)


def unfold(site: str) -> set[str]:
    """The hosts that a site's name stands for: written apart from the code under test."""
    if not site.startswith("("):
        return {site}
    heads, _, rest = site[1:].partition(")")
    bare, suffix = rest.startswith("?"), rest.removeprefix("?").removeprefix(".")
    hosts = {f"{head}.{suffix}" if suffix else head for head in heads.split("|")}
    return hosts | ({suffix} if bare else set())


@pytest.mark.parametrize(
    ("hosts", "site"),
    [
        (["mx.example.jp"], "mx.example.jp"),
        (["MX2.example.jp.", "mx1.example.jp"], "(mx1|mx2).example.jp"),
        (
            ["aspmx.l.google.com"] + [f"alt{n}.aspmx.l.google.com" for n in (3, 1, 2, 4)],
            "(alt1|alt2|alt3|alt4)?.aspmx.l.google.com",
        ),
        (["a.mx.example.jp", "b.c.mx.example.jp"], "(a|b.c).mx.example.jp"),
        (["mx.example.jp", "mx.example.com"], "(mx.example.com|mx.example.jp)"),
        (["mx.one.jp", "mx.two.jp"], "(mx.one.jp|mx.two.jp)"),  # jp alone folds nothing
    ],
)
def test_a_set_of_hosts_has_one_name(hosts: list[str], site: str) -> None:
    assert site_of(hosts) == site


@given(_HOSTS)
def test_the_name_stands_for_exactly_these_hosts(hosts: set[str]) -> None:
    assert unfold(site_of(hosts)) == hosts
    assert site_of(sorted(hosts, reverse=True)) == site_of(hosts)


def test_a_long_name_is_shortened_and_still_tells_sets_apart() -> None:
    many = [f"a-rather-long-name-number-{n}.mx.example.jp" for n in range(30)]
    assert len(site_of(many)) <= 255
    assert site_of(many).endswith(".mx.example.jp")
    assert site_of(many) == site_of(many[::-1])
    assert site_of(many) != site_of(many[1:])


def test_no_hosts_are_no_site() -> None:
    with pytest.raises(ValueError, match="at least one"):
        site_of([])


@pytest.mark.parametrize("length", range(4, 22))
def test_every_name_fits_into_a_lanes_row(length: int) -> None:
    room = LaneShare._meta.get_field("site").max_length or 0
    hosts = [f"mx{number:03}{'a' * length}.mail.example.jp" for number in range(14)]
    assert len(site_of(hosts)) <= room
