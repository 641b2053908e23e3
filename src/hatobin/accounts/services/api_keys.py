"""API keys: shown once, stored as a hash, limited by scope and time."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.models import ApiKey
from hatobin.accounts.rules import SCOPE_RIGHTS, Actor, Right
from hatobin.accounts.services import audit
from hatobin.accounts.services.access import check_right
from hatobin.common import clock
from hatobin.common.errors import Invalid, NotFound

_PREFIX = "hb_"
MAX_DAYS = 366
_TOUCH = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class NewApiKey:
    """A key just made: the only moment at which ``secret`` is known."""

    key: ApiKey
    secret: str


@transaction.atomic
def create_api_key(actor: Actor, *, name: str, scopes: Sequence[str], days: int) -> NewApiKey:
    """Makes a key that works for ``days`` days (1 to 366) within ``scopes``."""
    check_right(actor, Right.MANAGE)
    if not name.strip():
        raise Invalid("missing", _("This must be filled in."), field="name")
    if not scopes or not set(scopes) <= SCOPE_RIGHTS.keys():
        raise Invalid(
            "unknown-scope", _("Choose at least one thing the key may do."), field="scopes"
        )
    if not 1 <= days <= MAX_DAYS:
        raise Invalid(
            "bad-days",
            _("A key works between 1 and %(most)s days."),
            field="days",
            params={"most": MAX_DAYS},
        )
    prefix = _PREFIX + secrets.token_hex(4)
    secret = f"{prefix}_{secrets.token_urlsafe(32)}"
    key = ApiKey.objects.create(
        workspace_id=actor.workspace_id,
        name=name.strip()[:120],
        prefix=prefix,
        secret_hash=_hash(secret),
        scopes=sorted(set(scopes)),
        expires_at=clock.now() + timedelta(days=days),
        created_by_id=actor.user_id,
    )
    audit.record(actor, "api-key.created", subject=prefix, scopes=key.scopes, days=days)
    return NewApiKey(key=key, secret=secret)


def actor_of_key(secret: str) -> Actor | None:
    """The actor behind a key, or None when it is unknown, revoked or expired."""
    prefix = "_".join(secret.split("_")[:2])
    key = ApiKey.objects.across_workspaces().filter(prefix=prefix, revoked_at=None).first()
    now = clock.now()
    if key is None or not hmac.compare_digest(bytes(key.secret_hash), _hash(secret)):
        return None
    if key.expires_at <= now:
        return None
    if key.last_used_at is None or now - key.last_used_at > _TOUCH:
        ApiKey.objects.across_workspaces().filter(pk=key.pk).update(last_used_at=now)
    rights = frozenset[Right]().union(
        *(SCOPE_RIGHTS.get(scope, frozenset()) for scope in key.scopes)
    )
    return Actor(workspace_id=key.workspace_id, rights=rights, label=f"api:{prefix}", role="api")


def api_keys(actor: Actor) -> list[ApiKey]:
    """Every key of the workspace, newest first."""
    check_right(actor, Right.MANAGE)
    return list(ApiKey.objects.of(actor.workspace_id).order_by("-created_at"))


@transaction.atomic
def revoke_api_key(actor: Actor, key_id: uuid.UUID) -> None:
    """Ends a key now."""
    check_right(actor, Right.MANAGE)
    rows = ApiKey.objects.of(actor.workspace_id).select_for_update()
    key = rows.filter(pk=key_id, revoked_at=None).first()
    if key is None:
        raise NotFound("no-api-key", _("There is no such key, or it was already revoked."))
    _end(actor, key)


def revoke_keys_of(actor: Actor, user_id: uuid.UUID) -> int:
    """Ends the keys that a person made in this workspace and still knows; answers how many."""
    rows = ApiKey.objects.of(actor.workspace_id).select_for_update()
    keys = list(rows.filter(created_by_id=user_id, revoked_at=None))
    for key in keys:
        _end(actor, key)
    return sum(key.expires_at > clock.now() for key in keys)


def _end(actor: Actor, key: ApiKey) -> None:
    key.revoked_at = clock.now()
    key.save(update_fields=["revoked_at"])
    audit.record(actor, "api-key.revoked", subject=key.prefix)


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
