"""The dot that ends a message stands only where we put it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hatobin.wire.dotstuff import BareLineEnd, stuff, unstuff


@pytest.mark.parametrize(
    ("body", "wire"),
    [
        (b"a\r\n", b"a\r\n"),
        (b"a", b"a\r\n"),
        (b"", b"\r\n"),
        (b".\r\n", b"..\r\n"),
        (b"a\r\n.\r\n.b\r\n..c\r\n", b"a\r\n..\r\n..b\r\n...c\r\n"),
        (b"a.\r\n b.c\r\n", b"a.\r\n b.c\r\n"),
    ],
)
def test_a_dot_at_the_start_of_a_line_is_doubled(body: bytes, wire: bytes) -> None:
    assert stuff(body) == wire


@pytest.mark.parametrize(
    "body",
    [
        b"a\n.\r\nMAIL FROM:<x@y.jp>\r\n",
        b"a\r.\r\n",
        b"a\n",
        b"a\r",
        b"\r\r\n",
        b"a\r\n\n",
        b"\n\r",
    ],
)
def test_a_bare_line_end_could_smuggle_a_second_message_and_is_refused(body: bytes) -> None:
    with pytest.raises(BareLineEnd):
        stuff(body)


@settings(deadline=None)
@given(st.lists(st.text(". ab", max_size=6)))
def test_the_receiver_reads_what_was_meant_and_sees_no_early_end(lines: list[str]) -> None:
    body = "".join(f"{line}\r\n" for line in lines).encode()
    wire = stuff(body)
    assert b"\r\n.\r\n" not in b"\r\n" + wire
    assert unstuff(wire) == (body or b"\r\n")
