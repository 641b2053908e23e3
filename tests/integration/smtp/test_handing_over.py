"""A message goes from the client to the sink: whole, once, to one person, and not before the dot."""

from __future__ import annotations

import asyncio

import pytest
from tests.integration.smtp.talk import (
    BODY,
    HANAKO,
    SENDER,
    TARO,
    Run,
    connected,
    endpoint,
    hand_over,
    offer,
    sinking,
    swallow,
    until,
)

from hatobin.delivery.egress.errors import Refused
from hatobin.delivery.egress.smtp_client import SmtpConnection
from hatobin.wire.address import parse_address
from hatobin.wire.dotstuff import BareLineEnd


@pytest.mark.parametrize("pipelining", [True, False])
def test_a_letter_arrives_byte_for_byte_in_its_own_envelope(
    run: Run[None], pipelining: bool
) -> None:
    body = BODY + b".\r\n..\r\n.start\r\nend.\r\n"

    async def story() -> None:
        async with sinking(pipelining=pipelining) as sink, connected(sink) as connection:
            await offer(connection, SENDER, HANAKO, body)
            assert sink.counters.messages == 0
            reply = await connection.commit()
            assert (reply.code, reply.enhanced) == (250, "2.0.0")
            (envelope,) = sink.envelopes
            assert (envelope.mail_from, envelope.rcpts) == (SENDER, ["hanako@example.jp"])
            assert envelope.data == body
            assert envelope.helo == "sender.example.co.jp"
            assert connection.messages_sent == 1
            assert connection.alive

    run(story())


def test_a_carrier_address_is_quoted_in_the_envelope_and_the_null_path_is_empty(
    run: Run[None],
) -> None:
    async def story() -> None:
        async with sinking() as sink, connected(sink) as connection:
            await offer(connection, "", parse_address("foo..bar@docomo.ne.jp"), BODY)
            await connection.commit()
            assert sink.envelopes[0].rcpts == ['"foo..bar"@docomo.ne.jp']
            assert sink.envelopes[0].mail_from == ""

    run(story())


def test_a_thousand_letters_over_four_connections_arrive_once_each(run: Run[None]) -> None:
    async def story() -> None:
        async with sinking() as sink:

            async def lane(first: int) -> None:
                async with connected(sink) as connection:
                    for number in range(first, 1000, 4):
                        rcpt = parse_address(f"reader{number}@example.jp")
                        await offer(connection, SENDER, rcpt, BODY)
                        assert (await connection.commit()).positive
                    await connection.quit()

            await asyncio.gather(*map(lane, range(4)))
            people = [rcpt for envelope in sink.envelopes for rcpt in envelope.rcpts]
            assert sorted(people) == sorted(f"reader{number}@example.jp" for number in range(1000))
            assert sink.counters.most_recipients == 1
            assert (sink.counters.connections, sink.counters.most_at_once) == (4, 4)

    run(story())


def test_a_withdrawn_letter_is_not_delivered(run: Run[None]) -> None:
    async def story() -> None:
        async with sinking() as sink, connected(sink) as connection:
            await offer(connection, SENDER, HANAKO, BODY)
            await connection.close()
            assert not connection.alive
            await until(lambda: sink.counters.unfinished == 1)
            assert sink.envelopes == []
            with pytest.raises(RuntimeError):
                await connection.commit()

    run(story())


@pytest.mark.parametrize("goodbye", ["quit", "close"])
def test_no_way_of_leaving_sends_the_dot(run: Run[None], goodbye: str) -> None:
    async def story() -> None:
        async with sinking() as sink, connected(sink) as connection:
            await offer(connection, SENDER, HANAKO, BODY)
            await getattr(connection, goodbye)()
            await until(lambda: sink.counters.open_now == 0)
            assert sink.counters.unfinished == 1
            assert sink.envelopes == []

    run(story())


