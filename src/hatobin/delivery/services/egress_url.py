"""Roads named by a URL, for commands: ``smtp://user@host:port``, ``smtps://…``, ``sandbox``; or by their
name or id.

``smtp`` encrypts where the server offers STARTTLS, ``smtp+starttls`` insists on it, ``smtp+none`` never does,
``smtps`` is TLS from the start. A password never travels unencrypted beyond this machine.
"""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services.access import check_right
from hatobin.accounts.services.workspaces import lock_workspace
from hatobin.common.errors import HatobinError, Invalid
from hatobin.delivery.models import Egress, EgressKind, TlsMode
from hatobin.delivery.services.egress import ensure_sandbox, save_relay

_TLS = {
    "smtp": TlsMode.OPPORTUNISTIC,
    "smtp+starttls": TlsMode.STARTTLS,
    "smtp+none": TlsMode.NONE,
    "smtps": TlsMode.TLS,
}
_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtp+none": 25, "smtps": 465}


def egress_by_url(actor: Actor, url: str, *, password: str = "") -> Egress:
    """The road that ``url`` names: a stored one with the same server and user, else a new one.

    What is no URL is the name or the id of a stored one. Without a URL the workspace's default, else the
    sandbox. Raises Invalid (``field="egress"``).
    """
    check_right(actor, Right.SEND)
    if not url:
        stored = (
            Egress.objects.of(actor.workspace_id).filter(is_default=True, removed_at=None).first()
        )
        return stored or ensure_sandbox(actor.workspace_id)
    if url.rstrip(":/") == "sandbox":
        return ensure_sandbox(actor.workspace_id)
    return _relay(actor, url, password) if "://" in url else _stored(actor, url)


def _stored(actor: Actor, name: str) -> Egress:
    rows = Egress.objects.of(actor.workspace_id).filter(removed_at=None)
    found = [each for each in rows if name in {each.name, str(each.pk)}]
    if len(found) == 1:
        return found[0]
    if not found:
        raise _bad(name)
    raise Invalid(
        "which-egress",
        _("Several ways of sending have this name. Give the id of one: %(ids)s"),
        field="egress",
        params={"ids": ", ".join(str(each.pk) for each in found)},
    )


@transaction.atomic
def _relay(actor: Actor, url: str, password: str) -> Egress:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError as error:
        raise _bad(url) from error
    if parts.scheme not in _TLS or not host or parts.path.strip("/"):
        raise _bad(url)
    lock_workspace(actor.workspace_id)  # equal URLs that come at once name one road
    tls, username = _TLS[parts.scheme], unquote(parts.username or "")
    rows = Egress.objects.of(actor.workspace_id).filter(
        kind=EgressKind.SMTP_RELAY,
        removed_at=None,
        host=host,
        port=port,
        tls=tls,
        username=username,
    )
    stored = rows.order_by("created_at").first()
    secret = unquote(parts.password or "") or password
    if stored and not secret:
        return stored
    return save_relay(
        actor,
        name=stored.name if stored else f"{host}:{port}",
        host=host,
        port=port,
        tls=tls,
        username=username,
        password=secret,
        egress_id=stored.pk if stored else None,
    )


def _bad(url: str) -> HatobinError:
    return Invalid(
        "bad-egress",
        _("“%(url)s” does not name a way of sending."),
        advice=_(
            "Write smtp://host:port, smtps://host:port, sandbox, or the name of a stored one."
        ),
        field="egress",
        params={"url": url.rpartition("@")[2]},
    )
