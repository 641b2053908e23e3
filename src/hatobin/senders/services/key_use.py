"""Use cases of a DKIM key's course: put to use, replaced, out of use.

A key signs only after the DNS was seen to publish it. Who looks is the room above: doors call
``deliverability.services.activate_key``, never ``activate``.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import cast

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services import audit
from hatobin.accounts.services.access import check_right
from hatobin.common import clock
from hatobin.common.errors import Conflict
from hatobin.senders.models import DkimKey, KeyAlgorithm, KeyState
from hatobin.senders.problems import is_retired, no_key, not_published
from hatobin.senders.rules import OVERLAP
from hatobin.senders.services.domains import access_domain
from hatobin.senders.services.key_making import about
from hatobin.wire.dkim import KeyKind, publication_of


@transaction.atomic
def activate(
    actor: Actor, domain_id: uuid.UUID, key_id: uuid.UUID, *, published: Sequence[str]
) -> DkimKey:
    """Signs with this key from now on; the one before it retires. ``published``: the TXT records that
    stand at its name now. A retiring key may come back this way.

    Raises NotFound, Conflict where the DNS does not publish the key, where it is out of use, or for
    Ed25519 alone.
    """
    check_right(actor, Right.MANAGE)
    key = _access(actor, domain_id, key_id)
    if key.state == KeyState.ACTIVE:
        return key
    if key.state == KeyState.RETIRED:
        raise is_retired()
    found = publication_of(published, cast("KeyKind", key.algorithm), key.public)
    if not found.lets_sign:
        raise not_published(found, key.record_name)
    rows = DkimKey.objects.of(actor.workspace_id).filter(domain=key.domain, state=KeyState.ACTIVE)
    if (
        key.algorithm == KeyAlgorithm.ED25519
        and not rows.filter(algorithm=KeyAlgorithm.RSA).exists()
    ):
        raise Conflict(
            "needs-rsa",
            _("An Ed25519 key signs beside an RSA key, never alone."),
            advice=_("Many receivers read RSA only. Start signing with an RSA key first."),
        )
    now = clock.now()
    rows.filter(algorithm=key.algorithm).update(state=KeyState.RETIRING, retiring_at=now)
    key.state, key.activated_at, key.retiring_at = KeyState.ACTIVE, now, None
    key.save(update_fields=["state", "activated_at", "retiring_at"])
    audit.record(actor, "dkim.activated", subject=str(key.pk), **about(key))
    return key


@transaction.atomic
def retire(
    actor: Actor, domain_id: uuid.UUID, key_id: uuid.UUID, *, at_once: bool = False
) -> DkimKey:
    """Out of use for ever: the sealed private part is erased. Its record may be deleted afterwards.

    A key that signs, or signed within the overlap, only ``at_once``: because it leaked, say.
    Raises NotFound, Conflict.
    """
    check_right(actor, Right.MANAGE)
    key = _access(actor, domain_id, key_id)
    if key.state == KeyState.RETIRED:
        return key
    if key.state == KeyState.ACTIVE and not at_once:
        raise Conflict(
            "key-in-use",
            _("Letters are signed with this key."),
            advice=_("Change to a new key first. If this one leaked, take it out of use at once."),
        )
    if key.retiring_at and clock.now() < key.retiring_at + OVERLAP and not at_once:
        raise Conflict(
            "key-overlap",
            _("Letters that are still on their way carry this key's signature."),
            advice=_("Keep it for %(days)s days after the change."),
            params={"days": OVERLAP.days},
        )
    _erase(key)
    audit.record(actor, "dkim.retired", subject=str(key.pk), **about(key), at_once=at_once)
    return key


@transaction.atomic
def retire_due() -> int:
    """Erases the keys whose overlap is over, in every workspace; how many."""
    rows = DkimKey.objects.across_workspaces().filter(
        state=KeyState.RETIRING, retiring_at__lt=clock.now() - OVERLAP
    )
    found = list(rows.select_for_update(skip_locked=True, of=("self",)).select_related("domain"))
    for key in found:
        _erase(key)
        actor = Actor(workspace_id=key.workspace_id, rights=frozenset(), label="engine")
        audit.record(actor, "dkim.retired", subject=str(key.pk), **about(key), at_once=False)
    return len(found)


def _erase(key: DkimKey) -> None:
    key.state, key.retired_at, key.sealed_private = KeyState.RETIRED, clock.now(), None
    key.save(update_fields=["state", "retired_at", "sealed_private"])


def _access(actor: Actor, domain_id: uuid.UUID, key_id: uuid.UUID) -> DkimKey:
    domain = access_domain(actor, domain_id)
    rows = DkimKey.objects.of(actor.workspace_id).select_for_update()
    key = rows.filter(pk=key_id, domain=domain).first()
    if key is None:
        raise no_key()
    key.domain = domain
    return key
