"""What the engine asks of sending domains: with which keys to sign, and where bounces go."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from hatobin.accounts.services.sealing import vault_of
from hatobin.senders.models import DkimKey, KeyAlgorithm, KeyState, SendingDomain
from hatobin.senders.rules import candidates
from hatobin.senders.seals import key_context
from hatobin.wire.dkim import Signer, private_from_pem

_ORDER = (KeyAlgorithm.RSA, KeyAlgorithm.ED25519)


def signers_of(workspace_id: uuid.UUID, from_domain: str) -> list[Signer]:
    """Who signs letters from an address at ``from_domain`` (A-labels): RSA first, then Ed25519.

    The nearest domain counts that has an active RSA key: the domain itself, else a parent of it (DMARC's
    relaxed alignment). Empty: nobody signs. Costs some 60 ms, because OpenSSL checks an RSA key
    when it is opened: the engine asks once per campaign and keeps the answer, which is safe to share between
    threads; asking again every few minutes is enough to follow a rotation, since a key that was
    replaced stays published for a week. Raises SealBroken.
    """
    rows = DkimKey.objects.of(workspace_id).filter(
        domain__name__in=list(candidates(from_domain)), state=KeyState.ACTIVE
    )
    keys = list(rows.select_related("domain"))
    able = (each.domain.name for each in keys if each.algorithm == KeyAlgorithm.RSA)
    nearest = _nearest(able, from_domain)
    chosen = [each for each in keys if each.domain.name == nearest]
    chosen.sort(key=lambda each: _ORDER.index(KeyAlgorithm(each.algorithm)))
    return [_signer(each) for each in chosen]


def is_signed(workspace_id: uuid.UUID, from_domain: str) -> bool:
    """Whether ``signers_of`` finds somebody; no key is opened for it."""
    rows = DkimKey.objects.of(workspace_id).filter(
        domain__name__in=list(candidates(from_domain)),
        state=KeyState.ACTIVE,
        algorithm=KeyAlgorithm.RSA,
    )
    return rows.exists()


def return_path_domain_of(workspace_id: uuid.UUID, from_domain: str) -> str | None:
    """The domain of the envelope sender for letters from ``from_domain``; None: that of the From address.

    The nearest domain counts that signs, and whose return path a check found to have a mail server.
    """
    signing = DkimKey.objects.of(workspace_id).filter(
        state=KeyState.ACTIVE, algorithm=KeyAlgorithm.RSA
    )
    rows = SendingDomain.objects.of(workspace_id).filter(
        name__in=list(candidates(from_domain)),
        return_path_ready=True,
        pk__in=signing.values("domain"),
    )
    found = dict(rows.values_list("name", "return_path"))
    nearest = _nearest(found, from_domain)
    return found[nearest] if nearest else None


def _nearest(names: Iterable[str], from_domain: str) -> str | None:
    known = set(names)
    return next((each for each in candidates(from_domain) if each in known), None)


def _signer(key: DkimKey) -> Signer:
    pem = vault_of(key.workspace_id).open(key.sealed_private or b"", key_context(key.pk))
    return Signer(key.domain.name, key.selector, private_from_pem(pem.decode()))
