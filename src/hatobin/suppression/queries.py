"""Reading the do-not-mail ledger."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services.access import check_right
from hatobin.accounts.services.sealing import vault_of
from hatobin.suppression.models import Suppression
from hatobin.wire.address import AddressError, parse_address

PAGE = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One line of the ledger, opened."""

    id: int
    address: str
    reason: str
    reason_text: str
    created_at: datetime
    removable: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class EntryPage:
    """A page of the ledger, newest first."""

    entries: tuple[Entry, ...]
    total: int
    page: int
    pages: int


def suppressed_keys(workspace_id: uuid.UUID, keys: Iterable[bytes]) -> set[bytes]:
    """Which of these address keys stand in the ledger."""
    rows = Suppression.objects.of(workspace_id).filter(address_key__in=list(keys))
    return {bytes(key) for key in rows.values_list("address_key", flat=True)}


def entries(actor: Actor, *, search: str = "", page: int = 1) -> EntryPage:
    """The ledger, newest first; ``search`` is one whole address."""
    check_right(actor, Right.VIEW_PEOPLE)
    vault = vault_of(actor.workspace_id)
    rows = Suppression.objects.of(actor.workspace_id).order_by("-id")
    if search.strip():
        try:
            key = vault.address_key(parse_address(search.strip()).key_form)
        except AddressError:
            key = b""
        rows = rows.filter(address_key=key)
    total = rows.count()
    pages = max(1, -(-total // PAGE))
    page = min(max(page, 1), pages)
    found = tuple(_opened(row, actor) for row in rows[(page - 1) * PAGE : page * PAGE])
    return EntryPage(entries=found, total=total, page=page, pages=pages)


def _opened(row: Suppression, actor: Actor) -> Entry:
    vault = vault_of(actor.workspace_id)
    address = vault.open(row.sealed, b"suppression:" + bytes(row.address_key)).decode()
    return Entry(
        id=row.pk,
        address=address,
        reason=row.reason,
        reason_text=row.get_reason_display(),
        created_at=row.created_at,
        removable=row.reason in {"manual", "bounced"},
    )
