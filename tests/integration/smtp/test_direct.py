"""Straight to the servers of a domain: which one, from where, and what happens when it will not have us."""

from __future__ import annotations

import time
from collections import Counter

import pytest
from tests.integration.smtp.post import ABSENT, ANY, BLUE, RED, Post, deaf, zone
from tests.integration.smtp.talk import Run, endpoint, sinking, swallow

from hatobin.delivery.egress.direct.sources import Source
from hatobin.delivery.egress.errors import (
    ConnectFailed,
    GreetingRefused,
    NoRoute,
    NoSource,
)
from hatobin.delivery.egress.smtp_client import SmtpConnection
from hatobin.intake.sink import Answer, Close, Hang, Rule

HOSTS = {"hosts": ("127.0.0.21", "127.0.0.22")}


def test_a_letter_arrives_at_the_preferred_host_from_our_address_and_name(run: Run[None]) -> None:
    async def story() -> None:
        async with sinking(**HOSTS) as sink:
            post = Post(zone(mx1="127.0.0.21", mx2="127.0.0.22"), sink.port)
            facts = await post.send()
            assert (facts.mx_host, facts.address) == ("mx1.example.jp", "127.0.0.21")
            assert (facts.source, facts.local_address) == ("red", "127.0.0.11")
            assert (facts.tls_version, facts.verified, facts.policy) == ("", False, "")
            (envelope,) = sink.envelopes
            assert (envelope.client, envelope.helo) == ("127.0.0.11", "red.example.jp")
            assert envelope.server.startswith("127.0.0.21:")

    run(story())


def test_each_source_speaks_from_its_address_under_its_name(run: Run[None]) -> None:
    async def story() -> None:
        async with sinking() as sink:
            post = Post(zone("127.0.0.1"), sink.port, RED, BLUE)
            for _ in range(40):
                await post.send()
            places = Counter((each.client, each.helo) for each in sink.envelopes)
            assert set(places) == {
                ("127.0.0.11", "red.example.jp"),
                ("127.0.0.12", "blue.example.jp"),
            }
            destination = await post.road.destination("example.jp")
            opened = await post.road.open(destination, source=BLUE)
            await opened.smtp.quit()
            assert opened.facts.source == "blue"

    run(story())


@pytest.mark.parametrize(
    "rule",
    [
        Rule(stage="connect", action=Answer(554, "No mail here"), times=1),
        Rule(stage="connect", action=Answer(421, "Too many"), times=1),
        Rule(stage="connect", action=Close(), times=1),
        Rule(stage="ehlo", action=Answer(450, "Later"), times=1),
    ],
)
def test_a_host_that_will_not_have_us_is_followed_by_the_next(run: Run[None], rule: Rule) -> None:
    async def story() -> None:
        async with sinking(rule, **HOSTS) as sink:
            facts = await Post(zone(mx1="127.0.0.21", mx2="127.0.0.22"), sink.port).send()
            assert facts.mx_host == "mx2.example.jp"

    run(story())


@pytest.mark.parametrize("mx1", ["127.0.0.31", ""])  # nobody listens there; no address at all
def test_a_host_that_is_not_there_is_followed_by_the_next(run: Run[None], mx1: str) -> None:
    async def story() -> None:
        async with sinking(**HOSTS) as sink:
            facts = await Post(zone(mx1=mx1, mx2="127.0.0.22"), sink.port).send()
            assert facts.mx_host == "mx2.example.jp"

    run(story())


def test_a_host_that_cannot_be_looked_up_is_followed_by_the_next(run: Run[None]) -> None:
    async def story() -> None:
        async with sinking(**HOSTS) as sink:
            post = Post(zone(mx1="127.0.0.21", mx2="127.0.0.22"), sink.port)
            post.dns.down |= {("mx1.example.jp", "A"), ("mx1.example.jp", "AAAA")}
            assert (await post.send()).mx_host == "mx2.example.jp"

    run(story())


def test_a_second_address_answers_while_the_first_is_silent(run: Run[None]) -> None:
    async def story() -> None:
        async with sinking(host="127.0.0.21") as sink:
            post = Post(zone("::1", "127.0.0.21"), sink.port, ANY)  # IPv6 goes first
            with deaf("::1", sink.port):
                started = time.monotonic()
                assert (await post.send()).address == "127.0.0.21"
                assert 0.2 < time.monotonic() - started < 5

    run(story())


