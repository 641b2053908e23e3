"""A row per person: state, time, and the receiving server's own words. Opened, so for VIEW_PEOPLE only."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services.access import check_right
from hatobin.accounts.services.sealing import Vault, vault_of
from hatobin.audience.people import Person, is_found, search_words
from hatobin.audience.queries.people import kinds_of
from hatobin.delivery.models import Delivery
from hatobin.delivery.queries.letters import person_of
from hatobin.delivery.rules.decide import fill_words
from hatobin.delivery.rules.reasons import reason_text
from hatobin.delivery.rules.states import NOT_RECEIVED

PAGE = 50
_SCAN_MAX = 20_000  # candidates that one search opens


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One person's letter. ``words`` are the server's, with the address filled in.

    ``at``: when it ended, else when the next try is; ``fields`` are all of the person's.
    """

    delivery_id: int
    contact_id: int
    position: int
    address: str
    fields: Mapping[str, str]
    state: str
    state_text: str
    reason: str
    reason_text: str
    attempts: int
    at: datetime
    ended: bool
    held: bool
    code: int | None
    status: str
    words: str

    @property
    def answer(self) -> str:
        """The server's answer as it came: ``550 5.1.1 User unknown``; empty without words."""
        if not self.words:
            return ""
        return " ".join(filter(None, (str(self.code or ""), self.status, self.words)))


@dataclass(frozen=True, kw_only=True, slots=True)
class RowPage:
    """A page in the list's order. ``complete`` is False when a search stopped looking."""

    rows: tuple[Row, ...]
    total: int
    page: int
    pages: int
    complete: bool = True


def rows(
    actor: Actor,
    dispatch_id: uuid.UUID,
    *,
    states: Collection[str] = (),
    search: str = "",
    page: int = 1,
) -> RowPage:
    """People whose letter is in one of ``states`` (none: any) and in whose data every word stands."""
    check_right(actor, Right.VIEW_PEOPLE)
    found = Delivery.objects.of(actor.workspace_id).filter(dispatch_id=dispatch_id)
    found = found.select_related("contact").order_by("position", "pk")
    if states:
        found = found.filter(**{_column(states): list(states)})
    vault = vault_of(actor.workspace_id)
    words = search_words(search)
    if not words:
        return _page(found, found.count(), page, vault)
    candidates = found.filter(contact__search_keys__contains=vault.search_keys(words))
    chosen, complete = _searched(actor, candidates, words, vault)
    return _page(chosen, len(chosen), page, vault, complete=complete)


def _column(states: Collection[str]) -> str:
    """What stands in an index, where it does."""
    return "missed__in" if NOT_RECEIVED.issuperset(states) else "state__in"


def _searched(
    actor: Actor, candidates: QuerySet[Delivery], words: list[str], vault: Vault
) -> tuple[list[Delivery], bool]:
    """Pair hashes narrow down; the opened text decides."""
    kinds = kinds_of(actor.workspace_id)
    chosen: list[Delivery] = []
    for opened, row in enumerate(candidates.iterator(chunk_size=1000)):
        if opened >= _SCAN_MAX:
            return chosen, False
        if is_found(person_of(row, vault), kinds, words):
            chosen.append(row)
    return chosen, True


def _page(
    found: QuerySet[Delivery] | list[Delivery],
    total: int,
    page: int,
    vault: Vault,
    *,
    complete: bool = True,
) -> RowPage:
    pages = max(1, -(-total // PAGE))
    page = min(max(page, 1), pages)
    shown: Iterable[Delivery] = found[(page - 1) * PAGE : page * PAGE]
    return RowPage(
        rows=tuple(_row(each, person_of(each, vault)) for each in shown),
        total=total,
        page=page,
        pages=pages,
        complete=complete,
    )


def _row(row: Delivery, person: Person) -> Row:
    return Row(
        delivery_id=row.pk,
        contact_id=row.contact_id,
        position=row.position,
        address=person.address,
        fields=person.fields,
        state=row.state,
        state_text=row.get_state_display(),
        reason=row.reason,
        reason_text=reason_text(row.reason),
        attempts=row.attempts,
        at=row.ended_at or row.next_attempt_at,
        ended=row.ended_at is not None,
        held=row.held_at is not None,
        code=row.reply_code,
        status=row.reply_status,
        words=fill_words(row.reply_text, person.address),
    )
