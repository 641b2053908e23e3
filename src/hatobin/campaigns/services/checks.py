"""The check: how many, what is missing, everybody's letter to look at, and the seal over it all."""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services.access import check_right
from hatobin.audience import queries as audience
from hatobin.campaigns import queries, rules
from hatobin.campaigns.models import Campaign
from hatobin.campaigns.rules import CheckSeal
from hatobin.campaigns.services.readiness import (
    Parts,
    Ready,
    complete,
    parts_of,
    person_at,
    printing_of,
    ready,
    unsigned_domain,
)
from hatobin.campaigns.services.survey import NAMED, SAMPLE_LINK, Survey, size_of, survey
from hatobin.common.errors import Invalid
from hatobin.content.analysis import links_of, look_alikes
from hatobin.content.letters import CompiledLetter
from hatobin.content.merge import Merger
from hatobin.delivery.models import Egress, EgressKind
from hatobin.delivery.queries.egresses import goes_straight, stays_here, whereabouts
from hatobin.delivery.queries.strangers import (
    addresses_of,
    known_addresses,
    static_addresses_of_contacts,
)
from hatobin.delivery.services.release import seal_of
from hatobin.guard.facts import AudienceFacts, EmptyField, LetterFacts, RoadKind
from hatobin.guard.findings import Finding, from_error
from hatobin.guard.rules import CLIPPED, judge
from hatobin.wire.headers import ComposeError

DRAWN = 5  # so many people are drawn by lot to be looked at


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """What a check saw. ``seal`` goes back with the release; it is empty where nothing can be sent.

    ``people`` = ``sendable`` + ``suppressed``; ``left``: those who unsubscribed from the list are not
    among them. ``merged``: letters that were made for real.
    ``interesting``: indexes worth looking at: people with an empty field, the first, the last, and some by
    lot, which falls the same way until the draft is saved again; ``gaps``: those with an empty field.
    """

    seal: str
    people: int
    sendable: int
    suppressed: int
    left: int
    merged: int
    findings: tuple[Finding, ...]
    interesting: tuple[int, ...]
    gaps: tuple[int, ...]
    compiled_ok: bool
    can_send: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class PreviewedLetter:
    """One person's letter. ``index`` counts from 0 to ``total`` - 1, ``position`` is the row of the list.

    ``address`` is empty for actors who may not see people: they see field names in place of values.
    ``size``: bytes of the HTML part, else of the text. ``flagged``: look twice.
    """

    index: int
    total: int
    position: int
    address: str
    from_line: str
    subject: str
    preheader: str
    html: str
    text: str
    empty_fields: tuple[str, ...]
    size: int
    flagged: bool


def check(actor: Actor, campaign_id: uuid.UUID) -> Check:
    """Makes everybody's letter (up to a number that ``survey`` names) and judges what it sees.

    An incomplete draft is no error: its gaps are findings. Raises NotFound, NotAllowed.
    """
    check_right(actor, Right.VIEW)
    blind = actor.may(Right.EDIT_LETTERS) and not actor.may(Right.VIEW_PEOPLE)
    return _check(actor, queries.access_campaign(actor, campaign_id), blind=blind)[1]


def check_for_release(actor: Actor, row: Campaign) -> tuple[Ready, Check]:
    """The same for a row that the caller has locked; raises what refuses."""
    parts, made = _check(actor, row, blind=False)
    for problem in parts.problems:
        raise problem
    for finding in made.findings:
        if finding.level == "refuse":
            raise _refused(finding)
    return ready(actor, row), made


def preview(actor: Actor, campaign_id: uuid.UUID, index: int = 0) -> PreviewedLetter:
    """The letter of the person at ``index``.

    Raises NotFound beyond the last, Invalid while the letter cannot be made.
    """
    check_right(actor, Right.VIEW)
    row = queries.access_campaign(actor, campaign_id)
    parts = parts_of(actor, row)
    if parts.letter is None or parts.list_id is None:
        raise parts.problems[0]
    count = audience.count(actor.workspace_id, parts.list_id)
    if not actor.may(Right.VIEW_PEOPLE):
        names = {name: f"［{name}］" for name in parts.letter.field_names}
        return _previewed(parts, parts.letter, names, index=0, total=min(count.sendable, 1))
    each = person_at(actor, parts.list_id, index)
    return replace(
        _previewed(parts, parts.letter, each.person.fields, index=index, total=count.sendable),
        position=each.position,
        address=each.person.address,
    )


def _check(actor: Actor, row: Campaign, *, blind: bool) -> tuple[Parts, Check]:
    """``blind``: nobody's values are looked at. Who writes conditions and may not see people could
    otherwise ask about any of them (promise P6); the release looks all the same."""
    parts = parts_of(actor, row)
    seen = _seen(row, parts, blind=blind)
    findings = (*map(from_error, parts.problems), *_judged(row, parts, seen, blind=blind))
    can_send = not any(finding.level == "refuse" for finding in findings)
    whole = complete(parts)
    seal = _seal(row, whole) if whole and can_send else None
    return parts, Check(
        seal=seal.to_text() if seal else "",
        people=seal.people if seal else seen.people,
        sendable=seal.sendable if seal else seen.sendable,
        suppressed=seal.people - seal.sendable if seal else seen.suppressed,
        left=seen.left,
        merged=seen.merged,
        findings=findings,
        interesting=_worth_looking(row, seen),
        gaps=tuple(seen.gaps),
        compiled_ok=parts.letter is not None,
        can_send=can_send and seal is not None,
    )


