"""The commands of a receiving conversation (RFC 5321, RFC 3207, RFC 4954)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from datetime import UTC, datetime

from hatobin.intake.sink.actions import Answer
from hatobin.intake.sink.conversation import Conversation
from hatobin.intake.sink.envelope import Envelope
from hatobin.intake.sink.steps import Step
from hatobin.wire.dotstuff import unstuff

_MAIL = re.compile(r"FROM:\s*<([^>]*)>(.*)", re.IGNORECASE)
_RCPT = re.compile(r"TO:\s*<([^>]+)>", re.IGNORECASE)
_SIZE = re.compile(r"\bSIZE=([0-9]{1,20})\b", re.IGNORECASE)


class Session(Conversation):
    """One client. Order of commands is checked as a strict server would."""

    def begin(self) -> None:
        """Forgets all that was said."""
        self._helo = self._user = ""
        self._prompt: Callable[[str], None] | None = None
        self._reset()

    def _reset(self) -> None:
        self._mail_from: str | None = None
        self._rcpts: list[str] = []

    def open_transaction(self) -> tuple[str, str, list[str]]:
        """(helo, sender, recipients) so far."""
        return self._helo, self._mail_from or "", self._rcpts

    def take_command(self, line: str) -> None:
        """A command, or the answer to a challenge."""
        if self._prompt:
            prompt, self._prompt = self._prompt, None
            prompt(line)
            return
        verb, _, rest = line.partition(" ")
        command = self._commands.get(verb.upper(), Session._unknown)
        command(self, rest.strip())

    def take_body(self, data: bytes) -> None:
        """A message is complete."""
        rcpts = self._rcpts
        envelope = Envelope(
            mail_from=self._mail_from or "",
            rcpts=rcpts,
            data=unstuff(data),
            at=datetime.now(UTC),
            session_id=self.number,
            helo=self._helo,
            tls=self.tls,
            user=self._user,
            client=self.client,
            server=self.server,
        )
        self._reset()
        if self.options.max_size and len(data) > self.options.max_size:
            step = Step("dot", lambda: "", rcpts, envelope, "max-size")
            self.refuse(step, Answer(552, "5.3.4 Message too big"))
            return
        self.perform("dot", lambda: self._keep(envelope), rcpts, envelope)

    def _keep(self, envelope: Envelope) -> str:
        self.floor.take(envelope)
        self.accepted += 1
        return f"250 2.0.0 Taken as {self.floor.counters.messages}"

    def _ehlo(self, name: str) -> None:
        if self.options.esmtp:
            self.perform("ehlo", lambda: self._hello(name, self._features()))
        else:
            self._unknown(name)

    def _old_helo(self, name: str) -> None:
        self.perform("ehlo", lambda: self._hello(name, []))

    def _hello(self, name: str, features: list[str]) -> str:
        self._reset()
        self._helo = name
        *lines, last = ["localhost", *features]
        return "\r\n".join([*(f"250-{line}" for line in lines), f"250 {last}"])

    def _features(self) -> list[str]:
        options = self.options
        offered = {
            "PIPELINING": options.pipelining,
            "8BITMIME": True,
            "ENHANCEDSTATUSCODES": True,
            "SMTPUTF8": options.smtputf8,
            f"SIZE {options.max_size}": True,
            "STARTTLS": options.tls == "starttls" and not self.tls,
            f"AUTH {' '.join(options.mechanisms)}": bool(options.credentials),
        }
        return [feature for feature, on in offered.items() if on]

    def _starttls(self, _rest: str) -> None:
        if self.options.tls != "starttls" or self.tls:
            self.say("502 5.5.1 STARTTLS is not offered")
            return

        def effect() -> str:
            self.expect_tls()
            return "220 2.0.0 Go ahead"

        self.perform("starttls", effect)

    def _auth(self, rest: str) -> None:
        mechanism, _, initial = rest.partition(" ")
        if mechanism.upper() not in self.options.mechanisms or not self.options.credentials:
            self.say("504 5.5.4 This mechanism is not offered")
        elif mechanism.upper() == "PLAIN":
            self._ask("334 ", self._plain, initial)
        else:
            self._ask("334 VXNlcm5hbWU6", self._login_name, initial)

    def _ask(self, question: str, then: Callable[[str], None], given: str = "") -> None:
        if given:
            then(given)
        else:
            self._prompt = then
            self.say(question)

    def _plain(self, line: str) -> None:
        _, _, secret = _from_base64(line).partition("\0")
        user, _, password = secret.partition("\0")
        self._judge(user, password)

    def _login_name(self, line: str) -> None:
        user = _from_base64(line)
        self._ask("334 UGFzc3dvcmQ6", lambda secret: self._judge(user, _from_base64(secret)))

    def _judge(self, user: str, password: str) -> None:
        def effect() -> str:
            if self.options.credentials.get(user) != password:
                self.floor.counters.refused_sign_ins += 1
                return "535 5.7.8 User name or password is wrong"
            self.floor.counters.sign_ins += 1
            self._user = user
            return "235 2.7.0 Welcome"

        self.perform("auth", effect)

    def _mail(self, rest: str) -> None:
        found = _MAIL.match(rest)
        if not found:
            self.say("501 5.5.4 Write MAIL FROM:<address>")
            return
        size, limit = _SIZE.search(found[2]), self.options.max_size
        if self.options.require_auth and not self._user:
            self.say("530 5.7.0 Sign in first")
        elif self._mail_from is not None:
            self.say("503 5.5.1 A transaction is open already")
        elif limit and size and int(size[1]) > limit:
            self.say("552 5.3.4 Message too big")
        else:
            self.perform("mail", lambda: self._accept_mail(found[1]))

    def _accept_mail(self, path: str) -> str:
        self._mail_from = path
        return "250 2.1.0 OK"

    def _rcpt(self, rest: str) -> None:
        found = _RCPT.match(rest)
        if not found:
            self.say("501 5.5.4 Write RCPT TO:<address>")
        elif self._mail_from is None:
            self.say("503 5.5.1 MAIL comes first")
        else:
            self.perform("rcpt", lambda: self._accept_rcpt(found[1]), [found[1]])

    def _accept_rcpt(self, path: str) -> str:
        self._rcpts.append(path)
        return "250 2.1.5 OK"

    def _data(self, _rest: str) -> None:
        self.perform("data", self._accept_data, self._rcpts)

    def _accept_data(self) -> str:
        if not self._rcpts:
            return "554 5.5.1 No valid recipients"
        self.expect_body()
        return "354 End with a dot"

    def _rset(self, _rest: str) -> None:
        self._reset()
        self.say("250 2.0.0 OK")

    def _noop(self, _rest: str) -> None:
        self.say("250 2.0.0 OK")

    def _quit(self, _rest: str) -> None:
        self.say("221 2.0.0 Goodbye")
        self.close()

    def _unknown(self, _rest: str) -> None:
        self.say("502 5.5.1 Not known here")

    _commands = {
        "EHLO": _ehlo,
        "HELO": _old_helo,
        "STARTTLS": _starttls,
        "AUTH": _auth,
        "MAIL": _mail,
        "RCPT": _rcpt,
        "DATA": _data,
        "RSET": _rset,
        "NOOP": _noop,
        "QUIT": _quit,
    }


def _from_base64(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""
