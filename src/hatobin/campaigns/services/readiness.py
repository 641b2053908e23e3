"""What a draft still lacks, and the compiled letter with everything a release needs."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.models import Workspace
from hatobin.accounts.rules import Actor
from hatobin.accounts.services.workspaces import base_url_of
from hatobin.audience import queries as audience
from hatobin.campaigns import queries
from hatobin.campaigns.models import Campaign, LetterKind
from hatobin.common.errors import HatobinError, Invalid, NotFound
from hatobin.content.analysis import names_of_draft
from hatobin.content.compile import compile_letter
from hatobin.content.letters import CompiledLetter, LegalFooter, LetterDraft
from hatobin.content.press import Press
from hatobin.delivery.printing import press_of
from hatobin.senders.frozen import FrozenSender
from hatobin.senders.queries import frozen
from hatobin.senders.queries.signing import is_signed
from hatobin.wire.address import in_own_letters, parse_address

# Without a profile dots stand in: the rest is checked and shown, and `_sender` names the gap.
_GAP = "…"
_NOBODY = "nobody@example.invalid"
_LEGAL = ("organisation", "postal_address", "contact")


@dataclass(frozen=True, kw_only=True, slots=True)
class Ready:
    """Everything that a release freezes, at this moment."""

    list_id: uuid.UUID
    egress_id: uuid.UUID
    letter: CompiledLetter
    sender: FrozenSender
    base_url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """As much of it as the draft allows; ``problems`` say what is missing."""

    list_id: uuid.UUID | None
    egress_id: uuid.UUID | None
    letter: CompiledLetter | None
    sender: FrozenSender | None
    base_url: str
    problems: tuple[HatobinError, ...]


def parts_of(actor: Actor, row: Campaign) -> Parts:
    """What the draft has, and what it lacks. Needs only the right that the caller checked."""
    problems: list[HatobinError] = []
    sender = _sender(row, problems)
    draft = LetterDraft.from_json(row.letter)
    # Before a list is chosen every name may turn out right.
    names = tuple(row.list.field_names) if row.list else names_of_draft(draft, ())
    letter = _letter(actor, row, draft, names, problems)
    if row.list is None:
        problems.insert(0, _no_list())
    egress_id = row.egress_id if row.egress and row.egress.removed_at is None else None
    if egress_id is None:
        problems.append(_no_road())
    return Parts(
        list_id=row.list_id,
        egress_id=egress_id,
        letter=letter,
        sender=sender,
        base_url=base_url_of(actor.workspace_id),
        problems=tuple(problems),
    )


def printing_of(parts: Parts) -> Press | None:
    """What will print the letters, as far as the draft says. Raises ComposeError when nobody's could be made."""
    if parts.letter is None:
        return None
    sender = parts.sender or FrozenSender(
        display_name="", address=_NOBODY, reply_to="", **dict.fromkeys(_LEGAL, _GAP)
    )
    return press_of(parts.letter, sender, dated=timezone.localtime(), feedback_id="check")


def ready(actor: Actor, row: Campaign) -> Ready:
    """Everything a release needs; raises the first problem."""
    parts = parts_of(actor, row)
    for problem in parts.problems:
        raise problem
    found = complete(parts)
    if found is None:  # every gap has its problem; this is for the reader and the type checker
        raise _no_list()
    return found


def complete(parts: Parts) -> Ready | None:
    """The same without gaps, or None."""
    if not (parts.list_id and parts.egress_id and parts.letter and parts.sender):
        return None
    return Ready(
        list_id=parts.list_id,
        egress_id=parts.egress_id,
        letter=parts.letter,
        sender=parts.sender,
        base_url=parts.base_url,
    )


def unsigned_domain(workspace_id: uuid.UUID, sender: FrozenSender | None) -> str:
    """The domain of the From address, as people write it, when no key of ours signs for it."""
    if sender is None:
        return ""
    domain = parse_address(sender.address).domain
    return "" if is_signed(workspace_id, domain) else in_own_letters(f"@{domain}")[1:]


def person_at(actor: Actor, list_id: uuid.UUID, index: int) -> audience.OpenPerson:
    """The person at ``index`` (from 0) of those who would get a letter; raises NotFound."""
    found = audience.people_at(actor, list_id, [index + 1])
    if not found:
        raise NotFound(
            "no-person",
            _("There is no person number %(number)s on this list."),
            params={"number": f"{index + 1:,}"},
        )
    return found[0]


def _sender(row: Campaign, problems: list[HatobinError]) -> FrozenSender | None:
    if row.identity_id is None:
        problems.append(_no_identity())
        return None
    try:
        return frozen(row.workspace_id, row.identity_id, row.legal)
    except Invalid as problem:
        problems.append(problem)
        return None


def _letter(
    actor: Actor,
    row: Campaign,
    draft: LetterDraft,
    names: tuple[str, ...],
    problems: list[HatobinError],
) -> CompiledLetter | None:
    try:
        return compile_letter(
            draft,
            kind="marketing" if row.kind == LetterKind.MARKETING else "notice",
            language=Workspace.objects.values_list("language", flat=True).get(pk=row.workspace_id),
            field_names=names,
            footer=queries.legal_of(actor, row) or LegalFooter(**dict.fromkeys(_LEGAL, _GAP)),
        )
    except Invalid as problem:
        problems.append(problem)
        return None


def _no_list() -> Invalid:
    return Invalid(
        "list-missing",
        _("No list is chosen for this letter yet."),
        advice=_("Choose a list in the first step."),
        field="list",
    )


def _no_identity() -> Invalid:
    return Invalid(
        "identity-missing",
        _("No sender is chosen for this letter yet."),
        advice=_("Choose a sender in the second step."),
        field="identity",
    )


def _no_road() -> Invalid:
    return Invalid(
        "egress-missing",
        _("No way of sending is chosen for this letter yet."),
        advice=_("Choose a way of sending. With the sandbox, nothing leaves this machine."),
        field="egress",
    )
