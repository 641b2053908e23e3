"""Step 5: watch it go, the sums that add up, and a row per person."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from hatobin.accounts.rules import Right
from hatobin.analytics import queries as analytics
from hatobin.analytics.services import files
from hatobin.campaigns import queries
from hatobin.campaigns.queries import CampaignView
from hatobin.campaigns.rules import Status
from hatobin.common import clock
from hatobin.console import parts
from hatobin.console.letters.shell import name_field_of, shell
from hatobin.console.middleware import StaffRequest
from hatobin.console.numbers import page_number
from hatobin.console.shared import staff_only
from hatobin.delivery import queries as delivery
from hatobin.delivery.models import DeliveryState
from hatobin.delivery.queries import Sums
from hatobin.delivery.rules.reasons import Reason
from hatobin.delivery.rules.states import NOT_RECEIVED, OPEN
from hatobin.delivery.rules.stops import stop_text

# A term of the sum and a filter of the rows: key, meter colour, its states. "waiting" is everything that has not ended.
_TERMS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("accepted", "good", (DeliveryState.ACCEPTED,)),
    ("bounced", "bad", (DeliveryState.BOUNCED,)),
    ("expired", "bad", (DeliveryState.EXPIRED,)),
    ("suppressed", "rest", (DeliveryState.SUPPRESSED,)),
    ("cancelled", "rest", (DeliveryState.CANCELLED,)),
    ("in-doubt", "care", (DeliveryState.IN_DOUBT,)),
    ("waiting", "wait", tuple(sorted(OPEN))),
)
_FILTERS: dict[str, tuple[str, ...]] = {
    files.NOT_RECEIVED_KEY: tuple(sorted(NOT_RECEIVED)),
    **{key: states for key, _kind, states in _TERMS},
}
_STEPS_TOLD = 25  # percent; a screen reader hears of each once


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """One term of the sum: audience = accepted + bounced + ..."""

    key: str
    kind: str
    label: str | Promise
    count: int


@staff_only
@require_safe
def result(request: StaffRequest, letter_id: uuid.UUID) -> HttpResponse:
    """The page."""
    letter = queries.campaign(request.actor, letter_id)
    if letter.dispatch_id is None:
        return redirect("console:letter", letter_id)
    context = _live(request, letter, letter.dispatch_id)
    context |= {
        "undecided": _undecided(analytics.outcome(request.actor, letter_id)),
        "state": _wanted(request),
        "search": request.GET.get("q", ""),
        "asked": request.GET.get("ask", ""),
        "may_export": request.actor.may(Right.EXPORT),
        "may_copy": request.actor.may(Right.EDIT_LETTERS),
    }
    if request.actor.may(Right.VIEW_PEOPLE):
        context |= _rows(request, letter)
    return render(request, "console/letters/result.html", context)


@staff_only
@require_safe
def progress(request: StaffRequest, letter_id: uuid.UUID) -> HttpResponse:
    """The numbers alone; the whole live part when its state is another than the page shows.

    Once everything has ended the page loads itself again, for the rows, and stops asking.
    """
    letter = queries.campaign(request.actor, letter_id)
    if letter.dispatch_id is None:
        response = HttpResponse()
        response.headers["HX-Refresh"] = "true"
        return response
    context = _live(request, letter, letter.dispatch_id)
    same = request.GET.get("was") == letter.status.value
    name = "_numbers" if same else "_progress"
    response = render(request, f"console/letters/{name}.html", context)
    if not context["live"]:
        response.headers["HX-Refresh"] = "true"
    elif not same:
        response.headers["HX-Retarget"] = "#live"
    return response


@staff_only
@require_safe
def csv_file(request: StaffRequest, letter_id: uuid.UUID) -> StreamingHttpResponse:
    """The people of one state (or all) as a file for a spreadsheet program."""
    state = request.GET.get("state") or None
    pieces = files.csv_of_state(request.actor, letter_id, state)
    response = StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8")
    name = f"letter-{str(letter_id)[-6:]}-{state or 'all'}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _live(request: StaffRequest, letter: CampaignView, dispatch_id: uuid.UUID) -> dict[str, object]:
    now = delivery.progress(dispatch_id)
    terms = _terms(now.sums)
    over = letter.status in {Status.DONE, Status.STOPPED} and not now.sums.waiting
    triples = [part for term in terms for part in (term.kind, term.label, term.count)]
    return {
        "progress": now,
        "sums": now.sums,
        "terms": terms,
        "bar": parts.segments(now.sums.audience, triples),
        "failed": now.sums.bounced + now.sums.expired,
        "may_see": request.actor.may(Right.VIEW_PEOPLE),
        "live": not over,
        "time_left": _about(now.time_left),
        "told": now.percent // _STEPS_TOLD * _STEPS_TOLD,
        "stopped_by": stop_text(letter.status, now.stop_code) if now.stop_code else "",
        "may_stop": request.actor.may(Right.STOP),
        **shell(request, letter, "result"),
    }


def _terms(sums: Sums) -> list[Term]:
    return [
        Term(
            key=key,
            kind=kind,
            label=parts.state_look(key)[2],
            count=getattr(sums, key.replace("-", "_")),
        )
        for key, kind, _states in _TERMS
    ]


def _undecided(outcome: analytics.Outcome) -> int:
    """Letters in doubt that nobody has decided to leave as they are."""
    return sum(
        each.count
        for each in outcome.reasons
        if each.state == DeliveryState.IN_DOUBT and each.reason != Reason.LEFT
    )


def _wanted(request: StaffRequest) -> str:
    wanted = request.GET.get("state", "")
    return wanted if wanted in _FILTERS else ""


def _rows(request: StaffRequest, letter: CampaignView) -> dict[str, object]:
    page = analytics.rows(
        request.actor,
        letter.id,
        states=_FILTERS.get(_wanted(request), ()),
        search=request.GET.get("q", ""),
        page=page_number(request),
    )
    name = name_field_of(request, letter)
    return {
        "page": page,
        "moment": clock.now(),
        "rows": [(each.fields.get(name) or each.address, each) for each in page.rows],
    }


def _about(left: timedelta | None) -> str:
    """A time left in words that do not pretend to know seconds."""
    if left is None:
        return ""
    seconds = left.total_seconds()
    if seconds < 60:
        return _("less than a minute")
    if seconds < 90 * 60:
        count = round(seconds / 60)
        return ngettext("about %(count)s minute", "about %(count)s minutes", count) % {
            "count": count
        }
    count = round(seconds / 3600)
    return ngettext("about %(count)s hour", "about %(count)s hours", count) % {"count": count}
