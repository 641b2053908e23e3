"""An office with a letter to send, a relay that is a sink, and senders: in this process or as their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from tests.doubles.ports import free_port
from tests.factories import make_actor, make_list, make_workspace

from hatobin.accounts.models import Workspace
from hatobin.accounts.rules import Actor
from hatobin.audience.models import ContactList
from hatobin.common import clock
from hatobin.common.errors import HatobinError
from hatobin.content.compile import compile_letter
from hatobin.content.letters import CompiledLetter, LegalFooter, LetterDraft
from hatobin.delivery.egress.endpoint import Timeouts
from hatobin.delivery.models import Delivery, Dispatch, Egress, Lot
from hatobin.delivery.queries import Sums, sums
from hatobin.delivery.rules.shaping.retry import RetrySchedule
from hatobin.delivery.runner import send_until_settled
from hatobin.delivery.runner.ledger import Slip
from hatobin.delivery.services.egress import save_relay
from hatobin.delivery.services.release import Seal, release, seal_of
from hatobin.delivery.tokens import word_of
from hatobin.intake.sink import Envelope, SinkThread
from hatobin.senders.frozen import FrozenSender
from hatobin.wire.message_facts import read_facts

People = Sequence[tuple[str, Mapping[str, str]]]

CAST: People = (
    ("hanako@example.jp", {"氏名": "山田花子"}),
    ("taro@example.jp", {"氏名": "鈴木太郎"}),
    ("foo..bar@docomo.ne.jp", {"氏名": "佐藤二郎"}),
)
SENDER = FrozenSender(
    display_name="さくら市 広報課",
    address="news@office.example",
    reply_to="kouhou@office.example",
    organisation="さくら市役所",
    postal_address="〒000-0000 さくら市中央1-1",
    contact="広報課 kouhou@office.example",
)
BASE_URL = "https://hatobin.example"
SENDER_PROGRAM = (
    "import django; django.setup();"
    "from hatobin.delivery.runner import run_sender_process; run_sender_process()"
)


def crowd(count: int) -> People:
    """So many people, each with a name of their own."""
    return [(f"reader{n:04}@example.jp", {"氏名": f"読者{n:04}"}) for n in range(count)]


def letter(
    text: str = "{{ 氏名 }} 様\n\nこんにちは。\n", html: str = "", names: Sequence[str] = ("氏名",)
) -> CompiledLetter:
    """A letter as the content room compiles it."""
    return compile_letter(
        LetterDraft(
            mode="rich" if html else "plain", subject="夏の講座のご案内", text=text, html=html
        ),
        kind="marketing",
        language="ja",
        field_names=names,
        footer=LegalFooter(
            organisation=SENDER.organisation,
            postal_address=SENDER.postal_address,
            contact=SENDER.contact,
        ),
    )


@dataclass(kw_only=True)
class Office:
    """Alice's office: a list and a relay."""

    workspace: Workspace
    alice: Actor
    people: ContactList
    relay: Egress
    letter: CompiledLetter = field(default_factory=letter)
    sender: FrozenSender = SENDER

    def seal(self) -> Seal:
        return seal_of(
            self.workspace.pk, self.people.pk, self.letter, self.sender, BASE_URL, self.relay.pk
        )

    def release(
        self,
        *,
        seal: str = "",
        hold: timedelta = timedelta(),
        expires_in: timedelta = timedelta(hours=1),
        retry: RetrySchedule | None = None,
    ) -> Dispatch:
        """Checked and released in one breath."""
        return release(
            self.alice,
            list_id=self.people.pk,
            egress_id=self.relay.pk,
            letter=self.letter,
            sender=self.sender,
            base_url=BASE_URL,
            seal=seal or self.seal().hash,
            hold=hold,
            expires_in=expires_in,
            retry=retry,
        )


def make_office(
    sink: SinkThread, people: People = CAST, *, connections: int = 3, name: str = "さくら市役所"
) -> Office:
    """The office of every story here."""
    workspace = make_workspace(name)
    alice = make_actor(workspace, email=f"alice-{workspace.pk}@office.example")
    relay = save_relay(
        alice, name="中継", host="127.0.0.1", port=sink.port, tls="none", connections=connections
    )
    return Office(
        workspace=workspace, alice=alice, people=make_list(workspace, people), relay=relay
    )


def relay_that_is_down(office: Office, fallback: Egress) -> Egress:
    """Nobody listens there; the other way is named for that."""
    return save_relay(
        office.alice,
        name="止まっている中継",
        host="127.0.0.1",
        port=free_port(),
        tls="none",
        fallback_id=fallback.pk,
    )


