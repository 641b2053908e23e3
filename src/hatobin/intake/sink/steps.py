"""What is about to happen in a conversation, and how the journal tells it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from hatobin.intake.sink.envelope import Envelope, message_id_of
from hatobin.intake.sink.faults import Stage
from hatobin.intake.sink.journal import Event, JournalEntry
from hatobin.wire.dotstuff import unstuff

if TYPE_CHECKING:
    from hatobin.intake.sink.conversation import Conversation

Effect = Callable[[], str]  # does what is asked for and returns the reply; "" says nothing


@dataclass(frozen=True, slots=True)
class Step:
    """``envelope``: the finished message, at stage ``dot``. ``fault``: the rule or limit in its way."""

    stage: Stage
    effect: Effect
    recipients: Sequence[str] = ()
    envelope: Envelope | None = None
    fault: str = ""


def entry_of(
    talk: Conversation, step: Step, reply: str, taken: bool, unread: bytes
) -> JournalEntry:
    """``unread``: at stage ``body`` what has come of it."""
    helo, mail_from, rcpts = talk.open_transaction()
    event: Event = "fault"
    data = b""
    if step.envelope is not None:
        event, data = "message", step.envelope.data
        mail_from = step.envelope.mail_from
    elif step.stage == "body":
        event, data = "cut-off", unstuff(unread)
    return JournalEntry(
        event=event,
        stage=step.stage,
        at=time.time(),
        monotonic=time.monotonic(),
        connection=talk.number,
        client=talk.client,
        server=talk.server,
        helo=helo,
        tls=talk.tls,
        mail_from=mail_from,
        rcpts=tuple(step.recipients or rcpts),
        message_id=message_id_of(data),
        sha256=sha256(data).hexdigest() if data else "",
        size=len(data),
        taken=taken,
        reply=reply,
        fault=step.fault,
    )
