"""What a server says, and what it may not do to us by saying it."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hatobin.wire.reply import BadReply, Reply, ReplyReader, parse_reply


@pytest.mark.parametrize(
    ("data", "reply"),
    [
        (b"250 OK\r\n", Reply(250, None, "OK")),
        (b"250\r\n", Reply(250, None, "")),
        (b"250 OK\n", Reply(250, None, "OK")),
        (b"250 2.1.5 Fine\r\n", Reply(250, "2.1.5", "Fine")),
        (b"550-5.1.1 No such\r\n550 5.1.1 user\r\n", Reply(550, "5.1.1", "No such\nuser")),
        (b"421 4.7.28 Slow down\r\n", Reply(421, "4.7.28", "Slow down")),
        (b"550 4.1.1 Contradiction\r\n", Reply(550, None, "4.1.1 Contradiction")),
        (b"550 5.1.1.1 Odd\r\n", Reply(550, None, "5.1.1.1 Odd")),
        ("550 宛先不明\r\n".encode(), Reply(550, None, "宛先不明")),
        (b"550 \xff\xfe\x1b[31m\x00red\r\n", Reply(550, None, "\ufffd\ufffd[31mred")),
        (b"250-\r\n250 SIZE 10\r\n", Reply(250, None, "\nSIZE 10")),
    ],
)
def test_a_reply_is_read(data: bytes, reply: Reply) -> None:
    assert parse_reply(data) == reply


def test_the_first_digit_decides() -> None:
    kinds = ("positive", "intermediate", "transient", "permanent")
    for code, kind in [(250, 0), (354, 1), (451, 2), (550, 3)]:
        reply = Reply(code, None, "")
        assert [getattr(reply, name) for name in kinds] == [index == kind for index in range(4)]


@pytest.mark.parametrize(
    "data",
    [b"hello\r\n", b"HTTP/1.1 400 Bad Request\r\n", b"2500 x\r\n", b"99 x\r\n", b"650 x\r\n", b"\r\n",
     b"250-a\r\n550 b\r\n", b"250+x\r\n", bytes(range(256)) + b"\r\n"],
)  # fmt: skip
def test_what_is_no_reply_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(BadReply) as caught:
        parse_reply(data)
    assert caught.value.kind == "not-smtp"


def test_replies_come_in_pieces_and_several_at_once() -> None:
    data = b"250-one\r\n250 two\r\n354 go\r\n550 5.1.1 no\r\n"
    for size in (1, 2, 7, len(data)):
        reader = ReplyReader()
        found = [r for at in range(0, len(data), size) for r in reader.feed(data[at : at + size])]
        assert [reply.code for reply in found] == [250, 354, 550]
        assert reader.clean


@pytest.mark.parametrize("pieces", [[b"250-again\r\n"] * 200, [b"250-"] + [b"x" * 5000] * 20])
def test_a_reply_without_an_end_is_cut_off(pieces: list[bytes]) -> None:
    reader = ReplyReader()
    with pytest.raises(BadReply) as caught:
        _ = [reply for piece in pieces for reply in reader.feed(piece)]
    assert caught.value.kind == "endless"


def test_a_good_reply_counts_although_a_bad_one_follows() -> None:
    replies = ReplyReader().feed(b"250 2.0.0 taken\r\nrubbish\r\n")
    assert next(replies).code == 250
    with pytest.raises(BadReply):
        next(replies)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=20))
def test_noise_gives_replies_without_control_characters_or_a_bad_reply(pieces: list[bytes]) -> None:
    reader = ReplyReader()
    with contextlib.suppress(BadReply):
        for piece in pieces:
            for reply in reader.feed(piece):
                assert 200 <= reply.code < 600
                assert not [c for c in reply.text if c < " " and c != "\n"]
