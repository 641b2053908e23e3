"""What happens at each stage of a conversation: a limit refuses, a rule misbehaves, or all is well.

Whatever decides over a message is in the journal, on disk, before the other side can know of it.
"""

from __future__ import annotations

import asyncio
import ssl
from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Protocol

from hatobin.intake.sink.actions import Action, Answer, CertificateKind, Delay
from hatobin.intake.sink.connection import Connection
from hatobin.intake.sink.envelope import Counters, Envelope
from hatobin.intake.sink.faults import Faults, Stage
from hatobin.intake.sink.journal import Journal
from hatobin.intake.sink.limits import Limits, Refusal
from hatobin.intake.sink.misdeeds import commit
from hatobin.intake.sink.options import SinkOptions
from hatobin.intake.sink.steps import Effect, Step, entry_of


class Floor(Protocol):
    """What a conversation needs from its sink."""

    options: SinkOptions
    counters: Counters
    faults: Faults
    limits: Limits
    journal: Journal | None

    def enter(self, conversation: Conversation) -> int:
        """Counts a connection in; returns its number."""

    def leave(self, conversation: Conversation) -> None:
        """Counts it out."""

    def take(self, envelope: Envelope) -> None:
        """Keeps a message."""

    def context(self, kind: CertificateKind) -> ssl.SSLContext:
        """For TLS with this certificate."""


