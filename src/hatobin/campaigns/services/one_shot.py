"""The whole job at once: a file, a letter and a sender become one checked campaign, ready to release.

Job       For the command and for programs that send unattended. Every part goes through the ordinary
          services, so rights, refusals and the audit log are the same as on the screens.
List      The file always becomes a list of its own: nobody who is on another list can slip in.
Resume    ``prepare`` may fail half way (a file that is no list, a letter that does not compile); what
          exists then is a list and a draft, and nothing is sent.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor
from hatobin.audience import queries as audience
from hatobin.audience.choices import FieldChoice, ImportChoice, Proposal
from hatobin.audience.choices import Mapping as Mapped
from hatobin.audience.models import ConsentBasis, ImportState
from hatobin.audience.services import imports, uploads
from hatobin.campaigns.models import LetterKind
from hatobin.campaigns.services import checks, drafts, release
from hatobin.campaigns.services.checks import Check
from hatobin.common.errors import Invalid
from hatobin.common.ids import uuid7
from hatobin.content.letters import LegalFooter, LetterDraft
from hatobin.delivery import queries as delivery
from hatobin.delivery.models import Dispatch
from hatobin.senders import queries as sender_queries
from hatobin.senders import services as senders


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What to send to whom. Legal facts left empty are taken from the workspace's profile.

    ``html`` empty means a plain letter. ``basis`` is a ConsentBasis value; empty takes consent for
    marketing and "no advertising" for a notice: who gives the order declares it. ``fallbacks``: field
    name > what stands where it is empty. ``columns`` corrects what is guessed: column label > field
    name, ``"@"`` for the column with the addresses, empty to leave it out.
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


@dataclass(frozen=True, kw_only=True, slots=True)
class RefusedRow:
    """A row of the file that got no letter. ``reason`` is a sentence."""

    row: int
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OneShot:
    """A prepared letter: look at ``check``, then ``send``."""

    campaign_id: uuid.UUID
    import_id: uuid.UUID
    refused_rows: tuple[RefusedRow, ...]
    duplicates: int
    check: Check


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """How it stands. ``clean``: nobody waits, is in doubt or bounced."""

    sums: delivery.Sums
    refused_rows: tuple[RefusedRow, ...]
    clean: bool


def prepare(actor: Actor, order: Order) -> OneShot:
    """Imports the file, writes the draft and checks it. Raises what the single steps raise."""
    legal = _legal(actor, order)
    identity = senders.save_identity(
        actor,
        display_name=order.sender_name,
        address=order.sender_address,
        reply_to=order.reply_to,
    )
    upload = _import(actor, order)
    letter = drafts.create_whole(
        actor,
        _name(),
        kind=order.kind,
        list_id=upload.list_id,
        identity_id=identity.pk,
        egress_id=order.egress_id,
        draft=_draft(order),
        legal=legal,
    )
    return OneShot(
        campaign_id=letter.id,
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


def report(shot: OneShot, dispatch: Dispatch) -> Report:
    """Where every letter is now; the sums add up at every moment (promise P2)."""
    sums = delivery.sums(dispatch.pk)
    return Report(
        sums=sums,
        refused_rows=shot.refused_rows,
        clean=not (sums.waiting or sums.in_doubt or sums.bounced),
    )


def _legal(actor: Actor, order: Order) -> LegalFooter | None:
    """Facts for this letter alone, where the order names others than are stored; the first are stored."""
    stored = sender_queries.profile(actor)
    wanted = LegalFooter(
        organisation=order.organisation or (stored.organisation if stored else order.sender_name),
        postal_address=order.postal_address or (stored.postal_address if stored else ""),
        contact=order.contact or (stored.contact if stored else ""),
    )
    if stored is None:
        senders.save_profile(actor, **wanted.to_json())
        return None
    same = all(getattr(stored, name) == value for name, value in wanted.to_json().items())
    return None if same else wanted


def _import(actor: Actor, order: Order) -> audience.ImportStatus:
    staged = uploads.stage_upload(actor, file_name=order.file_name, data=order.data)
    shown = uploads.preview(actor, staged.pk)
    choice = ImportChoice(
        mapping=_mapping(shown.proposal, order.columns),
        basis=order.basis or _basis(order.kind),
        list_name=_name(),
    )
    imports.start_import(actor, staged.pk, choice, queue=False)
    imports.run_import(staged.pk)
    status = audience.import_status(actor, staged.pk)
    if status.state != ImportState.DONE:
        raise Invalid(
            status.error_code or "import-failed",
            _("The list could not be read: %(error)s"),
            advice="%(advice)s",
            field="file",
            params={"error": status.error, "advice": status.advice},
        )
    return status


def _mapping(proposal: Proposal, columns: Mapping[str, str]) -> Mapped:
    """The guess, corrected by the order; raises Invalid for a column that the file does not have."""
    labels = {plan.label for plan in proposal.columns}
    for label in columns:
        if label not in labels:
            raise Invalid(
                "no-such-column",
                _("The file has no column “%(column)s”."),
                advice=_("It has: %(columns)s."),
                field="columns",
                params={"column": label, "columns": ", ".join(sorted(labels))},
            )
    address, chosen = proposal.address, []
    for plan in proposal.columns:
        target = columns.get(plan.label)
        if target == "@":
            address = plan.column
        elif target or (target is None and plan.use):
            name = target or plan.name
            chosen.append(
                FieldChoice(column=plan.column, name=name, kind=plan.kind, personal=plan.personal)
            )
    fields = tuple(each for each in chosen if each.column != address)
    return Mapped(address=address, fields=fields)


def _basis(kind: str) -> str:
    marketing = kind == LetterKind.MARKETING
    return (ConsentBasis.CONSENT if marketing else ConsentBasis.NOT_ADVERTISING).value


def _name() -> str:
    """Of its own for every order, and without the file's name: that holds names too often."""
    when = timezone.localtime().strftime("%Y-%m-%d %H:%M:%S")
    return gettext("Sent directly, %(when)s (%(number)s)") % {
        "when": when,
        "number": uuid7().hex[-6:],
    }


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
