"""The client against servers that we did not write."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from tests.conftest import need_program
from tests.doubles.ports import free_port
from tests.integration.smtp.talk import (
    BODY,
    HANAKO,
    LONG,
    SENDER,
    Run,
    hand_over,
    offer,
    swallow,
    until,
)

from hatobin.delivery.egress.errors import InDoubt, Refused
from hatobin.delivery.egress.smtp_client import Endpoint, SmtpConnection
from hatobin.wire.address import parse_address


def place(port: int) -> Endpoint:
    return Endpoint(
        host="127.0.0.1", port=port, security="starttls", helo_name="localhost", timeouts=LONG
    )


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@asynccontextmanager
async def postfix_sink(*options: str) -> AsyncIterator[int]:
    program, port = need_program("smtp-sink"), free_port()
    # It does not run as root unless it is told whom to become.
    who = ("-u", "nobody") if os.geteuid() == 0 else ()
    process = await asyncio.create_subprocess_exec(
        program, *who, *options, f"127.0.0.1:{port}", "100"
    )
    try:
        await until(lambda: answers(port))
        yield port
    finally:
        process.terminate()
        await process.wait()


@pytest.mark.parametrize(
    "options", [(), ("-p",), ("-e",)], ids=["pipelined", "one by one", "no esmtp"]
)
def test_postfix_takes_a_hundred_letters_over_one_connection(
    run: Run[None], options: tuple[str, ...]
) -> None:
    async def story() -> None:
        async with postfix_sink(*options) as port:
            connection = await SmtpConnection.open(place(port))
            assert ("PIPELINING" in connection.features) == (not options)
            for _ in range(100):
                assert await hand_over(connection) == 250
            await connection.quit()
            assert connection.messages_sent == 100

    run(story())


def test_postfix_writes_down_what_we_meant(run: Run[None], tmp_path: Path) -> None:
    body = BODY + b".\r\n..two\r\nlast\r\n"

    async def story() -> None:
        folder = tmp_path if os.geteuid() else Path("/tmp")  # "nobody" must reach it
        template = folder / f"hatobin-{os.getpid()}."
        async with postfix_sink("-d", f"{template}%M.") as port:
            connection = await SmtpConnection.open(place(port))
            assert await hand_over(connection, body) == 250
            await connection.quit()
        dumps = list(folder.glob(f"{template.name}*"))
        text = dumps[0].read_bytes()
        for dump in dumps:
            dump.unlink()
        assert len(dumps) == 1
        assert b"X-Rcpt-Args: <hanako@example.jp>" in text
        assert text.replace(b"\r\n", b"\n").rstrip().endswith(b"\n.\n..two\nlast")

    run(story())


@pytest.mark.parametrize(
    ("option", "stage", "temporary"),
    [("-r", "RCPT", True), ("-f", "RCPT", False), ("-r", "MAIL", True), ("-f", "DATA", False)],
)
def test_postfix_refuses_and_the_connection_goes_on(
    run: Run[None], option: str, stage: str, temporary: bool
) -> None:
    async def story() -> None:
        async with postfix_sink(option, stage) as port:
            connection = await SmtpConnection.open(place(port))
            for _ in range(2):
                refused = await swallow(offer(connection, SENDER, HANAKO, BODY), Refused)
                assert isinstance(refused, Refused)
                assert (refused.stage, refused.temporary) == (stage.lower(), temporary)
                assert connection.alive
            await connection.quit()

    run(story())


def test_postfix_hanging_up_after_the_dot_leaves_the_letter_in_doubt(run: Run[None]) -> None:
    async def story() -> None:
        async with postfix_sink("-q", ".") as port:
            connection = await SmtpConnection.open(place(port))
            await offer(connection, SENDER, HANAKO, BODY)
            assert isinstance(await swallow(connection.commit(), InDoubt), InDoubt)

    run(story())


class Collector:
    def __init__(self) -> None:
        self.seen: list[tuple[list[str], bytes]] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.seen.append((envelope.rcpt_tos, envelope.original_content or b""))
        return "250 OK"


def test_aiosmtpd_gets_a_carrier_address_and_an_international_one(run: Run[None]) -> None:
    async def story() -> None:
        collector = Collector()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: SMTP(collector, enable_SMTPUTF8=True, hostname="localhost", loop=loop),
            "127.0.0.1",
            0,
        )
        connection = await SmtpConnection.open(place(server.sockets[0].getsockname()[1]))
        for text in ("foo..bar@docomo.ne.jp", "花子@日本語.jp"):
            await offer(connection, SENDER, parse_address(text), BODY)
            assert (await connection.commit()).positive
        await connection.quit()
        server.close()
        people = [rcpts for rcpts, _ in collector.seen]  # it takes the quotes off
        assert people == [["foo..bar@docomo.ne.jp"], ["花子@xn--wgv71a119e.jp"]]
        assert {body for _, body in collector.seen} == {BODY}

    run(story())