class Conversation(Connection):
    """Says for each step what comes of it; a subclass knows the commands."""

    def __init__(self, floor: Floor, *, implicit_tls: bool) -> None:
        super().__init__(implicit_tls=implicit_tls)
        self.floor = floor
        self.options = floor.options
        self.number = 0
        self.accepted = 0  # messages, on this connection
        self._limits = floor.limits
        self._turned_away: Refusal | None = None
        self._delayed: Step | None = None  # a finished message that waits to be taken
        self._cut_off_noted = False
        self._idle: asyncio.TimerHandle | None = None
        self.begin()

    # a subclass says what things mean

    @abstractmethod
    def begin(self) -> None:
        """Before the greeting, and again after STARTTLS (RFC 3207 section 4.2)."""

    @abstractmethod
    def open_transaction(self) -> tuple[str, str, list[str]]:
        """(helo, sender, recipients) so far."""

    @abstractmethod
    def take_command(self, line: str) -> None:
        """A command, or the answer to a challenge."""

    # what a connection asks

    def come(self) -> None:
        """Greets, or waits for TLS to do so."""
        self.number = self.floor.enter(self)
        self._turned_away = self._limits.enter(self.client, self.server)
        if not self._tls_due:
            self._greet()

    def gone(self) -> None:
        """Writes down what was not finished."""
        if self._idle is not None:
            self._idle.cancel()
        if self._in_body:
            self.floor.counters.unfinished += 1
            if not self._cut_off_noted:
                self._note(Step("body", _nothing), "", False, _nothing_to_do)
        if self._delayed is not None:
            self._note(self._delayed, "", False, _nothing_to_do)
        if self._turned_away is None:
            self._limits.leave(self.client, self.server)
        self.floor.leave(self)

    def hello(self) -> ssl.SSLContext | None:
        """The context to shake hands with, unless a rule has other plans."""
        fault = self.floor.faults.at("tls", (), self.server)
        if fault is not None:
            self.floor.counters.faults += 1
            step = Step("tls", _nothing, fault=fault.name)
            return commit(fault.action, step, self)
        return self.floor.context("good")

    def encrypted(self) -> None:
        """Forgets what was said in clear; greets when TLS was there from the first byte."""
        self.begin()
        if self.options.tls == "tls":
            self._greet()

    def take_line(self, line: str) -> None:
        """A command ends the time between messages."""
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        self.take_command(line)

    def begin_body(self) -> None:
        """A rule may interrupt it here."""
        self._cut_off_noted = False
        if "body" in self.floor.faults.stages:
            self.perform("body", _nothing, self.open_transaction()[2])

    # what the commands are made with

    def perform(
        self,
        stage: Stage,
        effect: Effect,
        recipients: Sequence[str] = (),
        envelope: Envelope | None = None,
    ) -> None:
        """The usual effect and reply, or what a limit or a rule makes of it."""
        floor = self.floor
        refusal = self._refusal(stage, recipients)
        if refusal is not None:
            floor.counters.refusals += 1
            self.refuse(Step(stage, effect, recipients, envelope, refusal.name), refusal.reply)
        elif stage in floor.faults.stages and (
            fault := floor.faults.at(stage, recipients, self.server)
        ):
            floor.counters.faults += 1
            commit(fault.action, Step(stage, effect, recipients, envelope, fault.name), self)
        elif envelope is None:
            self.say(effect())
        else:
            self.behave(Step(stage, effect, recipients, envelope))

    def behave(self, step: Step, unasked: str = "") -> None:
        """The usual; and perhaps a line more than was asked for."""
        reply = step.effect()
        if unasked:
            reply = f"{reply}\r\n{unasked}" if reply else unasked
        if step.envelope is None:
            self.say(reply)
        else:
            self.settle(step, reply, True, lambda: self.answer(step, reply))

    def refuse(self, step: Step, reply: Answer | None) -> None:
        """This reply and no effect; None: hangs up."""
        if reply is None:
            self.settle(step, "", False, self.close)
        else:
            self.settle(step, str(reply), False, lambda: self.answer(step, str(reply)))

    def answer(self, step: Step, reply: str) -> None:
        """Says it. 421 is the end of a connection (RFC 5321 section 3.8), and so is an unasked word."""
        self.say(reply)
        if reply.startswith("421") or step.stage == "body":
            self.close()
        elif step.envelope is not None:
            self._between(step.recipients)

    def settle(self, step: Step, reply: str, taken: bool, then: Callable[[], None]) -> None:
        """Does ``then`` as soon as the journal has it on disk; nothing else happens meanwhile."""
        if self.floor.journal is None:
            then()
            return

        def go_on() -> None:
            if not self._closed:
                self._held = False
                then()
                self._work()

        self._held = True
        self._flush()
        self._note(step, reply, taken, go_on)

    def later(self, seconds: float, step: Step, then: Action | None) -> None:
        """Holds everything up. A message whose sender does not wait that long is not taken."""

        def go_on() -> None:
            self._delayed = None
            if not self._closed:
                self._held = False
                if then is None:
                    self.behave(step)
                else:
                    commit(then, step, self)
                self._work()

        self._held = True
        self._delayed = step if step.envelope else None
        self._flush()
        asyncio.get_running_loop().call_later(seconds, go_on)

    def say_later(self, seconds: float, step: Step, reply: str) -> None:
        """All is done and only the reply is late."""

        def go_on() -> None:
            if not self._closed:
                self._held = False
                self.answer(step, reply)
                self._work()

        self._held = True
        self._flush()
        asyncio.get_running_loop().call_later(seconds, go_on)

    def _greet(self) -> None:
        step = Step("connect", lambda: "220 localhost ESMTP Hatobin sink, nothing leaves")
        if self._turned_away is None:
            self.perform(step.stage, step.effect)
        else:
            self.floor.counters.refusals += 1
            named = Step(step.stage, step.effect, fault=self._turned_away.name)
            self.refuse(named, self._turned_away.reply)

    def _refusal(self, stage: Stage, recipients: Sequence[str]) -> Refusal | None:
        limits = self.floor.limits
        if stage == "mail" and limits.count_messages:
            enough = limits.enough(self.server, self.accepted)
            if enough is not None:
                return enough
        if stage in limits.stages:
            return limits.at(stage, self.client, self.server, recipients)
        return None

    def _between(self, recipients: Sequence[str]) -> None:
        """After the reply to a dot."""
        limits = self.floor.limits
        if limits.count_messages:
            enough = limits.enough(self.server, self.accepted)
            if enough is not None and enough.reply is None:
                self.close()
                return
        fault = self.floor.faults.at("between", recipients, self.server)
        if fault is None:
            return
        self._flush()
        step, action = Step("between", _nothing, recipients, fault=fault.name), fault.action
        if isinstance(action, Delay):
            loop = asyncio.get_running_loop()
            self._idle = loop.call_later(action.seconds, self._tire, step, action.then)
        else:
            self._tire(step, action)

    def _tire(self, step: Step, action: Action | None) -> None:
        self._idle = None
        if not self._closed:
            self.floor.counters.faults += 1
            commit(action, step, self)
            self._flush()

    def _note(self, step: Step, reply: str, taken: bool, then: Callable[[], None]) -> None:
        journal = self.floor.journal
        if journal is not None:
            if step.stage == "body":
                self._cut_off_noted = True
            journal.add(entry_of(self, step, reply, taken, bytes(self._buffer)), then)


def _nothing() -> str:
    return ""


def _nothing_to_do() -> None:
    pass
