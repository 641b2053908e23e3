"""A finished header block is for one reader; anything else is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.wire.test_press import ALICE, FIXED, LINK, MESSAGE_ID

from hatobin.wire.message_facts import read_facts
from hatobin.wire.press import Plate
from hatobin.wire.press.check import wrong_in_head

HEAD = Plate(FIXED, text=["x\n"], html=["<p>x</p>\n"], subject="お知らせ").head.print(
    ALICE, "お知らせ", MESSAGE_ID, LINK
)
TO = b"alice@example.jp"


def test_a_head_as_it_is_printed_is_right() -> None:
    assert wrong_in_head(HEAD, TO) is None


@pytest.mark.parametrize(
    ("added", "place"),
    [
        (b"Cc: bob@example.jp\r\n", "cc"),
        (b"bCC: bob@example.jp\r\n", "bcc"),
        (b"Resent-To: bob@example.jp\r\n", "resent-to"),
        (b"RESENT-Anything: x\r\n", "resent-anything"),
        (b"Apparently-To: bob@example.jp\r\n", "apparently-to"),
        (b"Sender: bob@example.jp\r\n", "sender"),
        (b"From: bob@example.jp\r\n", "from"),
        (b"To: bob@example.jp\r\n", "to"),
        (b"TO: alice@example.jp\r\n", "to"),
        (b"TO\t: alice@example.jp\r\n", "field"),
        (b"X-A: b\nCc: bob@example.jp\r\n", "line-end"),
        (b"X-A: b\rCc: bob@example.jp\r\n", "line-end"),
        (b"\r\nhidden\r\n", "field"),
        (b"X-A : b\r\n", "field"),
        (b"words\r\n", "field"),
        (b"X-A: b", "line-end"),
    ],
)
def test_one_more_field_is_named(added: bytes, place: str) -> None:
    assert wrong_in_head(HEAD + added, TO) == place
    if place not in {"line-end", "field"}:
        assert wrong_in_head(added + HEAD, TO) == place


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        (TO, b"bob@example.jp", "to"),
        (TO, TO + b", bob@example.jp", "to"),
        (TO, TO + b",\r\n bob@example.jp", "to"),
        (TO, b"Alice <" + TO + b">", "to"),
        (b"\r\nTo: ", b"\r\nX-To: ", "to"),
        (b"From: ", b"X-From: ", "from"),
        (b"From: ", b" From: ", "field"),
    ],
)
def test_a_changed_field_is_named(old: bytes, new: bytes, place: str) -> None:
    assert wrong_in_head(HEAD.replace(old, new, 1), TO) == place


@given(
    st.sampled_from(["to", "Cc", "BCC", "Resent-Bcc", "apparently-to", "X-To", "Tos", "Subject"]),
    st.sampled_from(["", " ", "\t"]),
    st.integers(0, 9),
)
def test_it_lets_nothing_through_that_names_a_receiver(name: str, gap: str, where: int) -> None:
    fields = HEAD.replace(b"\r\n ", b" ").removesuffix(b"\r\n").split(b"\r\n")
    fields.insert(where, f"{name}{gap}: bob@example.jp".encode())
    head = b"\r\n".join(fields) + b"\r\n"
    if wrong_in_head(head, TO) is None:
        assert read_facts(head + b"\r\n").recipients == ("alice@example.jp",)