def test_an_address_that_refuses_costs_no_waiting(run: Run[None]) -> None:
    async def story() -> None:
        async with sinking(host="127.0.0.21") as sink:
            post = Post(zone("::1", "127.0.0.21"), sink.port, ANY)
            assert (await post.send()).address == "127.0.0.21"

    run(story())


def test_ipv6_goes_first_where_both_work(run: Run[None]) -> None:
    async def story() -> None:
        async with sinking(hosts=("127.0.0.21", "::1")) as sink:
            post = Post(zone("127.0.0.21", "::1"), sink.port, ANY)
            facts = await post.send()
            assert (facts.address, facts.local_address) == ("::1", "::1")
            only_four = Post(zone("127.0.0.21", "::1"), sink.port, RED)
            assert (await only_four.send()).address == "127.0.0.21"

    run(story())


def test_an_address_that_takes_the_connection_but_will_not_talk_is_followed_by_the_next(
    run: Run[None],
) -> None:
    async def story() -> None:
        rule = Rule(stage="connect", action=Close(), times=1)
        async with sinking(rule, **HOSTS) as sink:
            post = Post(zone("127.0.0.21", "127.0.0.22"), sink.port)
            await post.send()
            assert sink.counters.connections == 2

    run(story())


def test_no_more_than_three_servers_keep_us_waiting(run: Run[None]) -> None:
    async def story() -> None:
        rule = Rule(stage="connect", action=Hang())
        hosts = tuple(f"127.0.0.{n}" for n in range(21, 27))
        async with sinking(rule, hosts=hosts) as sink:
            error = await Post(zone(*hosts), sink.port, greeting=0.3).refused()
            assert (type(error), error.kind) == (ConnectFailed, "greeting-timeout")
            assert sink.counters.connections == 3

    run(story())


@pytest.mark.parametrize(
    ("mx1", "mx2", "kind", "temporary"),
    [
        ("127.0.0.31", "127.0.0.32", "refused", True),
        ("", "127.0.0.31", "refused", True),  # what may work later is told
        ("", "", "no-mail-server", False),
        ("127.0.0.31", "127.0.0.77", "refused", True),
        ("127.0.0.77", "127.0.0.21", "mail-loop", False),  # ours is preferred: no further
        ("0.0.0.0", "224.0.0.1", "bogus-address", False),  # noqa: S104
    ],
)
def test_a_destination_that_cannot_be_reached_says_why(
    run: Run[None], mx1: str, mx2: str, kind: str, temporary: bool
) -> None:
    async def story() -> None:
        async with sinking(**HOSTS) as sink:
            post = Post(zone(mx1=mx1, mx2=mx2), sink.port, own=frozenset({"127.0.0.77"}))
            error = await post.refused()
            assert (error.kind, error.temporary) == (kind, temporary)
            assert isinstance(error, ConnectFailed if kind == "refused" else NoRoute)
            assert sink.counters.connections == 0

    run(story())


def test_a_domain_whose_host_is_our_own_name_is_refused(run: Run[None]) -> None:
    async def story() -> None:
        own = {"example.jp": {"MX": ["10 RED.example.jp."]}}
        error = await swallow(Post(own, 25).road.destination("example.jp"), NoRoute)
        assert isinstance(error, NoRoute)
        assert (error.kind, error.temporary) == ("mail-loop", False)

    run(story())


def test_loopback_is_no_destination_unless_it_is_allowed(run: Run[None]) -> None:
    async def story() -> None:
        async with sinking() as sink:
            strict = await Post(zone("127.0.0.1", "::1"), sink.port, allow_loopback=False).refused()
            assert (type(strict), strict.kind) == (NoRoute, "bogus-address")
            assert sink.counters.connections == 0
            assert (await Post(zone("127.0.0.1"), sink.port).send()).address == "127.0.0.1"

    run(story())


