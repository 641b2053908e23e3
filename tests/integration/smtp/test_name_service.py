"""Questions to a real name server, packet by packet."""

from __future__ import annotations

import asyncio

import pytest
from tests.doubles.names import NameServer
from tests.integration.smtp.talk import Run

from hatobin.delivery.egress.direct.dns import DnsAnswer, DnsFailed, Kind, SystemDns

ZONE = {
    "example.jp": {
        "MX": ["20 mx2.example.jp.", "10 mx1.example.jp."],
        "TXT": ['"v=STSv1; " "id=1;"', '"v=spf1 -all"'],
        "A": ["192.0.2.1"],
        "AAAA": ["2001:db8::1"],
    },
    "alias.jp": {"CNAME": ["example.jp."]},
    "dangling.jp": {"CNAME": ["nowhere.jp."]},
    "circle.jp": {"CNAME": ["elcric.jp."]},
    "elcric.jp": {"CNAME": ["circle.jp."]},
    "many.jp": {"TXT": [f'"{n:03} {"x" * 200}"' for n in range(40)]},
}


async def ask(server: NameServer, name: str, kind: Kind, lifetime: float = 10) -> DnsAnswer:
    return await SystemDns([server.host], port=server.port, lifetime=lifetime).ask(name, kind)


@pytest.mark.parametrize(
    ("name", "kind", "records"),
    [
        ("example.jp", "MX", {"20 mx2.example.jp.", "10 mx1.example.jp."}),
        ("alias.jp", "MX", {"20 mx2.example.jp.", "10 mx1.example.jp."}),
        ("example.jp", "TXT", {"v=STSv1; id=1;", "v=spf1 -all"}),
        ("example.jp", "A", {"192.0.2.1"}),
        ("EXAMPLE.jp", "AAAA", {"2001:db8::1"}),
    ],
)
def test_records_come_with_their_time(
    run: Run[None], name: str, kind: Kind, records: set[str]
) -> None:
    async def story() -> None:
        async with NameServer(ZONE, ttl=120) as server:
            answer = await ask(server, name, kind)
            assert (answer.status, set(answer.records), answer.ttl) == ("found", records, 120)

    run(story())


@pytest.mark.parametrize(
    ("name", "kind", "status"),
    [
        ("unknown.jp", "MX", "no-such-name"),
        ("dangling.jp", "MX", "no-such-name"),
        ("alias.jp", "TXT", "found"),
        ("many.jp", "MX", "no-data"),
        ("a..jp", "MX", "no-such-name"),
        ("a" * 64 + ".jp", "MX", "no-such-name"),
    ],
)
def test_there_may_be_no_record(run: Run[None], name: str, kind: Kind, status: str) -> None:
    async def story() -> None:
        async with NameServer(ZONE, ttl=90) as server:
            answer = await ask(server, name, kind)
            assert answer.status == status
            if status == "no-data":
                assert answer.ttl == 90

    run(story())


def test_the_time_of_a_name_that_does_not_exist_is_that_of_its_zone(run: Run[None]) -> None:
    async def story() -> None:
        async with NameServer(ZONE, ttl=90) as server:
            assert (await ask(server, "unknown.jp", "MX")).ttl == 90

    run(story())


def test_a_long_answer_comes_by_tcp(run: Run[None]) -> None:
    async def story() -> None:
        async with NameServer(ZONE) as server:
            server.truncate = True
            answer = await ask(server, "many.jp", "TXT")
            assert len(answer.records) == 40
            assert (server.by_udp, server.by_tcp) == (1, 1)

    run(story())


def test_aliases_in_a_circle_are_told_apart_from_a_server_that_fails(run: Run[None]) -> None:
    async def story() -> None:
        async with NameServer(ZONE) as server:
            server.failing.add("broken.jp")
            for name, loop in [("circle.jp", True), ("broken.jp", False)]:
                with pytest.raises(DnsFailed) as caught:
                    await ask(server, name, "MX")
                assert caught.value.loop is loop

    run(story())


def test_a_silent_server_is_given_up(run: Run[None]) -> None:
    async def story() -> None:
        async with NameServer(ZONE) as server:
            server.silent.add("silent.jp")
            started = asyncio.get_running_loop().time()
            with pytest.raises(DnsFailed):
                await ask(server, "silent.jp", "MX", lifetime=0.5)
            assert asyncio.get_running_loop().time() - started < 10

    run(story())


def test_no_server_at_all_is_a_failure(run: Run[None]) -> None:
    async def story() -> None:
        async with NameServer(ZONE) as server:
            pass
        with pytest.raises(DnsFailed):
            await ask(server, "example.jp", "MX", lifetime=1)

    run(story())
