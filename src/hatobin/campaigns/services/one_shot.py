"""The whole job at once: a file, a letter and a sender become one checked campaign, ready to release.

Job       For the command and for programs that send unattended. Every part goes through the ordinary
          services, so rights, refusals and the audit log are the same as on the screens.
List      The file always becomes a list of its own: nobody who is on another list can slip in.
Refused   A ``prepare`` that raises leaves no list and no draft; after one whose check refuses, ``discard``
          takes both away. A kill in between leaves a draft that nobody sends.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import timedelta

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.models import Workspace
from hatobin.accounts.rules import Actor
from hatobin.accounts.services.sealing import vault_of
from hatobin.audience import queries as audience
from hatobin.audience.models import ConsentBasis, ImportState
from hatobin.audience.services import imports, lists
from hatobin.campaigns.models import Campaign, LetterKind
from hatobin.campaigns.services import checks, drafts, release
from hatobin.campaigns.services.checks import Check
from hatobin.common.errors import HatobinError, Invalid
from hatobin.common.ids import uuid7
from hatobin.common.sentences import in_a_row
from hatobin.content.letters import LegalFooter, LetterDraft
from hatobin.delivery import queries as delivery
from hatobin.delivery.models import Dispatch, DispatchState
from hatobin.delivery.rules.stops import stop_text
from hatobin.delivery.rules.tries import Tries
from hatobin.senders import queries as sender_queries
from hatobin.senders import services as senders

_NEWER = {"give_up_after", "retry"}  # while empty they leave an order's key as it always was


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What to send to whom. Legal facts left empty are taken from the workspace's profile.

    ``html`` empty means a plain letter. ``basis`` is a ConsentBasis value; empty takes consent for
    marketing and "no advertising" for a notice: who gives the order declares it. ``fallbacks``: field
    name > what stands where it is empty. ``columns`` corrects what is guessed: column label > field
    name, ``"@"`` for the column with the addresses, empty to leave it out. ``give_up_after``, ``retry``:
    as typed; empty as usual.
    """

    file_name: str
    data: bytes
    sender_name: str
    sender_address: str
    subject: str
    text: str
    egress_id: uuid.UUID
    html: str = ""
    reply_to: str = ""
    organisation: str = ""
    postal_address: str = ""
    contact: str = ""
    kind: str = LetterKind.MARKETING.value
    basis: str = ""
    fallbacks: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    give_up_after: str = ""
    retry: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RefusedRow:
    """A row of the file that got no letter. ``reason`` is a sentence."""

    row: int
    reason: str