def test_a_second_letter_cannot_be_offered_on_top_of_the_first(run: Run[None]) -> None:
    async def story() -> None:
        async with sinking() as sink, connected(sink) as connection:
            await offer(connection, SENDER, HANAKO, BODY)
            with pytest.raises(RuntimeError):
                await offer(connection, SENDER, TARO, BODY)
            assert (await connection.commit()).positive
            assert [envelope.rcpts for envelope in sink.envelopes] == [["hanako@example.jp"]]

    run(story())


def test_a_cancelled_offer_leaves_no_half_open_conversation(run: Run[None]) -> None:
    async def story() -> None:
        from hatobin.intake.sink import Hang, Rule

        async with (
            sinking(Rule(stage="rcpt", action=Hang())) as sink,
            connected(sink) as connection,
        ):
            task = asyncio.create_task(offer(connection, SENDER, HANAKO, BODY))
            await until(lambda: sink.counters.faults == 1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert not connection.alive
            assert sink.envelopes == []

    run(story())


def test_a_body_or_sender_that_could_smuggle_is_refused_before_anything_is_said(
    run: Run[None],
) -> None:
    async def story() -> None:
        async with sinking() as sink, connected(sink) as connection:
            with pytest.raises(BareLineEnd):
                await offer(connection, SENDER, HANAKO, b"a\n.\r\nMAIL FROM:<x@y.jp>\r\n")
            for sender in ("a@b.jp>\r\nRCPT TO:<charlie@example.jp", "a b@c.jp", "<a@b.jp>"):
                with pytest.raises(ValueError, match="mail_from"):
                    await offer(connection, sender, HANAKO, BODY)
            assert await hand_over(connection) == 250
            assert len(sink.envelopes) == 1

    run(story())


def test_a_large_letter_goes_through_and_one_over_the_limit_is_not_even_offered(
    run: Run[None],
) -> None:
    async def story() -> None:
        large = BODY + b"x" * 70 * 1000 + b"\r\n" + (b"y" * 76 + b"\r\n") * 30_000
        async with sinking(max_size=4_000_000) as sink, connected(sink) as connection:
            assert await hand_over(connection, large) == 250
            assert sink.envelopes[0].data == large
            refused = await swallow(offer(connection, SENDER, HANAKO, large * 2), Refused)
            assert isinstance(refused, Refused)
            assert (refused.kind, refused.temporary, refused.reply) == ("too-large", False, None)
            assert await hand_over(connection) == 250

    run(story())


def test_smtputf8_is_asked_for_only_by_an_address_that_needs_it(run: Run[None]) -> None:
    hanako = parse_address("花子@example.jp")

    async def story() -> None:
        async with sinking() as sink, connected(sink) as connection:
            await offer(connection, SENDER, hanako, BODY + "花子\r\n".encode())
            assert (await connection.commit()).positive
            assert sink.envelopes[0].rcpts == ["花子@example.jp"]
        async with sinking(smtputf8=False) as sink, connected(sink) as connection:
            refused = await swallow(offer(connection, SENDER, hanako, BODY), Refused)
            assert isinstance(refused, Refused)
            assert (refused.kind, refused.temporary) == ("smtputf8-not-offered", False)
            assert await hand_over(connection) == 250

    run(story())


def test_a_server_that_knows_only_helo_is_spoken_to_plainly(run: Run[None]) -> None:
    async def story() -> None:
        async with sinking(esmtp=False) as sink, connected(sink, security="starttls") as connection:
            assert connection.features == {}
            assert await hand_over(connection) == 250
            refused = await swallow(offer(connection, SENDER, HANAKO, "é".encode()), Refused)
            assert isinstance(refused, Refused)
            assert refused.kind == "8bitmime-not-offered"

    run(story())


def test_an_endpoint_hides_its_password_and_refuses_a_strange_name(run: Run[None]) -> None:
    async def story() -> None:
        async with sinking() as sink:
            assert "himitsu" not in repr(endpoint(sink, username="hato", password="himitsu"))
            with pytest.raises(ValueError, match="helo_name"):
                endpoint(sink, helo_name="x\r\nMAIL FROM:<a@b.jp>")
            await (await SmtpConnection.open(endpoint(sink, helo_name="[127.0.0.1]"))).quit()

    run(story())
