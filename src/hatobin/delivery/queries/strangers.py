"""Whether a letter's own text names a contact: proved once, before a release (promise P1)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from hatobin.accounts.services.sealing import vault_of
from hatobin.audience.models import Contact
from hatobin.content.letters import CompiledLetter
from hatobin.delivery.rules.last_byte import addresses_in, strangers_in
from hatobin.senders.frozen import FrozenSender


def static_addresses_of_contacts(
    workspace_id: uuid.UUID, letter: CompiledLetter, sender: FrozenSender
) -> tuple[str, ...]:
    """Addresses in the letter's own text, fallbacks included, that belong to contacts, sorted.

    The sender's own addresses and those of the legal footer are the office's to show.
    """
    texts = [("html", letter.html)]
    plain = (letter.subject, letter.preheader, letter.text, *letter.fallbacks.values())
    texts += [("text", text) for text in plain]
    return tuple(
        sorted(known_addresses(workspace_id, strangers_in(texts, own=addresses_of(sender))))
    )


def addresses_of(sender: FrozenSender) -> frozenset[str]:
    """The office's own addresses, which every letter may show."""
    return addresses_in(
        sender.address, sender.reply_to, sender.organisation, sender.postal_address, sender.contact
    )


def known_addresses(workspace_id: uuid.UUID, forms: Iterable[str]) -> frozenset[str]:
    """Which of these normalised addresses belong to people of the workspace."""
    vault = vault_of(workspace_id)
    by_key = {vault.address_key(form): form for form in forms}
    if not by_key:
        return frozenset()
    contacts = Contact.objects.of(workspace_id).filter(address_key__in=list(by_key))
    return frozenset(by_key[bytes(k)] for k in contacts.values_list("address_key", flat=True))
