"""The connection test: talks to a road's server as a sender would, and says what is wrong in plain words.

It signs in and asks whether a letter of the workspace's sender would be taken; it sends none.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services.access import check_right
from hatobin.accounts.services.sealing import SealBroken, vault_of
from hatobin.common.errors import NotFound
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
from hatobin.delivery.models import Egress, EgressKind
from hatobin.delivery.rules.relays import check_relay
from hatobin.delivery.rules.troubles import trouble_advice, trouble_text
from hatobin.delivery.seals import password_context
from hatobin.delivery.services.endpoints import endpoint_of, relay_endpoint
from hatobin.senders.queries import default_address
from hatobin.wire.address import AddressError, parse_address

_PATIENCE = Timeouts(connect=8, tls=8, greeting=8, command=8, quit=1)
_CONNECT, _ENCRYPT, _SIGN_IN, _OFFER = "connect", "encrypt", "sign-in", "offer"
_STEP_TEXTS: dict[str, str | Promise] = {
    _CONNECT: _("Connect"),
    _ENCRYPT: _("Encrypt"),
    _SIGN_IN: _("Sign in"),
    _OFFER: _("Ask whether it takes letters"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One thing that was tried. ``ok`` is None when it did not come to that."""

    code: str
    text: str | Promise
    ok: bool | None


@dataclass(frozen=True, kw_only=True, slots=True)
class EgressTest:
    """``code`` is empty when all is well. ``words``: the server's own, or the system's."""

    ok: bool
    code: str
    text: str | Promise
    advice: str | Promise
    words: str
    steps: tuple[Step, ...]


def test_egress(actor: Actor, egress_id: uuid.UUID) -> EgressTest:
    """Tries a stored road; raises NotFound."""
    check_right(actor, Right.MANAGE)
    return _try(_access(actor, egress_id))


def test_values(
    actor: Actor,
    *,
    host: str,
    port: int,
    tls: str,
    username: str,
    password: str,
    egress_id: uuid.UUID | None,
) -> EgressTest:
    """Tries values before they are saved. An empty password takes the stored one of ``egress_id``, but
    only towards the server and user it was entered for.

    Raises Invalid for values that no relay can have.
    """
    check_right(actor, Right.MANAGE)
    host, username = host.strip(), username.strip()
    check_relay(host=host, port=port, tls=tls, username=username)
    if not password and egress_id:
        password = _stored_password(_access(actor, egress_id), host=host, username=username)
    endpoint = relay_endpoint(
        host=host, port=port, tls=tls, username=username, password=password, timeouts=_PATIENCE
    )
    return examine(endpoint, _sender(actor.workspace_id))


def examine_all() -> Iterator[tuple[str, str, str]]:
    """Every road of the installation that somebody uses: (name, what is wrong, advice); for the doctor."""
    rows = Egress.objects.across_workspaces().filter(removed_at=None)
    for row in rows.exclude(kind=EgressKind.SANDBOX).order_by("created_at"):
        found = _try(row)
        yield row.name, "" if found.ok else str(found.text), str(found.advice)


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


def _sender(workspace_id: uuid.UUID) -> str:
    """The envelope sender of the workspace's letters; empty where there is none that every server takes."""
    with contextlib.suppress(AddressError):
        address = parse_address(default_address(workspace_id))
        return "" if address.needs_smtputf8 else address.wire
    return ""


def _try(row: Egress) -> EgressTest:
    names = ("id", "workspace_id", "kind", "host", "port", "tls", "username", "sealed_password")
    values: dict[str, Any] = {name: getattr(row, name) for name in names}
    try:
        endpoint = endpoint_of(**values, timeouts=_PATIENCE)
    except SealBroken:
        return EgressTest(
            ok=False,
            code="seal-broken",
            text=trouble_text("seal-broken"),
            advice=trouble_advice("seal-broken"),
            words="",
            steps=(),
        )
    return examine(endpoint, _sender(row.workspace_id))


def _failed(error: EgressError, endpoint: Endpoint) -> EgressTest:
    step = _CONNECT
    if isinstance(error, TlsFailed):
        step = _ENCRYPT
    elif isinstance(error, AuthFailed):
        step = _SIGN_IN
    elif isinstance(error, Refused | ConnectionLost):
        step = _OFFER
    code = error.kind
    # Without TLS from the start, a TLS port stays silent; with it, the greeting comes too early.
    if code == "greeting-timeout" and endpoint.security != "tls" and endpoint.port == 465:
        code = "needs-tls"
    if isinstance(error, GreetingRefused) and error.reply is not None and error.reply.code == 421:
        code = "shutting-down"
    return EgressTest(
        ok=False,
        code=code,
        text=trouble_text(code),
        advice=trouble_advice(code),
        words=(str(error.reply) if error.reply else error.detail)[:500],
        steps=_steps(endpoint, failed=step),
    )


def _steps(endpoint: Endpoint, failed: str | None) -> tuple[Step, ...]:
    wanted = [_CONNECT]
    if endpoint.security != "none":
        wanted.append(_ENCRYPT)
    if endpoint.username:
        wanted.append(_SIGN_IN)
    wanted.append(_OFFER)
    place = wanted.index(failed) if failed in wanted else len(wanted) if failed is None else 0
    return tuple(
        Step(
            code=code,
            text=_STEP_TEXTS[code],
            ok=True if index < place else False if index == place else None,
        )
        for index, code in enumerate(wanted)
    )


def _access(actor: Actor, egress_id: uuid.UUID) -> Egress:
    row = Egress.objects.of(actor.workspace_id).filter(pk=egress_id, removed_at=None).first()
    if row is None:
        raise NotFound("no-egress", _("This way of sending no longer exists."))
    return row


def _stored_password(row: Egress, *, host: str, username: str) -> str:
    if row.sealed_password is None or (row.host, row.username) != (host, username):
        return ""
    return vault_of(row.workspace_id).open(row.sealed_password, password_context(row.pk)).decode()