def _seen(row: Campaign, parts: Parts, *, blind: bool) -> Survey:
    if row.list_id is None:
        return Survey()
    count = audience.count(row.workspace_id, row.list_id)
    everybody = audience.iter_people(row.workspace_id, row.list_id)
    own = addresses_of(parts.sender) if parts.sender else frozenset()
    try:
        press = None if blind else printing_of(parts)
        seen = survey(press, everybody, expected=count.sendable, own=own)
    except ComposeError:  # nobody's letter can be made
        seen = survey(None, everybody, expected=count.sendable)
        seen.failed.count = seen.sendable
    seen.left = count.left
    return seen


def _judged(row: Campaign, parts: Parts, seen: Survey, *, blind: bool) -> tuple[Finding, ...]:
    """Nothing to judge before there is a letter and a list: the gaps say that already."""
    if parts.letter is None or row.list is None:
        return ()
    letter = parts.letter
    facts = LetterFacts(
        kind=letter.kind,
        subject=seen.subject or letter.subject,
        has_text=bool(letter.text.strip()),
        has_html=bool(letter.html),
        html_bytes=seen.largest if letter.html else 0,
        links=links_of(letter.html, letter.text),
        broken_people=seen.failed.count,
        broken_positions=tuple(seen.failed.positions),
        strangers=0 if blind else _strangers(row, parts),
        leaking=_leaking(row, seen),
        look_alikes=look_alikes(letter),
        unseen=blind,
        text_edited=bool(row.letter.get("text_edited")),
        link_host=urlsplit(parts.base_url).hostname or "",
        link_secure=parts.base_url.startswith("https://"),
        unsigned_domain=unsigned_domain(row.workspace_id, parts.sender),
    )
    people = AudienceFacts(
        people=seen.people,
        sendable=seen.sendable,
        suppressed=seen.suppressed,
        empty=tuple(
            EmptyField(name=name, count=who.count, positions=tuple(who.positions))
            for name, who in seen.empty.items()
        ),
        last_count=_last_count(row),
        list_name=row.list.name,
        road=_kind_of_road(row.egress),
        straight=goes_straight(row.egress) if row.egress else "never",
    )
    return judge(facts, people)


def _kind_of_road(road: Egress | None) -> RoadKind:
    if road is None or road.kind == EgressKind.SANDBOX:
        return "sandbox"
    return "this-machine" if stays_here(road) else "away"


def _leaking(row: Campaign, seen: Survey) -> tuple[int, ...]:
    """Positions of people whose letter shows the address of another person of the workspace."""
    others = known_addresses(row.workspace_id, seen.strange)
    return tuple(sorted({at for form in others for at in seen.strange[form].positions}))[:NAMED]


def _strangers(row: Campaign, parts: Parts) -> int:
    if parts.letter is None or parts.sender is None:
        return 0
    return len(static_addresses_of_contacts(row.workspace_id, parts.letter, parts.sender))


def _last_count(row: Campaign) -> int | None:
    """How many the last letter to this list was released to."""
    sent = Campaign.objects.of(row.workspace_id).filter(list_id=row.list_id).exclude(dispatch=None)
    last = sent.select_related("dispatch").order_by("-dispatch__created_at").first()
    return last.dispatch.audience if last and last.dispatch else None


def _seal(row: Campaign, whole: Ready) -> CheckSeal:
    seal = seal_of(
        row.workspace_id,
        whole.list_id,
        whole.letter,
        whole.sender,
        whole.base_url,
        whole.egress_id,
    )
    return CheckSeal(
        revision=row.revision,
        people=seal.people,
        sendable=seal.sendable,
        letter=rules.digest(whole.letter),
        sender=rules.digest(whole.sender),
        road=rules.digest(f"{whole.egress_id} {_where(row.egress)} {whole.base_url}"),
        hash=seal.hash,
    )


def _where(road: Egress | None) -> str:
    """What decides who gets to see the letters on their way."""
    return whereabouts(road) if road else ""


def _worth_looking(row: Campaign, seen: Survey) -> tuple[int, ...]:
    if not seen.sendable:
        return ()
    lot = random.Random(f"{row.pk}:{row.revision}")  # noqa: S311 - a lot, not a secret
    drawn = lot.sample(range(seen.sendable), min(DRAWN, seen.sendable))
    return tuple(dict.fromkeys((*seen.gaps, 0, seen.sendable - 1, *sorted(drawn))))


def _refused(finding: Finding) -> Invalid:
    return Invalid(
        finding.code,
        finding.message,
        advice=finding.advice_text,
        field=finding.where or None,
        params=finding.params,
    )


def _previewed(
    parts: Parts, letter: CompiledLetter, values: Mapping[str, str], *, index: int, total: int
) -> PreviewedLetter:
    merged = Merger(letter).merge(values, unsubscribe_url=SAMPLE_LINK)
    line = replace(letter, subject=letter.preheader, preheader="", text="", html="")
    size = size_of(merged)
    return PreviewedLetter(
        index=index,
        total=total,
        position=index + 1,
        address="",
        from_line=f"{parts.sender.display_name} <{parts.sender.address}>" if parts.sender else "",
        subject=merged.subject,
        preheader=Merger(line).merge(values, unsubscribe_url=SAMPLE_LINK).subject,
        html=merged.html,
        text=merged.text,
        empty_fields=merged.empty_fields,
        size=size,
        flagged=bool(merged.empty_fields) or size > CLIPPED,
    )
