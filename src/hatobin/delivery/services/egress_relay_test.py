"""The test of a relay or the sandbox: talks to its server as a sender would.

It signs in and asks whether a letter of the workspace's sender would be taken; it sends none.
"""

from __future__ import annotations

import asyncio

from django.utils.translation import gettext_lazy as _

from hatobin.delivery.egress.endpoint import Endpoint, Timeouts
from hatobin.delivery.egress.errors import (
    AuthFailed,
    ConnectionLost,
    EgressError,
    GreetingRefused,
    Refused,
    TlsFailed,
)
from hatobin.delivery.egress.smtp_client import SmtpConnection
from hatobin.delivery.models import EgressKind
from hatobin.delivery.services.egress_report import (
    CONNECT,
    ENCRYPT,
    OFFER,
    SIGN_IN,
    EgressTest,
    Step,
    failed_test,
    steps_until,
)

PATIENCE = Timeouts(connect=8, tls=8, greeting=8, command=8, quit=1)


def examine(endpoint: Endpoint, sender: str) -> EgressTest:
    """Connects, encrypts, signs in, asks for a letter from ``sender`` (may be empty), says goodbye."""
    try:
        encrypted = asyncio.run(_visit(endpoint, sender))
    except EgressError as error:
        return _failed(error, endpoint)
    return EgressTest(
        ok=True,
        code="",
        text=_("The server answers and accepts the settings."),
        advice="" if encrypted or endpoint.is_loopback else _("The connection is not encrypted."),
        words="",
        steps=_steps(endpoint, failed=None),
    )


async def _visit(endpoint: Endpoint, sender: str) -> bool:
    connection = await SmtpConnection.open(endpoint)
    try:
        await connection.try_envelope(sender, sender)
    except Refused as refused:
        kind = _why_refused(refused, connection, endpoint, sender)
        if kind:
            raise Refused(
                refused.stage, refused.reply, temporary=refused.temporary, kind=kind
            ) from None
    finally:
        await connection.quit()
    return connection.encrypted


def _why_refused(
    refused: Refused, connection: SmtpConnection, endpoint: Endpoint, sender: str
) -> str:
    """The kind of trouble that a letter would meet as well; empty where the question was to blame.

    No server must take the null sender, nor must the sender's own mailbox be behind this server.
    """
    wants_sign_in = "AUTH" in connection.features and not endpoint.username
    if refused.reply is not None and refused.reply.code == 530:
        encrypts = "STARTTLS" in connection.features and not connection.encrypted
        return "needs-starttls" if encrypts and not wants_sign_in else "auth-required"
    if wants_sign_in and not refused.temporary:
        return "auth-required"
    if refused.stage == "rcpt" or not sender:
        return ""
    return "sender-later" if refused.temporary else "sender-refused"


def _failed(error: EgressError, endpoint: Endpoint) -> EgressTest:
    step = step_of(error)
    code = error.kind
    # Without TLS from the start, a TLS port stays silent; with it, the greeting comes too early.
    if code == "greeting-timeout" and endpoint.security != "tls" and endpoint.port == 465:
        code = "needs-tls"
    if isinstance(error, GreetingRefused) and error.reply is not None and error.reply.code == 421:
        code = "shutting-down"
    words = str(error.reply) if error.reply else error.detail
    steps = _steps(endpoint, failed=step)
    return failed_test(code, EgressKind.SMTP_RELAY, words=words, steps=steps)


def step_of(error: EgressError) -> str:
    """At which step a conversation ended."""
    if isinstance(error, TlsFailed):
        return ENCRYPT
    if isinstance(error, AuthFailed):
        return SIGN_IN
    return OFFER if isinstance(error, Refused | ConnectionLost) else CONNECT


def _steps(endpoint: Endpoint, failed: str | None) -> tuple[Step, ...]:
    wanted = [CONNECT]
    if endpoint.security != "none":
        wanted.append(ENCRYPT)
    if endpoint.username:
        wanted.append(SIGN_IN)
    return steps_until([*wanted, OFFER], failed=failed)