def test_a_silent_network_ends_at_its_time(run: Run[None]) -> None:
    async def story() -> None:
        async with sinking(host="127.0.0.21") as sink:
            with deaf("127.0.0.41", sink.port), deaf("127.0.0.42", sink.port):
                post = Post(zone("127.0.0.41", "127.0.0.42"), sink.port, connect=0.6)
                error = await post.refused()
                assert (type(error), error.kind) == (ConnectFailed, "timeout")
                assert error.temporary

    run(story())


def test_the_server_s_own_words_are_kept(run: Run[None]) -> None:
    async def story() -> None:
        rule = Rule(stage="connect", action=Answer(554, "5.7.1 Your address is on a list"))
        async with sinking(rule, host="127.0.0.21") as sink:
            error = await Post(zone(mx1="127.0.0.31", mx2="127.0.0.21"), sink.port).refused()
            # The host that is down may come back; a refusal alone is told in the server's words.
            assert error.kind == "refused"
            alone = await Post(zone("127.0.0.21"), sink.port).refused()
            assert isinstance(alone, GreetingRefused)
            assert alone.reply is not None
            assert "on a list" in alone.reply.text

    run(story())


def test_a_source_that_this_machine_does_not_have_is_set_aside(run: Run[None]) -> None:
    async def story() -> None:
        async with sinking() as sink:
            post = Post(zone("127.0.0.1"), sink.port, ABSENT, RED)
            for _ in range(20):
                assert (await post.send()).source == "red"
            assert post.pool.health(ABSENT).rests == 1

    run(story())


def test_without_any_usable_source_nothing_is_tried(run: Run[None]) -> None:
    async def story() -> None:
        async with sinking() as sink:
            post = Post(zone("127.0.0.1"), sink.port, ABSENT)
            error = await post.refused()
            assert isinstance(error, NoSource)
            assert error.retry_at is not None
            assert (error.retry_at - post.clock.now).total_seconds() == 60
            named = await post.refused(source=ABSENT)
            assert (type(named), named.kind) == (ConnectFailed, "source-unusable")
            assert sink.counters.connections == 0

    run(story())


def test_a_source_that_the_server_blocks_rests_while_the_other_works(run: Run[None]) -> None:
    async def story() -> None:
        async with sinking() as sink:
            post = Post(zone("127.0.0.1"), sink.port, RED, BLUE)
            destination = await post.road.destination("example.jp")
            sink.misbehave(Rule(stage="connect", action=Answer(554, "5.7.1 Blocked")))
            for _ in range(4):
                await swallow(post.road.open(destination, source=RED), GreetingRefused)
            sink.misbehave()
            await (await post.road.open(destination, source=BLUE)).smtp.quit()
            sink.misbehave(Rule(stage="connect", action=Answer(554, "5.7.1 Blocked")))
            await swallow(post.road.open(destination, source=RED), GreetingRefused)
            sink.misbehave()
            assert {(await post.send()).source for _ in range(20)} == {"blue"}
            post.clock.forward(minutes=1)
            assert {(await post.send()).source for _ in range(20)} == {"red", "blue"}

    run(story())


def test_a_source_without_the_family_of_the_host_leaves_it_to_another(run: Run[None]) -> None:
    async def story() -> None:
        six = Source(name="six", ehlo="six.example.jp", ipv6="::1", weight=50)
        async with sinking() as sink:
            alone = Post(zone("127.0.0.1"), sink.port, six)
            error = await alone.refused()
            assert (type(error), error.kind) == (ConnectFailed, "source-family")
            assert error.temporary
            assert alone.pool.health(six).failures == 0  # it is not its fault
            both = Post(zone("127.0.0.1"), sink.port, six, RED)
            assert {(await both.send()).source for _ in range(10)} == {"red"}
            assert both.pool.health(six).failures == 0

    run(story())


def test_an_implicit_mx_takes_mail(run: Run[None]) -> None:
    async def story() -> None:
        async with sinking() as sink:
            post = Post({"example.jp": {"A": ["127.0.0.1"]}}, sink.port)
            assert (await post.send()).mx_host == "example.jp"

    run(story())


def test_a_relay_is_still_reached_by_its_name(run: Run[None]) -> None:
    async def story() -> None:
        async with sinking() as sink:
            connection = await SmtpConnection.open(endpoint(sink, host="localhost"))
            assert connection.tls == ("", "")
            await connection.quit()

    run(story())