def troubled_since(road: Egress, minutes: int) -> None:
    """It has been refused for so long."""
    Egress.objects.of(road.workspace_id).filter(pk=road.pk).update(
        trouble_code="refused", trouble_since=clock.now() - timedelta(minutes=minutes)
    )


def send(dispatch: Dispatch, wait: float = 20.0, timeouts: Timeouts | None = None) -> Sums:
    """Sends here and now; the sums, which add up."""
    return checked(send_until_settled(dispatch.pk, timedelta(seconds=wait), timeouts))


def checked(found: Sums) -> Sums:
    """The same sums, after looking that they add up (promise P2)."""
    assert found.adds_up, found
    return found


def rows(dispatch: Dispatch) -> list[Delivery]:
    """The ledger in the list's order."""
    found = Delivery.objects.of(dispatch.workspace_id).filter(dispatch=dispatch)
    return list(found.order_by("position", "pk"))


def states(dispatch: Dispatch) -> list[str]:
    return [row.state for row in rows(dispatch)]


def reload(dispatch: Dispatch) -> Dispatch:
    return Dispatch.objects.of(dispatch.workspace_id).get(pk=dispatch.pk)


def slip_of(row: Delivery, node: int, *, marked: bool = False) -> Slip:
    """What a sender knows of a letter whose lot it has in hand."""
    lot = Lot.objects.of(row.workspace_id).get(ids__contains=[row.pk])
    return Slip(
        id=row.pk,
        claim=row.claim,
        lot=lot.pk,
        node=node,
        dispatch_id=row.dispatch_id,
        egress_id=lot.egress_id,
        site=lot.site,
        marked=marked,
    )


def due_now(dispatch: Dispatch) -> None:
    """The clock jumps to the next try."""
    Lot.objects.of(dispatch.workspace_id).filter(dispatch=dispatch).update(
        due_at=dispatch.created_at
    )


def copies(envelopes: Sequence[Envelope]) -> Counter[str]:
    """Message-ID > how often it arrived."""
    return Counter(read_facts(envelope.data).message_id for envelope in envelopes)


def ids_of(found: Sequence[Delivery]) -> set[str]:
    """The Message-IDs of ledger rows."""
    return {f"<{word_of(row.pk, 'message')}@office.example>" for row in found}


def check_promises(dispatch: Dispatch, sink: SinkThread) -> Sums:
    """P1, P2 and P3 as an outsider sees them: one recipient each, nothing lost, no unnamed copy."""
    found = checked(sums(dispatch.pk))
    seen = copies(sink.envelopes)
    ledger = rows(dispatch)
    for envelope in sink.envelopes:
        facts = read_facts(envelope.data)
        assert len(envelope.rcpts) == 1
        assert len(facts.recipients) == 1
    accepted = ids_of([row for row in ledger if row.state == "accepted"])
    assert accepted <= set(seen), "accepted, and the server never saw it"
    never = ids_of([row for row in ledger if row.state in {"waiting", "cancelled"}])
    assert not never & set(seen), "not sent, and the server has it"
    assert all(number == 1 for number in seen.values()), seen.most_common(3)
    return found


@contextmanager
def refused(code: str) -> Iterator[None]:
    """What is done in here is refused for this reason."""
    with pytest.raises(HatobinError) as raised:
        yield
    assert raised.value.code == code


def until(condition: Callable[[], object], what: str, within: float = 20.0) -> None:
    """Waits for a condition, with a deadline."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for: {what}"
        time.sleep(0.01)


def database_url(folder: str = "") -> str:
    """The database of this test, for other processes; through another socket ``folder`` if given."""
    values = connection.settings_dict
    host = (folder or values["HOST"]).replace("/", "%2F")
    return f"postgresql://{values['USER']}@/{values['NAME']}?host={host}&port={values['PORT']}"


def start_sender(url: str = "", log: Path | None = None) -> subprocess.Popen[bytes]:
    """A real sender process on the test's database; its warnings go to ``log`` if given."""
    environment = {
        **os.environ,
        "DATABASE_URL": url or database_url(),
        "DJANGO_SETTINGS_MODULE": "hatobin.config.settings",
        "HATOBIN_LOG_LEVEL": "WARNING" if log else "ERROR",
    }
    command = [sys.executable, "-c", SENDER_PROGRAM]
    if log is None:
        return subprocess.Popen(command, env=environment)
    with log.open("ab") as file:
        return subprocess.Popen(command, env=environment, stdout=file, stderr=file)


@contextmanager
def running_sender(url: str = "", log: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """The same; drained at the end."""
    process = start_sender(url, log)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