class ListRefused(Invalid):
    """The file cannot be imported; ``refused_rows`` says why where it is because of its rows."""

    refused_rows: tuple[RefusedRow, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class OneShot:
    """A prepared letter: look at ``check``, then ``send`` or ``discard``."""

    campaign_id: uuid.UUID
    list_id: uuid.UUID | None
    import_id: uuid.UUID
    refused_rows: tuple[RefusedRow, ...]
    duplicates: int
    check: Check


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """How it stands. ``clean``: everybody's letter was accepted, or the address is not to be mailed.

    ``reasons``: how many ended otherwise, and why. ``stop``: why the letter as a whole does not go on;
    ``trouble``: what is wrong with the road. Both are sentences, empty while nothing is.
    """

    sums: delivery.Sums
    refused_rows: tuple[RefusedRow, ...]
    clean: bool
    reasons: tuple[delivery.ReasonCount, ...]
    stop: str
    trouble: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Unfinished:
    """The letter of an equal order that is still on its way."""

    campaign_id: uuid.UUID
    dispatch: Dispatch
    refused_rows: tuple[RefusedRow, ...]


@contextmanager
def one_at_a_time(actor: Actor, order: Order) -> Iterator[None]:
    """Two equal orders at the same moment: the second waits until the first is released or discarded."""
    lock = int.from_bytes(bytes.fromhex(_key(actor, order))[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [lock])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [lock])


def unfinished(actor: Actor, order: Order) -> Unfinished | None:
    """An equal order's letter that has not ended: after a crash it goes on, and nobody gets a second one."""
    rows = Campaign.objects.of(actor.workspace_id).filter(order_key=_key(actor, order))
    row = rows.filter(dispatch__finished_at=None).exclude(dispatch=None).first()
    if row is None or row.dispatch is None or row.dispatch.state == DispatchState.STOPPED:
        return None
    upload = row.list and row.list.imports.order_by("-created_at").first()
    return Unfinished(
        campaign_id=row.pk,
        dispatch=row.dispatch,
        refused_rows=_refused(actor, upload.pk) if upload else (),
    )


def prepare(actor: Actor, order: Order) -> OneShot:
    """Imports the file, writes the draft and checks it. Raises what the single steps raise."""
    Tries.from_text(order.give_up_after, order.retry)  # refused before a file is read for it
    legal = _legal(actor, order)
    identity = senders.save_identity(
        actor,
        display_name=order.sender_name,
        address=order.sender_address,
        reply_to=order.reply_to,
    )
    upload = _import(actor, order)
    try:
        letter = drafts.create_whole(
            actor,
            _name(actor),
            kind=order.kind,
            list_id=upload.list_id,
            identity_id=identity.pk,
            egress_id=order.egress_id,
            draft=_draft(order),
            legal=legal,
            give_up_after=order.give_up_after,
            retry=order.retry,
            order_key=_key(actor, order),
        )
    except HatobinError:
        _forget_list(actor, upload.list_id)
        raise
    return OneShot(
        campaign_id=letter.id,
        list_id=upload.list_id,
        import_id=upload.id,
        refused_rows=_refused(actor, upload.id),
        duplicates=upload.duplicates,
        check=checks.check(actor, letter.id),
    )


def send(actor: Actor, shot: OneShot, *, hold: timedelta = timedelta()) -> Dispatch:
    """Releases what was checked; raises what the release raises."""
    return release.release(
        actor,
        shot.campaign_id,
        typed_number=shot.check.sendable,
        seal=shot.check.seal,
        hold=hold,
    )


def discard(actor: Actor, shot: OneShot) -> None:
    """Takes the draft and its list away again: nobody said yes, or the check refused."""
    drafts.delete_draft(actor, shot.campaign_id)
    _forget_list(actor, shot.list_id)


def _forget_list(actor: Actor, list_id: uuid.UUID | None) -> None:
    if list_id is not None:
        lists.delete_list(actor, list_id)


def report(shot: OneShot | Unfinished, dispatch: Dispatch) -> Report:
    """Where every letter is now; the sums add up at every moment (promise P2)."""
    now = delivery.progress(dispatch.pk)
    stop = stop_text(now.state, now.stop_code)
    return Report(
        sums=now.sums,
        refused_rows=shot.refused_rows,
        clean=not stop and now.sums.accepted + now.sums.suppressed == now.sums.audience,
        reasons=delivery.reasons(dispatch.pk),
        stop=stop,
        trouble=in_a_row(now.trouble, now.trouble_advice),
    )


def _key(actor: Actor, order: Order) -> str:
    """Equal for equal orders only; keyed by the workspace's vault, since it covers people's addresses."""
    told = {name: str(value) for name, value in asdict(order).items() if name != "data"}
    told = {name: value for name, value in told.items() if value or name not in _NEWER}
    told["data"] = hashlib.sha256(order.data).hexdigest()
    return vault_of(actor.workspace_id).address_key(json.dumps(told, sort_keys=True)).hex()


def _legal(actor: Actor, order: Order) -> LegalFooter | None:
    """Facts for this letter alone, where the order names others than are stored; the first are stored."""
    stored = sender_queries.profile(actor)
    wanted = LegalFooter(
        organisation=order.organisation or (stored.organisation if stored else order.sender_name),
        postal_address=order.postal_address or (stored.postal_address if stored else ""),
        contact=order.contact or (stored.contact if stored else ""),
    )
    if stored is None:
        stored = senders.keep_first_profile(actor, **wanted.to_json())
    same = all(getattr(stored, name) == value for name, value in wanted.to_json().items())
    return None if same else wanted


def _import(actor: Actor, order: Order) -> audience.ImportStatus:
    upload = imports.import_file(
        actor,
        file_name=order.file_name,
        data=order.data,
        list_name=_name(actor),
        basis=order.basis or _basis(order.kind),
        columns=order.columns,
        queue=False,
    )
    imports.run_import(upload.pk)
    status = audience.import_status(actor, upload.pk)
    if status.state != ImportState.DONE:
        refused = ListRefused(
            status.error_code or "import-failed",
            _("The list could not be read: %(error)s"),
            advice="%(advice)s",
            field="file",
            params={"error": status.error, "advice": status.advice},
        )
        refused.refused_rows = _refused(actor, upload.pk)
        raise refused
    return status


def _basis(kind: str) -> str:
    return (
        ConsentBasis.CONSENT if kind == LetterKind.MARKETING else ConsentBasis.NOT_ADVERTISING
    ).value


def _name(actor: Actor) -> str:
    """Of its own for every order, and without the file's name: that holds names too often.

    In the workspace's language: its people read it on their screens, whoever's terminal it was.
    """
    language = Workspace.objects.values_list("language", flat=True).get(pk=actor.workspace_id)
    when = timezone.localtime().strftime("%Y-%m-%d %H:%M:%S")
    with override(language):
        name = gettext("Sent by command, %(when)s (%(number)s)")
    return name % {"when": when, "number": uuid7().hex[-6:]}


def _draft(order: Order) -> LetterDraft:
    return LetterDraft(
        mode="rich" if order.html else "plain",
        subject=order.subject,
        html=order.html,
        text=order.text,
        text_edited=bool(order.html and order.text),
        fallbacks=dict(order.fallbacks),
    )


def _refused(actor: Actor, import_id: uuid.UUID) -> tuple[RefusedRow, ...]:
    rows = audience.refused_rows(actor, import_id)
    return tuple(RefusedRow(row=each.row, reason=each.sentence) for each in rows)
