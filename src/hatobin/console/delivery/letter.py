"""Why has this person not got it? One letter's story, and what can be done about it."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from hatobin.accounts.rules import Actor, Right
from hatobin.campaigns import queries as campaigns
from hatobin.common.sentences import in_a_row
from hatobin.console.letters.shell import name_field_of
from hatobin.console.middleware import StaffRequest
from hatobin.console.shared import staff_only, told
from hatobin.delivery.models import DeliveryState
from hatobin.delivery.queries import egresses
from hatobin.delivery.queries.history import History, history
from hatobin.delivery.queries.standing import Standing
from hatobin.delivery.rules.reasons import Reason
from hatobin.delivery.services import letters

# By what a button is called: the act, the right that it takes, and what is said afterwards.
_ACTS: dict[str, tuple[Callable[[Actor, int], object], Right, Promise]] = {
    "retry": (letters.retry, Right.SEND, _("It is tried now. Look here again in a few seconds.")),
    "end-rest": (
        letters.end_rest,
        Right.SEND,
        _("It is tried again now. Look here again in a few seconds."),
    ),
    "hold": (letters.hold, Right.SEND, _("It is held back. It leaves when you let it go.")),
    "let-go": (letters.let_go, Right.SEND, _("It waits for its turn again.")),
    "give-up": (letters.give_up, Right.STOP, _("It is given up. It never leaves.")),
    "resend": (letters.resend, Right.SEND, _("It is sent once more.")),
    "leave": (letters.leave, Right.SEND, _("It stays as it is.")),
}
_ACCEPTED = _(
    "The receiving server has taken it. If the person does not find it, the junk folder is the first place to look; "
    "with the server's words below, whoever runs their mail can trace it."
)
_SANDBOXED = _("It lies in the sandbox mailbox; nobody outside got it.")
_IN_DOUBT = _(
    "It was handed over whole, but the connection ended before the server's answer. It has probably arrived; "
    "nobody can know. Ask the person, then decide below."
)
_LEFT = _(
    "It was handed over whole, but the connection ended before the server's answer. "
    "Somebody decided to leave it as it is."
)
_NEAR = {"in-turn", "in-hand", "handing-over"}  # it leaves within seconds


@staff_only
@require_http_methods(["GET", "POST"])
def show(request: StaffRequest, delivery_id: int) -> HttpResponse:
    """The page; a POST is one of its buttons."""
    if request.method == "POST":
        act = _ACTS.get(request.POST.get("act", ""))
        if act is None:
            return HttpResponse(status=404)
        with told(request):
            then = act[0](request.actor, delivery_id)
            if isinstance(then, Standing) and then.code not in _NEAR:
                messages.info(request, _still_waits(then))
            else:
                messages.success(request, str(act[2]))
        return redirect("console:delivery-letter", delivery_id)
    found = history(request.actor, delivery_id)
    return render(request, "console/delivery/letter.html", about(request, found))


def about(request: StaffRequest, found: History) -> dict[str, object]:
    """What pages about one letter know."""
    behind = campaigns.letters_behind(request.actor, [str(found.dispatch_id)])
    rights = {name: act[1] for name, act in _ACTS.items()} | {"move": Right.SEND}
    campaign = behind.get(str(found.dispatch_id))
    name = ""
    if campaign:
        field = name_field_of(request, campaigns.campaign(request.actor, campaign[0]))
        name = found.fields.get(field, "")
    sandboxes = {each.id for each in egresses(request.actor) if each.sandbox}
    return {
        "found": found,
        "campaign": campaign,
        "name": name,
        "section": reverse("console:letters") if campaign else "",
        "now_what": _now_what(found, sandbox=found.egress_id in sandboxes),
        "acts": [each for each in found.acts if request.actor.may(rights[each])],
    }


def _now_what(found: History, *, sandbox: bool) -> str | Promise:
    """What a letter that has ended so means for the person who asks for it."""
    if found.state == DeliveryState.ACCEPTED:
        return _SANDBOXED if sandbox else _ACCEPTED
    if found.state == DeliveryState.IN_DOUBT:
        return _LEFT if found.reason == Reason.LEFT else _IN_DOUBT
    return ""


def _still_waits(standing: Standing) -> str:
    """What it waits for although its own time is over."""
    rests = ""
    if standing.until:
        said = _("It leaves after %(time)s.")
        rests = str(said) % {"time": date_format(localtime(standing.until), "H:i")}
    return in_a_row(_("Its own time to wait is over."), standing.text, rests)
