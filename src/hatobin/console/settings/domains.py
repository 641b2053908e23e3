"""Sending domains: the record to publish, what the DNS says, and one next thing to do."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from hatobin.accounts.rules import Right
from hatobin.accounts.services.access import check_right
from hatobin.console.middleware import StaffRequest
from hatobin.console.settings.domain_forms import BouncesForm, DomainForm, ImportForm
from hatobin.console.shared import attempt, staff_only, told
from hatobin.deliverability import queries
from hatobin.deliverability.services import activate_key, check_domain
from hatobin.deliverability.views import DomainView
from hatobin.senders.models import KeyState, SendingDomain
from hatobin.senders.queries import default_address
from hatobin.senders.rules import OVERLAP
from hatobin.senders.services import domains, key_making, key_use
from hatobin.wire.address import in_own_letters


@staff_only
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    """Every domain with what is to be done for it."""
    return _page(request, "domains", domains=queries.domains(request.actor))


@staff_only
@require_http_methods(["GET", "POST"])
def new(request: StaffRequest) -> HttpResponse:
    """A new domain; the one of the default sender is proposed."""
    check_right(request.actor, Right.MANAGE)
    known = {each.name for each in queries.domains(request.actor)}
    proposed = default_address(request.actor.workspace_id).rpartition("@")[2]
    initial = {"name": in_own_letters(f"@{proposed}")[1:] if proposed not in known else ""}
    form = DomainForm(request.POST or None, initial=initial)
    made: list[SendingDomain] = []
    if form.is_valid() and attempt(
        form, lambda: made.append(domains.add_domain(request.actor, **form.cleaned_data))
    ):
        return redirect("console:domain", made[0].pk)
    return _page(request, "domain_new", form=form)


@staff_only
@require_safe
def show(request: StaffRequest, domain_id: uuid.UUID) -> HttpResponse:
    """One domain: the next step, the records, the checks, the keys."""
    found = queries.domain(request.actor, domain_id)
    new_keys = [each for each in found.keys if each.state == KeyState.NEW]
    waiting = {each.id for each in new_keys}  # receivers do not look for them yet
    return _page(
        request,
        "domain",
        domain=found,
        findings=[each for each in found.findings if each.key_id not in waiting],
        new_keys=new_keys,
        used_keys=[
            each for each in found.keys if each.state in {KeyState.ACTIVE, KeyState.RETIRING}
        ],
        old_keys=[each for each in found.keys if each.state == KeyState.RETIRED],
        days=OVERLAP.days,
        may_add_second=_may_add_second(found),
    )


@staff_only
@require_POST
def check(request: StaffRequest, domain_id: uuid.UUID) -> HttpResponse:
    """Asks the DNS now."""
    with told(request):
        check_domain(request.actor, domain_id)
        messages.success(request, _("The DNS was checked just now."))
    return redirect("console:domain", domain_id)


@staff_only
@require_POST
def generate(request: StaffRequest, domain_id: uuid.UUID) -> HttpResponse:
    """Makes a key; ``algorithm`` for the second kind."""
    algorithm = request.POST.get("algorithm", "rsa")
    with told(request):
        key_making.generate_key(request.actor, domain_id, algorithm=algorithm)
        messages.success(request, _("The key is made. Its record is shown below."))
    return redirect("console:domain", domain_id)


@staff_only
@require_http_methods(["GET", "POST"])
def bring(request: StaffRequest, domain_id: uuid.UUID) -> HttpResponse:
    """Brings in a key; what was typed is never written into the page again."""
    check_right(request.actor, Right.MANAGE)
    found = queries.domain(request.actor, domain_id)
    form = ImportForm(request.POST or None)
    if form.is_valid() and attempt(
        form, key_making.import_key, request.actor, domain_id, **form.cleaned_data
    ):
        messages.success(request, _("The key is stored. Have the DNS checked, then start signing."))
        return redirect("console:domain", domain_id)
    return _page(request, "domain_import", form=form, domain=found)


@staff_only
@require_POST
def rotate(request: StaffRequest, domain_id: uuid.UUID) -> HttpResponse:
    """Makes a successor for each key that signs."""
    with told(request):
        key_making.rotate(request.actor, domain_id)
        messages.success(
            request, _("The new key is made. The old one signs until you start with the new one.")
        )
    return redirect("console:domain", domain_id)


@staff_only
@require_POST
def activate(request: StaffRequest, domain_id: uuid.UUID, dkim_key_id: uuid.UUID) -> HttpResponse:
    """Signs with a key from now on, if the DNS publishes it."""
    with told(request):
        activate_key(request.actor, domain_id, dkim_key_id)
        messages.success(request, _("Letters are signed with this key from now on."))
    return redirect("console:domain", domain_id)


@staff_only
@require_POST
def retire(request: StaffRequest, domain_id: uuid.UUID, dkim_key_id: uuid.UUID) -> HttpResponse:
    """Takes a key out of use; ``at_once`` while it is needed."""
    with told(request):
        key_use.retire(
            request.actor, domain_id, dkim_key_id, at_once=request.POST.get("at_once") == "1"
        )
        messages.success(request, _("The key is out of use; its secret half is erased."))
    return redirect("console:domain", domain_id)


@staff_only
@require_http_methods(["GET", "POST"])
def bounces(request: StaffRequest, domain_id: uuid.UUID) -> HttpResponse:
    """Where bounces go."""
    check_right(request.actor, Right.MANAGE)
    found = queries.domain(request.actor, domain_id)
    form = BouncesForm(
        request.POST if request.method == "POST" else None,
        initial={"return_path": in_own_letters(f"@{found.return_path}")[1:]},
    )
    if form.is_valid() and attempt(
        form, domains.change_domain, request.actor, domain_id, **form.cleaned_data
    ):
        messages.success(request, _("Saved."))
        return redirect("console:domain", domain_id)
    return _page(request, "domain_bounces", form=form, domain=found)


@staff_only
@require_POST
def remove(request: StaffRequest, domain_id: uuid.UUID) -> HttpResponse:
    """Takes a domain away with its keys."""
    removed = False
    with told(request):
        domains.remove_domain(request.actor, domain_id)
        messages.success(request, _("The domain is removed."))
        removed = True
    return (
        redirect("console:settings-domains") if removed else redirect("console:domain", domain_id)
    )


def _may_add_second(found: DomainView) -> bool:
    """Whether an Ed25519 key would be one beside RSA, and there is none on its way."""
    kinds = {each.algorithm for each in found.keys if each.state != KeyState.RETIRED}
    return found.signs and "ed25519" not in kinds


def _page(request: StaffRequest, name: str, **context: object) -> HttpResponse:
    context["may_manage"] = request.actor.may(Right.MANAGE)
    return render(request, f"console/settings/{name}.html", context)
