"""Use cases of new DKIM keys: made here, or brought along. None signs before it was activated."""

from __future__ import annotations

import secrets
import uuid

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.models import WorkspaceRows
from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services import audit
from hatobin.accounts.services.access import check_right
from hatobin.accounts.services.sealing import vault_of
from hatobin.common import clock
from hatobin.common.errors import Conflict, Invalid
from hatobin.senders.models import DkimKey, KeyAlgorithm, KeyState, SendingDomain
from hatobin.senders.problems import another_waits, unusable_pem
from hatobin.senders.rules import SMALLEST_RSA, is_selector, new_selector
from hatobin.senders.seals import key_context
from hatobin.senders.services.domains import access_domain
from hatobin.wire.dkim import (
    BadKey,
    PrivateKey,
    bits_of,
    generate_ed25519,
    generate_rsa,
    private_from_pem,
    private_to_pem,
    public_text,
)

_CHANCE = "abcdefghijkmnpqrstuvwxyz23456789"  # without letters and digits that look alike


@transaction.atomic
def generate_key(
    actor: Actor, domain_id: uuid.UUID, *, algorithm: str = "rsa", selector: str = ""
) -> DkimKey:
    """A new key, RSA-2048 or Ed25519.

    Raises NotFound, Invalid (field named), Conflict while another new key of the kind waits.
    """
    check_right(actor, Right.MANAGE)
    domain = access_domain(actor, domain_id)
    if algorithm not in KeyAlgorithm.values:
        raise Invalid("unknown-algorithm", _("Choose RSA or Ed25519."), field="algorithm")
    _check_room(domain, algorithm)
    name = _checked_selector(domain, selector)
    key = generate_rsa() if algorithm == KeyAlgorithm.RSA else generate_ed25519()
    made = _store(domain, key, selector=name, imported=False)
    audit.record(actor, "dkim.generated", subject=str(made.pk), **about(made))
    return made


@transaction.atomic
def import_key(
    actor: Actor, domain_id: uuid.UUID, *, private_key: str, selector: str = ""
) -> DkimKey:
    """A key that was made elsewhere, as PEM without a passphrase. Give its selector if it is published.

    Raises NotFound, Invalid (what is wrong with the text), Conflict (known, or another one waits).
    """
    check_right(actor, Right.MANAGE)
    domain = access_domain(actor, domain_id)
    key = _read(private_key)
    if _keys(domain).filter(public=public_text(key)).exists():
        raise Conflict(
            "known-key",
            _("This domain has, or had, this key."),
            advice=_("Use another one."),
            field="private_key",
        )
    _check_room(domain, _algorithm(key))
    made = _store(domain, key, selector=_checked_selector(domain, selector), imported=True)
    audit.record(actor, "dkim.imported", subject=str(made.pk), **about(made))
    return made


@transaction.atomic
def rotate(actor: Actor, domain_id: uuid.UUID) -> list[DkimKey]:
    """A successor for each kind of key that signs; the old one goes on until the new one is activated.

    Raises NotFound, Conflict where no key signs, or where successors are waiting already.
    """
    check_right(actor, Right.MANAGE)
    domain = access_domain(actor, domain_id)
    signing = _algorithms(domain, KeyState.ACTIVE)
    if not signing:
        raise Conflict(
            "nothing-to-rotate",
            _("No key of this domain signs letters yet."),
            advice=_("Make a key, publish it, and start signing with it."),
        )
    wanted = signing - _algorithms(domain, KeyState.NEW)
    if not wanted:
        raise another_waits()
    return [generate_key(actor, domain_id, algorithm=each) for each in sorted(wanted, reverse=True)]


def about(key: DkimKey) -> dict[str, object]:
    """What the audit log says of a key; nothing of it is secret."""
    return {"domain": key.domain.name, "selector": key.selector, "algorithm": key.algorithm}


def _read(pem: str) -> PrivateKey:
    try:
        key = private_from_pem(pem)
    except BadKey as error:
        raise unusable_pem(error.code, pem) from error
    if isinstance(key, RSAPrivateKey) and key.key_size < SMALLEST_RSA:
        raise unusable_pem("too-short", pem)
    return key


def _store(domain: SendingDomain, key: PrivateKey, *, selector: str, imported: bool) -> DkimKey:
    row = DkimKey(
        workspace_id=domain.workspace_id,
        domain=domain,
        selector=selector,
        algorithm=_algorithm(key),
        bits=bits_of(key),
        public=public_text(key),
        imported=imported,
    )
    vault = vault_of(domain.workspace_id)
    row.sealed_private = vault.seal(private_to_pem(key), key_context(row.pk))
    row.save()
    return row


def _checked_selector(domain: SendingDomain, text: str) -> str:
    selector = text.strip().lower()
    if not selector:
        chance = "".join(secrets.choice(_CHANCE) for _each in range(4))
        return new_selector(clock.now(), chance)
    if not is_selector(selector):
        raise Invalid(
            "bad-selector",
            _("A selector has letters, digits and hyphens only, at most 63."),
            advice=_("Leave it empty to have one made."),
            field="selector",
        )
    if _keys(domain).filter(selector=selector).exists():
        raise Conflict(
            "known-selector",
            _("This domain has, or had, a key with this selector."),
            advice=_("Choose another one: receivers keep what they once read there."),
            field="selector",
        )
    return selector


def _check_room(domain: SendingDomain, algorithm: str) -> None:
    if algorithm in _algorithms(domain, KeyState.NEW):
        raise another_waits()


def _keys(domain: SendingDomain) -> WorkspaceRows[DkimKey]:
    return DkimKey.objects.of(domain.workspace_id).filter(domain=domain)


def _algorithms(domain: SendingDomain, state: KeyState) -> set[str]:
    return set(_keys(domain).filter(state=state).values_list("algorithm", flat=True))


def _algorithm(key: PrivateKey) -> str:
    return KeyAlgorithm.RSA if isinstance(key, RSAPrivateKey) else KeyAlgorithm.ED25519
