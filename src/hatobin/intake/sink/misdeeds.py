"""Carries out what a rule asks for."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from hatobin.intake.sink.actions import (
    Action,
    Alert,
    Answer,
    Certificate,
    Close,
    Delay,
    Endless,
    Garbage,
    Hang,
    Reset,
    Slow,
    Unasked,
)
from hatobin.intake.sink.tls import HANDSHAKE_FAILURE

if TYPE_CHECKING:
    from hatobin.intake.sink.conversation import Conversation
    from hatobin.intake.sink.steps import Step

_GARBAGE = bytes(range(256)) * 4 + b"\r\n"


def commit(action: Action | None, step: Step, talk: Conversation) -> ssl.SSLContext | None:
    """Does it, and settles it with the journal. At stage ``tls`` it may return a context to go on with."""
    match action:
        case None:
            talk.behave(step)
        case Answer(code, text):
            _answer(f"{code} {text}", step, talk)
        case Hang() | Close() | Reset():
            _go_silent(action, step, talk)
        case Delay():
            _be_late(action, step, talk)
        case Slow(octets):
            talk.slow_down(octets)
        case Endless():
            talk.settle(step, "<endless>", False, talk.flood)
        case Garbage():
            _throw_garbage(step, talk)
        case Unasked(line):
            talk.behave(step, line)
        case Alert():
            _refuse_handshake(step, talk)
        case Certificate(kind):
            return talk.floor.context(kind)
    return None


def _answer(reply: str, step: Step, talk: Conversation) -> None:
    done = reply < "4" and step.stage != "between"
    if done:
        step.effect()
    talk.settle(step, reply, done and step.envelope is not None, lambda: talk.answer(step, reply))


def _go_silent(action: Hang | Close | Reset, step: Step, talk: Conversation) -> None:
    taken = action.keep and step.envelope is not None
    if action.keep:
        step.effect()
    match action:
        case Hang():
            in_body = step.stage == "body"
            talk.settle(step, "", taken, lambda: talk.go_deaf(stop_reading=in_body))
        case Close():
            talk.settle(step, "", taken, talk.close)
        case Reset():
            talk.settle(step, "", taken, talk.reset)


def _be_late(action: Delay, step: Step, talk: Conversation) -> None:
    if action.keep and step.envelope is not None:
        reply = step.effect()
        talk.settle(step, reply, True, lambda: talk.say_later(action.seconds, step, reply))
    else:
        talk.later(action.seconds, step, action.then)


def _throw_garbage(step: Step, talk: Conversation) -> None:
    def throw() -> None:
        talk.send_raw(_GARBAGE)
        if step.stage in {"tls", "body"}:
            talk.close()

    talk.settle(step, "<garbage>", False, throw)


def _refuse_handshake(step: Step, talk: Conversation) -> None:
    def refuse() -> None:
        talk.send_raw(HANDSHAKE_FAILURE)
        talk.close()

    talk.settle(step, "<alert>", False, refuse)
