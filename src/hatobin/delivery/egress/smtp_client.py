"""NAME
    smtp_client - hands one message at a time to an SMTP server, with a barrier before the final dot

JOB
    ``offer`` sends everything but the dot that makes a message count. Between ``offer`` and ``commit``
    the caller writes down durably that the dot is about to go out; after ``commit`` what the server
    said. A crash before ``commit`` has certainly delivered nothing.

STRATEGY
    Where PIPELINING is offered, MAIL, RCPT and DATA go out in one write (RFC 2920). A refused
    transaction is reset together with the next one, so that a refusal costs no round trip. A small body
    in the clear is kept until ``commit``: body, dot and the next message's commands are one write.
    A transaction has exactly one RCPT: there is no call for a second.

LIMITS
    One task at a time per connection. AUTH PLAIN and LOGIN. Works under asyncio and uvloop.

SECURITY
    A reply nobody asked for, or bytes between STARTTLS and the handshake, end the connection.
    Bodies with a bare CR or LF are refused (``wire.dotstuff``).
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from typing import NamedTuple, Self

from hatobin.delivery.egress.channel import Broken, Channel
from hatobin.delivery.egress.endpoint import Endpoint, Security, Timeouts
from hatobin.delivery.egress.errors import ConnectionLost, InDoubt, Refused
from hatobin.delivery.egress.opening import Features, open_channel
from hatobin.wire.address import Address
from hatobin.wire.dotstuff import stuff
from hatobin.wire.reply import Reply

__all__ = ["Endpoint", "Security", "SmtpConnection", "Timeouts"]

_PATH = re.compile("[^\x00-\x20\x7f-\xa0<>\u2028\u2029]*")
_BLOCK = 256 * 1024  # bytes of body handed to the network at once
_SMALL = 32 * 1024  # bytes of body that any socket takes at once
_STAGES = ["mail", "rcpt", "data"]
_PATIENCE = 300.0  # seconds
NO_RESET = (
    "no-reset"  # kind of a ConnectionLost: the server can begin anew only on a new connection
)


class Envelope(NamedTuple):
    """A message to hand over. ``mail_from`` may be empty (the null path).

    ``ready``: the body needs no second look; it was made of whole lines, none of which begins with a dot.
    """

    mail_from: str
    rcpt: Address
    body: bytes
    ready: bool = False


class SmtpConnection:
    """An open conversation. Attributes: ``features`` (EHLO keyword: parameters), ``messages_sent``
    (final dots written), ``alive`` (whether another message may be offered)."""

    def __init__(self, endpoint: Endpoint, channel: Channel, features: Features) -> None:
        self._timeouts = endpoint.timeouts
        self._channel = channel
        self._offered = False
        self._kept = b""  # a body that goes out with its dot
        self._announced: Envelope | None = None
        self._needs_reset = False
        self._was_refused = False  # the last dot, in one write with its body
        self.features = features
        self.messages_sent = 0

    @classmethod
    async def open(cls, endpoint: Endpoint, sock: socket.socket | None = None) -> Self:
        """Over ``sock`` where it is given, which is connected already.

        Raises ConnectFailed, GreetingRefused, TlsFailed or AuthFailed (``egress.errors``).
        """
        channel, features = await open_channel(endpoint, sock)
        return cls(endpoint, channel, features)

    @property
    def alive(self) -> bool:
        """Whether another message may be offered."""
        return self._channel.broken is None

    @property
    def encrypted(self) -> bool:
        """Whether TLS is on."""
        return self._channel.secure

    @property
    def tls(self) -> tuple[str, str]:
        """(version, cipher); empty without TLS."""
        return self._channel.tls

    async def offer(self, envelope: Envelope) -> None:
        """All that must go before the final dot.

        Raises Refused (look at ``alive`` afterwards), ConnectionLost, or BareLineEnd and ValueError
        before a single byte is sent. In each case nothing was delivered, nor will be.
        """
        if self._offered:
            raise RuntimeError("commit or withdraw the message that was offered before")
        stuffed = envelope.body if envelope.ready else stuff(envelope.body)
        announced, self._announced = self._announced, None
        if announced is not None and announced is not envelope:
            raise RuntimeError("another message was announced")
        commands = None if announced is not None else self._commands(envelope)
        try:
            await self._send_envelope(commands)
            if self._is_kept(stuffed):
                self._kept = stuffed
            else:
                await self._send_body(stuffed)
        except Broken as broken:
            self._channel.abort()
            raise ConnectionLost(
                broken.kind, temporary=True, reply=broken.reply, detail=broken.detail
            ) from None
        except Refused:
            raise
        except BaseException:  # cancelled: the conversation is at an unknown place
            self._channel.abort()
            raise
        self._offered = True

    def offer_announced(self, envelope: Envelope) -> bool:
        """The same without waiting: whether this very message was announced, the server's answers are here,
        they want its body, and that is one to be kept. Else nothing has happened: ``offer`` it.
        """
        if envelope is not self._announced or self._offered:
            return False
        answers = self._channel.ready(len(_STAGES))
        if not answers or not (envelope.ready and self._is_kept(envelope.body)):
            return False
        mail, rcpt, data = answers
        if not (mail.positive and rcpt.positive and data.code == 354):
            return False
        self._channel.take(len(_STAGES))
        self._announced, self._kept = None, envelope.body
        self._needs_reset, self._offered = False, True
        return True

    def _is_kept(self, stuffed: bytes) -> bool:
        return len(stuffed) <= _SMALL and not self._channel.secure

    async def try_envelope(self, mail_from: str, rcpt: str) -> None:
        """Asks whether a letter with this envelope would be taken, and takes the question back.

        ``rcpt`` may be empty: then only the sender is asked for. Raises Refused or ConnectionLost.
        """
        asked = [("mail", f"MAIL FROM:<{mail_from}>")]
        if rcpt:
            asked.append(("rcpt", f"RCPT TO:<{rcpt}>"))
        try:
            for stage, line in asked:
                self._channel.ask(f"{line}\r\n".encode())
                refused = await self._read_answer(stage, None)
                if refused:
                    raise refused
            self._channel.ask(b"RSET\r\n")
            await self._read_answer("rset", None)
        except Broken as broken:
            raise ConnectionLost(
                broken.kind, temporary=True, reply=broken.reply, detail=broken.detail
            ) from None

    async def commit(self, then: Envelope | None = None, *, within: float = _PATIENCE) -> Reply:
        """The final dot and the server's answer, for which it waits up to ``timeouts.dot``.

        ``then`` is announced in the same breath where the server knows PIPELINING: it must be what is
        offered next over this connection, unless the connection is closed before. A dot that the
        operating system has not taken ``within`` seconds is not sent any more.

        Raises InDoubt when the answer does not come, or makes no sense, after the dot went out.
        Raises ConnectionLost when the connection was gone before the dot: certainly not delivered.
        A refusal that the server spoke before the dot is returned as its answer. A task cancelled
        in here leaves the message in doubt.
        """
        if not self._offered:
            raise RuntimeError("nothing was offered")
        self._offered = False
        broken = self._channel.broken
        if broken:
            return self._answer_before_dot(broken)
        self.messages_sent += 1
        kept, self._kept = self._kept, b""
        end = b".\r\n" + self._announce(then)
        self._channel.ask(kept + end, 1 + len(_STAGES) * (self._announced is not None))
        try:
            if self._channel.blocked:
                await self._push(len(end), within)
            reply = await self._channel.read(self._timeouts.dot)
            if reply.intermediate:
                raise Broken("unexpected-reply", reply)
        except ConnectionLost:
            raise
        except Broken as broken:
            self._channel.abort()
            raise InDoubt(
                broken.kind, temporary=False, reply=broken.reply, detail=broken.detail
            ) from None
        except BaseException:
            self._channel.abort()
            raise
        if reply.code == 421:
            self._channel.abort()
        self._was_refused = bool(kept) and not reply.positive
        return reply

    async def _push(self, end: int, seconds: float) -> None:
        """Until the operating system has taken all. ``end``: octets from the dot on; what is sent is sent in
        its order, so while so many are left the dot has not gone."""
        try:
            await self._channel.drain(seconds)
        except Broken as broken:
            if self._channel.unsent < end:
                raise
            self._channel.abort()
            raise ConnectionLost(broken.kind, temporary=True, reply=broken.reply) from None

    async def quit(self) -> None:
        """Says goodbye, waits a little for the answer, closes. Never raises on what the server does."""
        if self.alive and not self._offered and self._announced is None:
            self._channel.ask(b"QUIT\r\n")
            with contextlib.suppress(Broken):
                await self._channel.read(self._timeouts.quit)
        await self.close()

    async def close(self) -> None:
        """Drops the connection at once; a message that was offered is not delivered: a server must not
        deliver what has no end (RFC 5321 section 4.1.1.4)."""
        self._offered = False
        self._channel.abort()
        await asyncio.sleep(0)  # the loop closes the socket on its next turn

    def _mail_command(self, mail_from: str, rcpt: Address, body: bytes) -> bytes:
        if not _PATH.fullmatch(mail_from):
            raise ValueError("mail_from holds a space, a control character or a bracket")
        command = f"MAIL FROM:<{mail_from}>"
        if "SIZE" in self.features:  # RFC 1870
            if 0 < _number(self.features["SIZE"]) < len(body):
                raise Refused("mail", None, temporary=False, kind="too-large")
            command += f" SIZE={len(body)}"
        if not body.isascii():
            command += f" BODY={self._extension('8BITMIME', 'mail')}"
        if rcpt.needs_smtputf8 or not mail_from.isascii():
            command += f" {self._extension('SMTPUTF8', 'rcpt')}"
        return f"{command}\r\n".encode()

    def _extension(self, name: str, stage: str) -> str:
        if name not in self.features:
            raise Refused(stage, None, temporary=False, kind=f"{name.lower()}-not-offered")
        return name

    def _commands(self, envelope: Envelope) -> list[tuple[str, bytes]]:
        """(stage, line) of what opens a transaction. Raises Refused and ValueError."""
        commands = [
            ("mail", self._mail_command(envelope.mail_from, envelope.rcpt, envelope.body)),
            ("rcpt", f"RCPT TO:<{envelope.rcpt.wire}>\r\n".encode()),
            ("data", b"DATA\r\n"),
        ]
        return [("rset", b"RSET\r\n"), *commands] if self._needs_reset else commands

    def _announce(self, envelope: Envelope | None) -> bytes:
        """The next transaction's commands, to go out behind a dot (RFC 2920 section 3.1)."""
        if envelope is None or "PIPELINING" not in self.features:
            return b""
        try:
            commands = self._commands(envelope)
        except (Refused, ValueError):  # said when it is offered
            return b""
        self._announced = envelope
        return b"".join(line for _stage, line in commands)

    async def _send_envelope(self, commands: list[tuple[str, bytes]] | None) -> None:
        """Opens a transaction; None: it was announced, only the answers are read."""
        pipelined = "PIPELINING" in self.features
        if commands is None:
            stages = _STAGES
        else:
            self._was_refused = False
            stages = [stage for stage, _line in commands]
            if pipelined:
                self._channel.ask(b"".join(line for _stage, line in commands), len(commands))
        self._needs_reset = True
        refused: Refused | None = None
        for number, stage in enumerate(stages):
            if not pipelined and commands is not None:
                self._channel.ask(commands[number][1])
            refused = await self._read_answer(stage, refused)
            if refused and not pipelined:
                break
        if refused:
            raise refused
        self._needs_reset = False

    async def _read_answer(self, stage: str, refused: Refused | None) -> Refused | None:
        """The first refusal so far. What follows a refusal in a pipeline is only read past."""
        timeout = self._timeouts.data if stage == "data" else self._timeouts.command
        try:
            reply = await self._channel.read(timeout)
        except Broken:
            if refused:
                raise refused from None
            raise
        if reply.code == 421:
            self._channel.abort()
            raise refused or Refused(stage, reply, temporary=True)
        if stage == "rset" and not reply.positive:
            raise Broken(NO_RESET, reply)
        if refused and refused.stage == "mail" and not (reply.transient or reply.permanent):
            raise Broken(
                "unexpected-reply", reply
            )  # its MAIL was taken: that refusal answered something else
        if refused:
            # 354 without a recipient: RFC 2920 section 3.1 lets us end the body with a lone dot,
            # but a server that answers so may also deliver that empty message to somebody.
            if stage == "data" and not (reply.transient or reply.permanent):
                self._channel.abort()
            return refused
        if stage == "mail" and reply.permanent and self._was_refused:
            # It was refused before its end, and the rest is being taken for commands.
            raise Broken("unexpected-reply", reply)
        if reply.transient or reply.permanent:
            return Refused(stage, reply, temporary=reply.transient)
        if not (reply.code == 354 if stage == "data" else reply.positive):
            raise Broken("unexpected-reply", reply)
        return None

    async def _send_body(self, stuffed: bytes) -> None:
        try:
            for start in range(0, len(stuffed), _BLOCK):
                self._channel.write(stuffed[start : start + _BLOCK])
                await self._channel.drain(self._timeouts.block)
        except Broken as broken:
            reply = broken.reply
            if reply is None or reply.positive or reply.intermediate:
                raise
            self._channel.abort()
            raise Refused("body", reply, temporary=reply.transient) from None

    def _answer_before_dot(self, broken: Broken) -> Reply:
        self._channel.abort()
        reply = broken.reply
        if reply is not None and (reply.transient or reply.permanent):
            return reply
        raise ConnectionLost(broken.kind, temporary=True, reply=broken.reply, detail=broken.detail)


def _number(text: str) -> int:
    """Of a SIZE that makes sense; 0, as without a limit, for any other."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else 0
