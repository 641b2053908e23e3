"""Where the person came from: a letter that waits for its people, or a list that gets more of them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse

from hatobin.accounts.rules import Actor
from hatobin.audience import queries as audience
from hatobin.audience.queries import ListSummary
from hatobin.campaigns import queries as campaigns
from hatobin.campaigns.queries import CampaignView
from hatobin.campaigns.rules import Status, Steps
from hatobin.common.errors import NotFound


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """``query`` goes on to the next page: empty, or ``?letter=...&list=...``."""

    letter: CampaignView | None
    done: Steps | None
    list: ListSummary | None
    query: str

    def to(self, view: str, *args: object) -> HttpResponseRedirect:
        """The next page, which knows where the person came from as well."""
        return HttpResponseRedirect(reverse(view, args=args) + self.query)


def origin_of(request: HttpRequest, actor: Actor) -> Origin:
    """Read from ``?letter=`` and ``?list=``; what is not here (any more) is left out."""
    letter = _letter(actor, _number(request.GET.get("letter", "")))
    found = _list(actor, _number(request.GET.get("list", "")))
    pairs = {"letter": letter, "list": found}
    query = urlencode({name: str(each.id) for name, each in pairs.items() if each})
    return Origin(
        letter=letter,
        done=campaigns.step_status(letter) if letter else None,
        list=found,
        query=f"?{query}" if query else "",
    )


def _letter(actor: Actor, number: uuid.UUID | None) -> CampaignView | None:
    """A released letter has its people and cannot take others."""
    try:
        found = campaigns.campaign(actor, number) if number else None
    except NotFound:
        return None
    return found if found and found.status is Status.DRAFT else None


def _list(actor: Actor, number: uuid.UUID | None) -> ListSummary | None:
    try:
        return audience.list_summary(actor, number) if number else None
    except NotFound:
        return None


def _number(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
