"""Results as files, for the spreadsheet program of a Japanese office."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services import audit
from hatobin.accounts.services.access import check_right
from hatobin.accounts.services.sealing import Vault, vault_of
from hatobin.audience.people import open_contact
from hatobin.audience.rules import defused
from hatobin.campaigns.queries import dispatch_id_of
from hatobin.common.errors import Invalid
from hatobin.delivery.models import Delivery, DeliveryState, Dispatch
from hatobin.delivery.rules.decide import fill_words
from hatobin.delivery.rules.reasons import Reason
from hatobin.delivery.rules.states import NOT_RECEIVED
from hatobin.wire.address import in_own_letters

NOT_RECEIVED_KEY = "not-received"
_CHUNK = 1000
_BOM = "\ufeff".encode()


def csv_of_state(actor: Actor, campaign_id: uuid.UUID, state: str | None = None) -> Iterator[bytes]:
    """The people of a released letter in one state (None: all), a piece of 1,000 rows at a time.

    ``NOT_RECEIVED_KEY`` is all who did not get it, or may not have got it.

    UTF-8 with BOM, CRLF, in the order of the list; cells that a spreadsheet would run are defused.
    Every export is on the audit log before the first byte leaves. Raises NotAllowed, NotFound,
    Invalid for a state that there is not.
    """
    check_right(actor, Right.EXPORT)
    if state not in {None, NOT_RECEIVED_KEY, *DeliveryState.values}:
        raise Invalid("unknown-state", _("There is no such state."), field="state")
    dispatch_id = dispatch_id_of(actor, campaign_id)
    dispatch = Dispatch.objects.of(actor.workspace_id).get(pk=dispatch_id)
    rows = Delivery.objects.of(actor.workspace_id).filter(dispatch_id=dispatch_id)
    if state is not None:
        rows = rows.filter(state__in=NOT_RECEIVED if state == NOT_RECEIVED_KEY else (state,))
    rows = rows.select_related("contact").order_by("position", "pk")
    audit.record(
        actor, "result.exported", subject=str(campaign_id), state=state or "all", rows=rows.count()
    )
    form = _Form(
        vault=vault_of(actor.workspace_id),
        fields=tuple(dispatch.letter["field_names"]),
        states={value: str(label) for value, label in DeliveryState.choices},
        reasons={value: str(label) for value, label in Reason.choices},
    )
    return _pieces(rows, form, _header(form.fields))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Form:
    """What every line needs; texts are taken now, because the language may differ when it is read."""

    vault: Vault
    fields: tuple[str, ...]
    states: Mapping[str, str]
    reasons: Mapping[str, str]


def _pieces(rows: QuerySet[Delivery], form: _Form, header: list[str]) -> Iterator[bytes]:
    yield _BOM + _lines([header])
    batch: list[list[str]] = []
    for row in rows.iterator(chunk_size=_CHUNK):
        batch.append(_cells(row, form))
        if len(batch) == _CHUNK:
            yield _lines(batch)
            batch = []
    if batch:
        yield _lines(batch)


def _header(fields: tuple[str, ...]) -> list[str]:
    return [
        gettext("Row"),
        gettext("Mail address"),
        *fields,
        gettext("State"),
        gettext("Reason"),
        gettext("Answer code"),
        gettext("Answer of the receiving server"),
        gettext("Attempts"),
        gettext("Time"),
    ]


def _cells(row: Delivery, form: _Form) -> list[str]:
    contact = row.contact
    person = open_contact(form.vault, contact.address_key, contact.sealed, contact.fields)
    ended = timezone.localtime(row.ended_at) if row.ended_at else None
    return [
        str(row.position),
        in_own_letters(person.address),
        *(person.fields.get(name, "") for name in form.fields),
        form.states[row.state],
        form.reasons.get(row.reason, row.reason),
        " ".join(filter(None, (str(row.reply_code or ""), row.reply_status))),
        fill_words(row.reply_text, person.address),
        str(row.attempts),
        ended.strftime("%Y-%m-%d %H:%M:%S") if ended else "",
    ]


def _lines(rows: Iterable[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(
        [defused(cell) for cell in row] for row in rows
    )
    return text.getvalue().encode()
