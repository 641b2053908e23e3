"""Reading letters."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.models import User
from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services.access import check_right
from hatobin.audience.models import Subscription
from hatobin.campaigns import rules
from hatobin.campaigns.models import Campaign
from hatobin.campaigns.rules import SENTENCES, Status, Steps
from hatobin.common.errors import Conflict, NotFound
from hatobin.content.letters import LegalFooter, LetterDraft
from hatobin.delivery.models import EgressKind
from hatobin.delivery.rules.shaping.retry import RetrySchedule
from hatobin.delivery.rules.tries import Tries
from hatobin.senders.queries import profile

PAGE = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class CampaignView:
    """A letter as the doors see it. ``revision`` goes back with every save.

    ``people`` is the number on the list now for a draft, the frozen audience once released.
    """

    id: uuid.UUID
    name: str
    kind: str
    status: Status
    sentence: str
    list_id: uuid.UUID | None
    list_name: str
    people: int
    identity_id: uuid.UUID | None
    egress_id: uuid.UUID | None
    egress_name: str
    sandbox: bool
    tries: Tries
    letter: LetterDraft
    dispatch_id: uuid.UUID | None
    hold_until: datetime | None
    revision: int
    saved_by: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class CampaignPage:
    """A page of letters, last changed first. ``counts``: how many are in each status."""

    campaigns: tuple[CampaignView, ...]
    total: int
    page: int
    pages: int
    counts: dict[Status, int]


def campaigns(actor: Actor, *, page: int = 1, status: Status | None = None) -> CampaignPage:
    """The workspace's letters; ``status`` shows only those."""
    check_right(actor, Right.VIEW)
    rows = _rows(actor)
    counts = {each: _in_status(rows, each).count() for each in Status}
    if status is not None:
        rows = _in_status(rows, status)
    total = counts[status] if status is not None else sum(counts.values())
    pages = max(1, -(-total // PAGE))
    page = min(max(page, 1), pages)
    start = (page - 1) * PAGE
    return CampaignPage(
        campaigns=_views(rows.order_by("-updated_at", "-id")[start : start + PAGE]),
        total=total,
        page=page,
        pages=pages,
        counts=counts,
    )


def campaign(actor: Actor, campaign_id: uuid.UUID) -> CampaignView:
    """One letter; raises NotFound."""
    check_right(actor, Right.VIEW)
    return _views([access_campaign(actor, campaign_id)])[0]


def on_their_way(actor: Actor, *, name: str) -> tuple[CampaignView, ...]:
    """Released letters of this name that have not ended; two at most."""
    check_right(actor, Right.VIEW)
    rows = _rows(actor).filter(name=name, dispatch__isnull=False, dispatch__finished_at=None)
    return _views(rows[:2])


def dispatch_id_of(actor: Actor, campaign_id: uuid.UUID) -> uuid.UUID:
    """The dispatch of a released letter; raises NotFound for a draft."""
    row = access_campaign(actor, campaign_id)
    if row.dispatch_id is None:
        raise NotFound(
            "not-released",
            _("This letter has not been released yet."),
            advice=_("Finish the steps and send it first."),
        )
    return row.dispatch_id


def legal_of(actor: Actor, row: Campaign) -> LegalFooter | None:
    """The facts under this letter: its own, else the workspace's; None while there are none."""
    if row.legal:
        return LegalFooter(**row.legal)
    stored = profile(actor)
    if stored is None:
        return None
    return LegalFooter(
        organisation=stored.organisation,
        postal_address=stored.postal_address,
        contact=stored.contact,
    )


def legal_facts(actor: Actor, campaign_id: uuid.UUID) -> LegalFooter | None:
    """The same for the doors; raises NotFound."""
    check_right(actor, Right.VIEW)
    return legal_of(actor, access_campaign(actor, campaign_id))


def list_on_its_way(workspace_id: uuid.UUID, list_id: uuid.UUID) -> bool:
    """Whether a letter to this list is on hold, being sent or paused."""
    under_way = (Status.HELD.value, Status.SENDING.value, Status.PAUSED.value)
    rows = Campaign.objects.of(workspace_id).filter(list_id=list_id)
    return rows.filter(dispatch__state__in=under_way).exists()


def step_status(letter: CampaignView) -> Steps:
    """Which of the five steps are complete."""
    return rules.steps(
        status=letter.status,
        has_people=letter.people > 0,
        has_sender=letter.identity_id is not None,
        draft=letter.letter,
    )


def access_campaign(actor: Actor, campaign_id: uuid.UUID) -> Campaign:
    """The row, in the actor's workspace; raises NotFound. For this room and analytics."""
    row = _rows(actor).filter(pk=campaign_id).first()
    if row is None:
        raise no_campaign()
    return row


def names_of(labels: Iterable[str]) -> dict[str, str]:
    """People's names for actor labels; programs and commands keep their label."""
    users = {label.removeprefix("user:"): label for label in labels if label.startswith("user:")}
    names = {label: label for label in labels}
    for user in User.objects.filter(pk__in=list(users)):
        names[users[str(user.pk)]] = str(user)
    return names


def letters_behind(actor: Actor, subjects: Iterable[str]) -> dict[str, tuple[uuid.UUID, str]]:
    """What the log was written about (ids of letters and of their dispatches) > the letter's id and name.

    Letters that are gone and other subjects are left out.
    """
    check_right(actor, Right.VIEW)
    wanted = [uuid.UUID(each) for each in subjects if _is_id(each)]
    rows = Campaign.objects.of(actor.workspace_id).filter(
        Q(pk__in=wanted) | Q(dispatch_id__in=wanted)
    )
    found: dict[str, tuple[uuid.UUID, str]] = {}
    for number, dispatch_id, name in rows.values_list("pk", "dispatch_id", "name"):
        found[str(number)] = found[str(dispatch_id)] = (number, name)
    return found


def tries_of(row: Campaign) -> Tries:
    """How long the letter is tried and when again, where it was set for this letter."""
    retry = RetrySchedule.from_text(row.retry) if row.retry else None
    return Tries(give_up_after=row.give_up_after, retry=retry)


def status_of(row: Campaign) -> Status:
    """Where the letter stands, from its dispatch."""
    return Status(row.dispatch.state) if row.dispatch else Status.DRAFT


def no_campaign() -> NotFound:
    """There is no such letter here."""
    return NotFound("no-letter", _("This letter no longer exists."))


def saved_meanwhile(row: Campaign) -> Conflict:
    """Somebody else was faster."""
    return Conflict(
        "saved-meanwhile",
        _("%(who)s saved this letter at %(when)s, after you opened it. Your change is not saved."),
        advice=_("Compare both versions below, then save what should stay."),
        params={
            "who": names_of([row.saved_by])[row.saved_by],
            "when": date_format(timezone.localtime(row.updated_at), "H:i"),
            "revision": row.revision,
        },
    )


def _rows(actor: Actor) -> QuerySet[Campaign]:
    rows = Campaign.objects.of(actor.workspace_id)
    return rows.select_related("dispatch", "list", "egress")


def _in_status(rows: QuerySet[Campaign], status: Status) -> QuerySet[Campaign]:
    if status is Status.DRAFT:
        return rows.filter(dispatch=None)
    return rows.filter(dispatch__state=status.value)


def _views(rows: Iterable[Campaign]) -> tuple[CampaignView, ...]:
    found = list(rows)
    people = _people_on({row.list_id for row in found if row.dispatch is None})
    names = names_of([row.saved_by for row in found])
    return tuple(_view(row, people.get(row.list_id, 0), names[row.saved_by]) for row in found)


def _view(row: Campaign, people: int, saved_by: str) -> CampaignView:
    status = status_of(row)
    return CampaignView(
        id=row.pk,
        name=row.name,
        kind=row.kind,
        status=status,
        sentence=str(SENTENCES[status]),
        list_id=row.list_id,
        list_name=row.list.name if row.list else "",
        people=row.dispatch.audience if row.dispatch else people,
        identity_id=row.identity_id,
        egress_id=row.egress_id,
        egress_name=row.egress.label if row.egress else "",
        sandbox=row.egress is not None and row.egress.kind == EgressKind.SANDBOX,
        tries=tries_of(row),
        letter=LetterDraft.from_json(row.letter),
        dispatch_id=row.dispatch_id,
        hold_until=row.dispatch.hold_until if row.dispatch else None,
        revision=row.revision,
        saved_by=saved_by,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _is_id(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _people_on(list_ids: set[uuid.UUID | None]) -> dict[uuid.UUID | None, int]:
    places = Subscription.objects.across_workspaces().filter(
        list_id__in=[each for each in list_ids if each], state=Subscription.State.SUBSCRIBED
    )
    return {
        row["list_id"]: row["number"]
        for row in places.values("list_id").annotate(number=Count("pk"))
    }
