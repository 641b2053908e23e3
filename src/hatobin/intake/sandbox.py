"""NAME
    sandbox - the SMTP server behind the sandbox mailbox

JOB
    Takes letters from this installation's own senders and stores them, sealed, for the mailbox
    screen. It relays nothing: there is no code here that could.

SECURITY
    Listens on loopback. A sender signs in with its workspace's id and a password derived from the
    master key, so that a letter lands in the right workspace and strangers' mail is refused.

LIMITS
    30 MiB a letter. A letter is answered 250 only when it is committed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import uuid
import warnings
from typing import cast

import structlog
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from asgiref.sync import sync_to_async
from django.db import close_old_connections

from hatobin.delivery.sandbox import services

_log = structlog.get_logger("hatobin.sandbox")
_LARGEST = 30 * 1024 * 1024
# aiosmtpd warns of a sign-in without TLS, which is right on loopback, and of its own old attribute.
_AS_IT_SHOULD_BE = (
    "auth_required == True but auth_require_tls == False",
    "Session.login_data is deprecated",
)


class Mailbox:
    """aiosmtpd's handler: one letter in, one row."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Stores the letter and only then says so (RFC 5321 section 6.1)."""
        workspace_id = cast("object", session.auth_data)
        if not isinstance(workspace_id, uuid.UUID) or envelope.mail_from is None:
            return "530 5.7.0 Authentication required"
        raw = envelope.original_content or b""
        try:
            await sync_to_async(_store, thread_sensitive=False)(
                workspace_id,
                envelope.mail_from,
                list(envelope.rcpt_tos),
                session.host_name or "",
                raw,
            )
        except Exception:
            _log.exception("a letter could not be stored")
            return "451 4.3.0 Could not be stored, try again"
        return "250 2.0.0 Kept in the sandbox"


def _store(
    workspace_id: uuid.UUID, mail_from: str, rcpts: list[str], helo: str, raw: bytes
) -> None:
    close_old_connections()
    services.store(workspace_id, mail_from, rcpts, helo, raw)


def _authenticate(
    _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, auth_data: object
) -> AuthResult:
    if isinstance(auth_data, LoginPassword):
        workspace_id = services.check_login(auth_data.login.decode(), auth_data.password.decode())
        if workspace_id is not None:
            return AuthResult(success=True, auth_data=workspace_id)
    return AuthResult(success=False, handled=False)


def _is_news(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith(_AS_IT_SHOULD_BE)


async def serve_sandbox(host: str, port: int) -> None:
    """Serves until SIGTERM or SIGINT."""
    logging.getLogger("mail.log").addFilter(_is_news)
    warnings.filterwarnings("ignore", "Requiring AUTH while not requiring TLS", UserWarning)
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    def factory() -> SMTP:
        return SMTP(
            Mailbox(),
            data_size_limit=_LARGEST,
            enable_SMTPUTF8=True,
            ident="Hatobin sandbox",
            hostname="sandbox.hatobin.invalid",
            authenticator=_authenticate,
            auth_required=True,
            auth_require_tls=False,
            loop=loop,
        )

    server = await loop.create_server(factory, host, port)
    _log.info("sandbox mailbox listens", host=host, port=port)
    await stop.wait()
    server.close()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(server.wait_closed(), 5)
