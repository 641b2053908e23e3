"""The office of the stories, its relay, and what came over the wire."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from email.message import EmailMessage

from tests.integration.campaigns.stage import Stage

from hatobin.campaigns.queries import CampaignView
from hatobin.content.letters import LetterDraft
from hatobin.delivery.models import Dispatch, EgressKind, TlsMode
from hatobin.delivery.runner import send_until_settled
from hatobin.intake.sink import Envelope, SinkOptions, SinkThread

NAMES = ("山田花子", "鈴木太郎", "佐藤二郎", "高橋三郎", "田中四葉")


def readers(number: int, domain: str = "press.example") -> list[tuple[str, dict[str, str]]]:
    """Fictitious people, each with a name that is nobody else's."""
    return [
        (f"reader{i:03}@{domain}", {"氏名": f"{NAMES[i % len(NAMES)]}{i:03}"})
        for i in range(number)
    ]


def as_csv(people: Sequence[tuple[str, dict[str, str]]]) -> bytes:
    """A list as a Japanese office keeps it: CP932, CRLF."""
    lines = ["メールアドレス,氏名", *(f"{address},{row['氏名']}" for address, row in people)]
    return "\r\n".join([*lines, ""]).encode("cp932")


@contextmanager
def relay(stage: Stage) -> Iterator[SinkThread]:
    """A real SMTP server on this machine, set as the road of the office's next letters."""
    with SinkThread(SinkOptions()) as sink:
        stage.egress.kind = EgressKind.SMTP_RELAY
        stage.egress.host, stage.egress.port = "127.0.0.1", sink.port
        stage.egress.tls = TlsMode.NONE
        stage.egress.save()
        yield sink


def send(stage: Stage, letter: CampaignView) -> Dispatch:
    """Released without a hold, and sent to the end by a real sender."""
    dispatch = stage.release(letter, timedelta())
    send_until_settled(dispatch.pk, timedelta(seconds=60))
    return dispatch


def letter_to(
    stage: Stage, text: str = "{{ 氏名 }} 様\n\n記者会見のご案内です。\n"
) -> CampaignView:
    """A plain letter with the reader's name."""
    return stage.draft(LetterDraft(mode="plain", subject="記者会見のご案内", text=text))


def parsed(envelope: Envelope) -> EmailMessage:
    """The message, read by an independent parser."""
    message = email.message_from_bytes(envelope.data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def assert_alone(
    envelopes: Sequence[Envelope], people: Sequence[tuple[str, dict[str, str]]]
) -> None:
    """Promise P1, read from the wire: one envelope, one reader, nobody else in it."""
    expected = dict(people)
    assert sorted(rcpt for each in envelopes for rcpt in each.rcpts) == sorted(expected)
    for envelope in envelopes:
        (reader,) = envelope.rcpts
        message = parsed(envelope)
        assert [to.addr_spec for to in message["To"].addresses] == [reader]
        assert message["Cc"] is None
        assert message["Bcc"] is None
        body = message.get_body(("plain",))
        assert body is not None
        seen = f"{envelope.data.decode('latin-1')}\n{body.get_content()}"
        assert expected[reader]["氏名"] in seen
        for address, fields in expected.items():
            if address != reader:
                assert address not in seen
                assert fields["氏名"] not in seen
