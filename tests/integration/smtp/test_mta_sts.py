"""MTA-STS policies are fetched over HTTPS, kept, renewed, and not lost by accident or attack."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.doubles.authority import Authority
from tests.doubles.clock import StandingClock
from tests.doubles.names import FakeDns
from tests.doubles.web_host import WebHost
from tests.integration.smtp.talk import Run

from hatobin.delivery.egress.direct.addresses import AddressRules
from hatobin.delivery.egress.direct.https_text import FetchFailed, fetch_text
from hatobin.delivery.egress.direct.mta_sts import HttpsPolicies, MemoryPolicies, MtaSts
from hatobin.delivery.egress.direct.protection import OPPORTUNISTIC, Protection
from hatobin.delivery.egress.direct.resolver import Resolver

ENFORCE = "version: STSv1\r\nmode: enforce\r\nmx: *.example.jp\r\nmax_age: 864000\r\n"
TESTING = ENFORCE.replace("enforce", "testing")
NONE = "version: STSv1\r\nmode: none\r\nmax_age: 864000\r\n"
HERE = AddressRules(allow_loopback=True)


def enforced(number: str, *patterns: str) -> Protection:
    words = f"mta-sts enforce {number}"
    return Protection(level="verified", patterns=patterns or ("*.example.jp",), policy=words)


class Stage:
    """A domain with a policy host; ``announce`` changes its TXT record."""

    def __init__(self, web: WebHost) -> None:
        self.web = web
        self.clock = StandingClock()
        self.dns = FakeDns({"mta-sts.example.jp": {"A": ["127.0.0.1"]}}, ttl=60)
        self.announce("1")
        self.store = MemoryPolicies()
        self.desk = self.new_desk()

    def new_desk(self, rules: AddressRules = HERE) -> MtaSts:
        """As after a restart: only the store remembers."""
        resolver = Resolver(self.dns, clock=self.clock)
        fetch = HttpsPolicies(resolver, rules, port=self.web.port)
        return MtaSts(resolver, fetch, self.store, clock=self.clock)

    def announce(self, number: str | None) -> None:
        records = {"TXT": [f"v=STSv1; id={number};"]} if number else {"A": ["192.0.2.1"]}
        self.dns.zone["_mta-sts.example.jp"] = records

    async def ask(self) -> Protection:
        return await self.desk.protection("example.jp")


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    made = Authority(tmp_path)
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(made.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    return made


@asynccontextmanager
async def staged(authority: Authority, text: str = ENFORCE) -> AsyncIterator[Stage]:
    async with WebHost(authority.context("mta-sts.example.jp")) as web:
        web.say(text)
        yield Stage(web)


@pytest.mark.parametrize(
    ("text", "protection"),
    [
        (ENFORCE, enforced("1")),
        (TESTING, Protection(policy="mta-sts testing 1")),
        (NONE, Protection(policy="mta-sts none 1")),
    ],
)
def test_a_policy_is_fetched_once_and_kept(
    run: Run[None], authority: Authority, text: str, protection: Protection
) -> None:
    async def story() -> None:
        async with staged(authority, text) as stage:
            asked = await asyncio.gather(*(stage.ask() for _ in range(20)))
            assert set(asked) == {protection}
            stage.desk = stage.new_desk()
            stage.clock.forward(days=4)
            assert await stage.ask() == protection
            (request,) = stage.web.requests
            assert request.startswith("GET /.well-known/mta-sts.txt HTTP/1.1\r\n")
            assert "Host: mta-sts.example.jp\r\n" in request

    run(story())


def test_a_domain_that_announces_nothing_is_not_asked(run: Run[None], authority: Authority) -> None:
    async def story() -> None:
        async with staged(authority) as stage:
            stage.announce(None)
            assert await stage.ask() == OPPORTUNISTIC
            assert await stage.desk.protection("unknown.jp") == OPPORTUNISTIC
            assert stage.web.requests == []

    run(story())


def test_a_new_id_brings_the_new_policy(run: Run[None], authority: Authority) -> None:
    async def story() -> None:
        async with staged(authority) as stage:
            assert await stage.ask() == enforced("1")
            stage.web.say(ENFORCE.replace("*.example.jp", "mx.example.com"))
            stage.announce("2")
            stage.clock.forward(minutes=2)
            assert await stage.ask() == enforced("2", "mx.example.com")

    run(story())


def test_a_policy_is_renewed_before_its_end_though_nothing_changed(
    run: Run[None], authority: Authority
) -> None:
    async def story() -> None:
        async with staged(authority) as stage:
            for _ in range(6):
                assert await stage.ask() == enforced("1")
                stage.clock.forward(days=6)
            assert len(stage.web.requests) == 6

    run(story())


def test_whoever_hides_record_or_policy_does_not_turn_the_protection_off(
    run: Run[None], authority: Authority
) -> None:
    async def story() -> None:
        async with staged(authority) as stage:
            assert await stage.ask() == enforced("1")
            stage.announce(None)
            stage.clock.forward(hours=2)
            assert await stage.ask() == enforced("1")
            stage.dns.down.add(("_mta-sts.example.jp", "TXT"))
            stage.clock.forward(hours=2)
            assert await stage.ask() == enforced("1")
            stage.dns.down.clear()
            stage.announce("2")
            stage.web.say("no policy at all")
            stage.clock.forward(hours=2)
            assert await stage.ask() == enforced("1")
            stage.clock.forward(days=10)  # but its own age ends it
            assert await stage.ask() == OPPORTUNISTIC

    run(story())


def test_a_failed_fetch_is_not_tried_again_for_five_minutes(
    run: Run[None], authority: Authority
) -> None:
    async def story() -> None:
        async with staged(authority) as stage:
            stage.web.say("not found", status="404 Not Found")
            for _ in range(3):
                assert await stage.ask() == OPPORTUNISTIC
            assert len(stage.web.requests) == 1
            stage.web.say(ENFORCE)
            stage.clock.forward(minutes=4)
            assert await stage.ask() == OPPORTUNISTIC
            stage.clock.forward(minutes=1)
            assert await stage.ask() == enforced("1")

    run(story())


def test_a_policy_host_is_not_this_machine(run: Run[None], authority: Authority) -> None:
    async def story() -> None:
        async with staged(authority) as stage:
            strict = stage.new_desk(AddressRules())
            assert await strict.protection("example.jp") == OPPORTUNISTIC
            assert stage.web.requests == []

    run(story())


@pytest.mark.parametrize("kind", ["other-name", "expired", "self-signed"])
def test_a_policy_host_must_prove_its_name(
    run: Run[None], authority: Authority, tmp_path: Path, kind: str
) -> None:
    async def story() -> None:
        name = "www.example.jp" if kind == "other-name" else "mta-sts.example.jp"
        (tmp_path / "other").mkdir()
        signer = Authority(tmp_path / "other") if kind == "self-signed" else authority
        async with WebHost(signer.context(name, expired=kind == "expired")) as web:
            web.say(ENFORCE)
            assert await Stage(web).ask() == OPPORTUNISTIC
            assert web.requests == []

    run(story())


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"


async def fetch(web: WebHost, **limits: float) -> str:
    return await fetch_text(
        "mta-sts.example.jp",
        "/.well-known/mta-sts.txt",
        [web.host],
        port=web.port,
        within=limits.get("within", 20),
    )


@pytest.mark.parametrize(
    ("answer", "hold"),
    [
        (HEAD + b"Content-Length: 5\r\n\r\nhello", True),
        (HEAD + b"\r\nhello", False),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n", True),
        (b"HTTP/1.0 200 Fine\r\ncontent-type: TEXT/PLAIN\r\n\r\nhello", False),
    ],
)
def test_a_text_is_read_however_it_is_framed(
    run: Run[None], authority: Authority, answer: bytes, hold: bool
) -> None:
    async def story() -> None:
        async with staged(authority) as stage:
            stage.web.answer, stage.web.hold = answer, hold
            assert await fetch(stage.web) == "hello"

    run(story())


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"HTTP/1.1 301 Moved\r\nLocation: https://evil.example/\r\n\r\n", "status 301"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\nhello", "text/plain"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "text/plain"),
        (HEAD + b"Content-Length: 65537\r\n\r\n" + b"x" * 65537, "too long"),
        (HEAD + b"Content-Length: -1\r\n\r\n", "too long"),
        (HEAD + b"Content-Length: many\r\n\r\n", "many"),
        (HEAD + b"\r\n" + b"x" * 70_000, "too long"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\nx", "too long"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nx\r\n", "invalid literal"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", "no size"),
        (HEAD + b"Content-Length: 50\r\n\r\nhello", "bytes read"),
        (HEAD + b"Content-Length: 2\r\n\r\n\xff\xff", "utf-8"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000 + b"\r\n", "header is too long"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "not HTTP"),
        (b"", "bytes read"),
    ],
)
def test_what_is_no_plain_text_is_not_taken(
    run: Run[None], authority: Authority, answer: bytes, why: str
) -> None:
    async def story() -> None:
        async with staged(authority) as stage:
            stage.web.answer = answer
            with pytest.raises(FetchFailed, match=why):
                await fetch(stage.web)

    run(story())


@pytest.mark.parametrize("drip", [0.0, 0.05])
def test_a_slow_or_silent_host_is_given_up(
    run: Run[None], authority: Authority, drip: float
) -> None:
    async def story() -> None:
        async with staged(authority) as stage:
            stage.web.answer = HEAD + b"\r\n" + b"x" * 1000 if drip else b""
            stage.web.drip, stage.web.hold = drip, True
            with pytest.raises(FetchFailed, match="in time"):
                await fetch(stage.web, within=0.5)

    run(story())
