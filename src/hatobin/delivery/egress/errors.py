"""What can go wrong on the way to a server, told so that a screen can put it in plain words.

``kind`` is a stable code; ``reply`` holds the server's own words where it spoke; ``detail`` is
technical text of the operating system or TLS library, for logs and experts; ``temporary`` says
whether the same attempt may succeed later without anybody changing anything.
"""

from __future__ import annotations

from datetime import datetime

from hatobin.wire.reply import Reply


class EgressError(Exception):
    """Base of all errors of this package."""

    def __init__(
        self, kind: str, *, temporary: bool, reply: Reply | None = None, detail: str = ""
    ) -> None:
        words = str(reply) if reply else detail
        super().__init__(f"{kind}: {words}" if words else kind)
        self.kind = kind
        self.temporary = temporary
        self.reply = reply
        self.detail = detail


class ConnectFailed(EgressError):
    """No conversation came about.

    Kinds: ``host-unknown``, ``dns`` (the resolver does not answer), ``refused``, ``unreachable``,
    ``timeout``, ``greeting-timeout`` (connected, then silence), ``closed`` (hung up before the
    conversation was ready), ``source-unusable`` (this machine does not have the address that it
    should send from), ``source-family`` (the servers have IPv4 addresses only and the source none, or
    the other way round).
    """


class GreetingRefused(EgressError):
    """The server does not want to talk.

    Kinds: ``greeting-refused``, ``ehlo-refused``, ``shutting-down`` (421), ``not-smtp`` (something
    else answers on this port), ``endless``, ``unasked`` (it spoke out of turn).
    """


class TlsFailed(EgressError):
    """The connection could not be protected.

    Kinds: ``starttls-not-offered``, ``starttls-refused``, ``starttls-injection`` (somebody added
    bytes before the encryption began), ``not-tls`` (the port speaks without TLS), ``certificate``,
    ``handshake``, ``timeout``; and where the domain's MTA-STS policy insists: ``mta-sts-mismatch``
    (none of the domain's servers is one that the policy names), ``mta-sts-tls`` (the server could
    not prove itself under TLS; ``detail`` says how it failed).
    """


class NoRoute(EgressError):
    """There is no server to which mail for this domain could go.

    Kinds: ``no-such-domain``, ``no-mail`` (the domain says that it takes none, RFC 7505),
    ``no-mail-server``, ``mail-loop`` (it would be this machine), ``bogus-address`` (an address that
    cannot be a mail server's), ``dns`` (temporary), ``dns-loop``. The only error of the direct road
    that, where not temporary, is the end of a letter.
    """


class NoSource(EgressError):
    """None of the addresses to send from is usable now. Kind: ``no-source``."""

    def __init__(self, retry_at: datetime | None) -> None:
        super().__init__("no-source", temporary=True)
        self.retry_at = retry_at


class AuthFailed(EgressError):
    """Signing in failed.

    Kinds: ``auth-refused``, ``auth-temporary``, ``auth-not-offered``, ``auth-no-mechanism`` (only
    ones that this client does not speak), ``auth-needs-tls``, ``closed``, ``timeout``, ``not-smtp``,
    ``endless``, ``unasked``.
    """


class Refused(EgressError):
    """The server said no to this message before its body was complete.

    ``stage``: ``mail``, ``rcpt``, ``data``, ``body``. Kinds: ``refused``; or, decided here from what
    the server offers, with ``reply`` None: ``too-large``, ``smtputf8-not-offered``,
    ``8bitmime-not-offered``. Look at ``SmtpConnection.alive`` before using the connection again.
    """

    def __init__(
        self, stage: str, reply: Reply | None, *, temporary: bool, kind: str = "refused"
    ) -> None:
        super().__init__(kind, temporary=temporary, reply=reply)
        self.stage = stage


class ConnectionLost(EgressError):
    """The conversation broke before the final dot: this message was certainly not delivered.

    Kinds: ``closed``, ``timeout``, ``not-smtp``, ``endless``, ``unasked``, ``shutting-down``,
    ``unexpected-reply``.
    """


class InDoubt(EgressError):
    """The final dot went out and no answer that can be understood came back.

    The message may have been delivered. Kinds as in :class:`ConnectionLost`.
    """
