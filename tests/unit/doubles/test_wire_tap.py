"""The tap takes whole letters only, and tells what no server may be sent."""

from __future__ import annotations

import smtplib
import socket
import time

import pytest
from tests.doubles.wire_tap import WireTap

START = b"EHLO x\r\nMAIL FROM:<a@b.jp>\r\nRCPT TO:<c@d.jp>\r\nDATA\r\n"


def test_a_whole_letter_is_taken() -> None:
    with WireTap() as tap, smtplib.SMTP("127.0.0.1", tap.port) as client:
        client.sendmail("a@b.jp", "c@d.jp", "Subject: x\r\n\r\n.dot\r\n")
        assert [(each.rcpts, each.raw) for each in tap.taken] == [
            (["c@d.jp"], b"Subject: x\r\n\r\n.dot\r\n")
        ]
        assert tap.cut_off == []


@pytest.mark.parametrize("end", [b"", b"hello\r\n", b"hel", b"hello\r\n."])
def test_one_that_was_cut_off_is_not(end: bytes) -> None:
    with WireTap() as tap:
        with socket.create_connection(("127.0.0.1", tap.port), 20) as client:
            client.sendall(START + b"Subject: x\r\n\r\n" + end)
            client.shutdown(socket.SHUT_WR)
            while client.recv(4096):
                pass  # until the tap hangs up as well
        deadline = time.monotonic() + 20
        while not tap.cut_off and time.monotonic() < deadline:
            time.sleep(0.005)
        assert [each.rcpts for each in tap.cut_off] == [["c@d.jp"]]
        assert tap.taken == []


@pytest.mark.parametrize("line", [b"bare\nend\r\n", b"bare\rend\r\n", b"x" * 1001 + b"\r\n"])
def test_what_may_not_be_sent_fails_the_story(line: bytes) -> None:
    def story() -> None:
        with WireTap() as tap, smtplib.SMTP("127.0.0.1", tap.port) as client:
            for command in START.decode().splitlines():
                client.docmd(command)
            client.send(line + b".\r\n")
            client.getreply()

    with pytest.raises(AssertionError, match="came over the wire"):
        story()
