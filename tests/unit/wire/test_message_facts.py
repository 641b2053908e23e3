"""The reader behind the last-byte check sees every receiver, however it is written."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from hatobin.wire.message_facts import read_facts


def test_every_field_that_names_a_receiver_is_read() -> None:
    facts = read_facts(
        b"To: Alice <alice@example.jp>, bob@example.jp\r\nTO: charlie@example.jp\r\n"
        b"Cc: =?UTF-8?B?6Iqx5a2Q?= <hanako@example.jp>\r\nbcc: taro@example.jp\r\n"
        b"Resent-To: a@example.jp\r\nResent-Cc: b@example.jp\r\nApparently-To: c@example.jp\r\n\r\nx"
    )
    assert facts.to == ("alice@example.jp", "bob@example.jp", "charlie@example.jp")
    assert facts.cc == ("hanako@example.jp",)
    assert facts.bcc == ("taro@example.jp",)
    assert facts.resent == ("a@example.jp", "b@example.jp", "c@example.jp")
    assert len(facts.recipients) == 8


def test_groups_and_folded_fields_hide_nobody() -> None:
    facts = read_facts(b"To: friends: alice@example.jp,\r\n\tbob@example.jp;\r\n\r\nx")
    assert set(facts.to) >= {"alice@example.jp", "bob@example.jp"}


def test_a_receiver_field_that_cannot_be_read_counts_as_a_receiver() -> None:
    assert read_facts(b"To: alice@example.jp\r\nCc: charlie at example\r\n\r\nx").cc
    assert read_facts(b"To: alice@example.jp\r\nCc: <<<>>>\r\n\r\nx").cc


def test_the_first_text_and_html_are_decoded_whatever_the_charset() -> None:
    facts = read_facts(
        b"Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n" + "花子".encode("iso-2022-jp")
    )
    assert facts.text == "花子"
    unknown = read_facts(b"Content-Type: text/plain; charset=no-such\r\n\r\n" + "花子".encode())
    assert unknown.text == "花子"


@settings(deadline=None)
@given(
    st.binary(max_size=500),
    st.sampled_from([b"", b"To: ", b"Subject: =?UTF-8?B?", b"Content-Type: "]),
)
def test_nothing_makes_it_fail(noise: bytes, before: bytes) -> None:
    read_facts(before + noise + b"\r\n\r\n" + noise)
