"""The journal: on disk before the reply, whole lines only, one writer, quick."""

from __future__ import annotations

import asyncio
import hashlib
import json
import resource
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.integration.sink.client import LETTER, Client, until
from tests.integration.sink.conftest import Started

from hatobin.intake.sink import Sink, SinkOptions, SinkThread, read_journal
from hatobin.intake.sink.journal import Journal, JournalEntry, JournalInUse

ENTRY = JournalEntry(
    event="message", stage="dot", at=1.5, monotonic=2.5, connection=1, client="127.0.0.1",
    server="127.0.0.1:25", helo="a", tls=False, mail_from="a@b.jp", rcpts=("c@d.jp",),
    message_id="1@b.jp", sha256="00", size=3, taken=True, reply="250 ok", fault="",
)  # fmt: skip


def test_an_entry_says_all_about_a_letter(start: Started, journal: Path) -> None:
    before = (time.time(), time.monotonic())
    sink = start()
    with Client(sink.port, source="127.0.0.9") as client:
        assert client.letter() == 250
        (entry,) = read_journal(journal)
    assert (entry.event, entry.stage, entry.taken, entry.fault) == ("message", "dot", True, "")
    assert entry.reply == "250 2.0.0 Taken as 1"
    assert (entry.mail_from, entry.rcpts) == ("news@example.co.jp", ("hanako@example.jp",))
    assert entry.message_id == "one@example.jp"
    assert (entry.sha256, entry.size) == (hashlib.sha256(LETTER).hexdigest(), len(LETTER))
    assert (entry.client, entry.server) == ("127.0.0.9", f"127.0.0.1:{sink.port}")
    assert (entry.helo, entry.connection, entry.tls) == ("client.example", 1, False)
    assert before[0] <= entry.at <= time.time()
    assert before[1] <= entry.monotonic <= time.monotonic()


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (b"MESSAGE-ID:<A@b.jp>\r\n", "A@b.jp"),
        (b"Message-ID:\r\n <folded@b.jp>\r\n", "folded@b.jp"),
        (b"Subject: Message-ID: <no@b.jp>\r\n", ""),
        (b"Subject: x\r\n\r\nMessage-ID: <body@b.jp>\r\n", ""),
    ],
)
def test_the_message_id_is_the_headers(
    start: Started, journal: Path, header: bytes, found: str
) -> None:
    with Client(start().port) as client:
        client.letter(body=header + b"\r\nhello\r\n")
    assert read_journal(journal)[0].message_id == found


def test_pipelined_commands_wait_for_the_disk_like_all_others(
    start: Started, journal: Path
) -> None:
    with Client(start().port) as client:
        client.envelope()
        again = b"MAIL FROM:<a@b.jp>\r\nRCPT TO:<c@d.jp>\r\nDATA\r\n"
        client.socket.sendall(b"Subject: 1\r\n\r\n.\r\n" + again)
        assert [client.reply()[0] for _ in range(4)] == [250, 250, 250, 354]
        client.send()
        assert client.reply()[0] == 250
    assert [entry.taken for entry in read_journal(journal)] == [True, True]


def fail(error: OSError) -> None:
    pytest.fail(str(error))


def test_a_torn_last_line_is_left_out_and_then_written_over(journal: Path) -> None:
    async def add(entry: JournalEntry) -> None:
        opened = Journal(journal, fail)
        done = asyncio.Event()
        opened.add(entry, done.set)
        await done.wait()
        await opened.close()

    asyncio.run(add(ENTRY))
    with journal.open("ab") as file:
        file.write(b'{"event": "mess')
    assert read_journal(journal) == [ENTRY]
    asyncio.run(add(replace(ENTRY, connection=2)))
    assert [entry.connection for entry in read_journal(journal)] == [1, 2]


@pytest.mark.parametrize("line", ["not json", "[]", '{"event": "message"}', ""])
def test_anything_else_that_is_not_an_entry_is_an_error_with_its_line(
    journal: Path, line: str
) -> None:
    good = json.dumps({name: getattr(ENTRY, name) for name in JournalEntry.__slots__})
    journal.write_text(f"{good}\n{line}\n{good}\n")
    with pytest.raises(ValueError, match="journal.jsonl, line 2: "):
        read_journal(journal)


def test_two_sinks_do_not_share_a_journal(start: Started, journal: Path) -> None:
    start()
    with pytest.raises(JournalInUse, match="another sink"):
        SinkThread(SinkOptions(journal=journal)).__enter__()


def test_many_letters_go_in_one_write(journal: Path) -> None:
    async def story() -> float:
        opened = Journal(journal, fail)
        done = asyncio.Semaphore(0)
        began = time.monotonic()
        for number in range(2000):
            opened.add(replace(ENTRY, connection=number), done.release)
        for _ in range(2000):
            await done.acquire()
        await opened.close()
        return time.monotonic() - began

    assert asyncio.run(story()) < 10
    assert [entry.connection for entry in read_journal(journal)] == list(range(2000))


def test_when_the_disk_refuses_nobody_is_told_that_a_letter_was_taken(journal: Path) -> None:
    """A file may not grow beyond a limit: what a full disk does, without filling one."""
    failed: list[OSError] = []

    async def story() -> bytes:
        sink = Sink(SinkOptions(journal=journal), journal_failed=failed.append)
        await sink.start()
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
        try:
            return await asyncio.to_thread(_try_to_deliver, sink.port)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            await sink.stop()

    assert asyncio.run(story()) == b""
    assert len(failed) == 1
    assert read_journal(journal) == []


def _try_to_deliver(port: int) -> bytes:
    with Client(port) as client:
        client.envelope()
        client.send()
        try:
            return client.rest()
        except ConnectionResetError:
            return b""


def test_a_thousand_letters_on_many_connections_are_all_there(
    start: Started, journal: Path
) -> None:
    sink = start()

    def deliver(number: int) -> None:
        with Client(sink.port) as client:
            for letter in range(50):
                body = f"Message-ID: <{number}-{letter}@b.jp>\r\n\r\nhello\r\n".encode()
                assert client.letter(f"{number}-{letter}@example.jp", body) == 250

    threads = [threading.Thread(target=deliver, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    entries = read_journal(journal)
    assert len(entries) == len({entry.message_id for entry in entries}) == 1000
    assert all(
        entry.rcpts == (entry.message_id.replace("b.jp", "example.jp"),) for entry in entries
    )
    until(lambda: sink.counters.open_now == 0, "all have left")
