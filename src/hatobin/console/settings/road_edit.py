"""The form of each kind of way of sending; "test" looks before anything is saved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from hatobin.accounts.rules import Right
from hatobin.accounts.services.access import check_right
from hatobin.common.errors import HatobinError
from hatobin.console.middleware import StaffRequest
from hatobin.console.settings import tested
from hatobin.console.settings.road_forms import (
    DIRECT_TLS_HINTS,
    TLS_HINTS,
    DirectForm,
    RelayForm,
    RoadForm,
    ServiceForm,
    SourceForms,
)
from hatobin.console.shared import add_problem, staff_only
from hatobin.delivery import queries
from hatobin.delivery.egress.providers import PROVIDERS
from hatobin.delivery.models import Egress
from hatobin.delivery.queries.egresses import EgressView
from hatobin.delivery.rules.sources import MOST, ehlo_name
from hatobin.delivery.services import egress, egress_direct, egress_test
from hatobin.delivery.services.endpoints import helo_name

_PLACE = ("host", "port", "tls", "username")


@staff_only
@require_http_methods(["GET", "POST"])
def new_relay(request: StaffRequest) -> HttpResponse:
    """A new SMTP relay."""
    check_right(request.actor, Right.MANAGE)
    return relay(request, None)


@staff_only
@require_http_methods(["GET", "POST"])
def new_direct(request: StaffRequest) -> HttpResponse:
    """A new direct road."""
    check_right(request.actor, Right.MANAGE)
    return direct(request, None)


@staff_only
@require_http_methods(["GET", "POST"])
def new_service(request: StaffRequest, provider: str) -> HttpResponse:
    """A new mail service."""
    check_right(request.actor, Right.MANAGE)
    if provider not in PROVIDERS:
        raise Http404
    return service(request, provider, None)


def relay(request: StaffRequest, stored: EgressView | None) -> HttpResponse:
    """One SMTP relay."""
    form = RelayForm(
        request.POST or None, initial=_initial(stored, *_PLACE, "messages_per_connection")
    )
    form.explain_password(stored=bool(stored and stored.has_password))
    _offer_fallbacks(request, form, stored)
    context: dict[str, object] = {"form": form, "tls_hints": TLS_HINTS}
    if form.is_valid():
        values = form.cleaned_data
        place = ["relay", values["host"].lower(), values["username"]]
        if values["username"] and not values["password"]:
            values["password"] = tested.kept(request, place).get("password", "")
        if "test" in request.POST:
            context["test"] = _tried(
                form,
                lambda: egress_test.test_values(
                    request.actor,
                    egress_id=stored.id if stored else None,
                    **{name: values[name] for name in (*_PLACE, "password")},
                ),
            )
            _remember(request, context["test"], place, {"password": values["password"]})
        elif _saved(request, form, egress.save_relay, stored, **values):
            return redirect("console:settings-roads")
        kept = values["username"] and tested.kept(request, place)
        form.explain_kept(minutes=tested.MINUTES if kept else 0)
    return render(request, "console/settings/relay.html", context)


def direct(request: StaffRequest, stored: EgressView | None) -> HttpResponse:
    """Addresses of this machine, straight to the recipients' servers."""
    more = "more" in request.POST
    data = request.POST if request.method == "POST" and not more else None
    initial = _initial(stored, "tls", "messages_per_connection")
    if stored and stored.host:
        initial |= {"trial_host": stored.host, "trial_port": stored.port}
    initial |= request.POST.dict() if more else {}
    form = DirectForm(data, initial=initial)
    shown = _rows(request, stored, more=more) if data is None else None
    rows = SourceForms(data, initial=shown, prefix="source")
    _offer_fallbacks(request, form, stored)
    context: dict[str, object] = {
        "form": form,
        "rows": rows,
        "more": more,
        "tls_hints": DIRECT_TLS_HINTS,
        "addresses": egress_direct.addresses_of_this_machine(),
        "stored": stored,
    }
    if data is not None and form.is_valid() and rows.is_valid():
        values = form.cleaned_data
        to = values.pop("to")
        values["host"], values["port"] = values.pop("trial_host"), values.pop("trial_port") or 25
        values["sources"] = [each.to_source() for each in rows if not each.is_empty]
        if "test" in request.POST:
            place: dict[str, Any] = {
                name: values[name] for name in ("sources", "tls", "host", "port")
            }
            context["test"] = _tried(
                form, lambda: egress_test.test_direct_values(request.actor, to=to, **place), rows
            )
        elif _saved(request, form, egress.save_direct, stored, rows, **values):
            return redirect("console:settings-roads")
    return render(request, "console/settings/direct.html", context)


def service(request: StaffRequest, provider: str, stored: EgressView | None) -> HttpResponse:
    """A mail service with the fields that it asks for."""
    place = ["service", provider]
    kept = tested.kept(request, place)
    initial = _initial(stored) or {"name": PROVIDERS[provider].title}
    if stored:
        initial |= {f"settings.{name}": value for name, value in stored.settings.items()}
    form = ServiceForm(provider, request.POST or None, initial=initial, stored=stored)
    form.keep(kept)
    _offer_fallbacks(request, form, stored)
    context: dict[str, object] = {
        "form": form,
        "title": PROVIDERS[provider].title,
        "has_keys": bool(stored and stored.has_password),
        "kept_minutes": tested.MINUTES if kept else 0,
    }
    if form.is_valid():
        given = {name: value for name, value in form.part("credentials").items() if value}
        values: dict[str, Any] = {
            "provider": provider,
            "settings": form.part("settings"),
            "credentials": kept | given,
        }
        if "test" in request.POST:
            context["test"] = _tried(
                form,
                lambda: egress_test.test_provider_values(
                    request.actor, egress_id=stored.id if stored else None, **values
                ),
            )
            _remember(request, context["test"], place, values["credentials"])
            form.keep(tested.kept(request, place))
            context["kept_minutes"] = tested.MINUTES if tested.kept(request, place) else 0
        else:
            names = ("name", "make_default", "fallback_id", "connections")
            values |= {each: form.cleaned_data[each] for each in names if each in form.fields}
            if _saved(request, form, egress.save_provider, stored, **values):
                return redirect("console:settings-roads")
    return render(request, "console/settings/service.html", context)


def _tried(
    form: RoadForm, test: Callable[[], egress_test.EgressTest], rows: Any = None
) -> egress_test.EgressTest | None:
    """What was typed, tested; None: the form says why it cannot be."""
    try:
        return test()
    except HatobinError as error:
        _add_problem(form, error, rows)
        return None


def _remember(
    request: StaffRequest, test: object, place: list[str], secrets: dict[str, str]
) -> None:
    """Keeps what was tested for the save that follows, unless it was wrong."""
    if not isinstance(test, egress_test.EgressTest):
        return
    if test.code in {"auth-refused", "key-refused"}:
        tested.forget(request)
    elif any(secrets.values()):
        tested.keep(request, place, secrets)


def _saved(
    request: StaffRequest,
    form: RoadForm,
    save: Callable[..., Egress],
    stored: EgressView | None,
    rows: Any = None,
    **values: Any,
) -> bool:
    """Saves; what was wrong stands in the form, and what to look after in a message."""
    try:
        row = save(request.actor, egress_id=stored.id if stored else None, **values)
    except HatobinError as error:
        _add_problem(form, error, rows)
        return False
    tested.forget(request)
    absent = egress_direct.addresses_not_here(row.sources)
    if absent:
        text = _(
            "Saved, but this machine does not have the address %(addresses)s. "
            "The machine that sends must have it, or nothing leaves from it."
        )
        messages.warning(request, text % {"addresses": ", ".join(absent)})
    else:
        messages.success(request, _("Saved."))
    return True


def _add_problem(form: RoadForm, error: HatobinError, rows: Any) -> None:
    """``sources.1.address`` belongs to the second row that is filled in."""
    place = (error.field or "").split(".")
    if isinstance(form, DirectForm) and place[0] in {"host", "port"}:
        form.add_error(f"trial_{place[0]}", str(error))
    elif rows is None or place[0] != "sources":
        add_problem(form, error)
    elif len(place) == 1:
        form.add_error(None, str(error))
    else:
        filled: list[forms.Form] = [each for each in rows if not each.is_empty]
        filled[int(place[1])].add_error(place[2], str(error))


def _offer_fallbacks(request: StaffRequest, form: RoadForm, stored: EgressView | None) -> None:
    found = queries.egresses(request.actor)
    form.offer_fallbacks(each for each in found if stored is None or each.id != stored.id)


def _initial(stored: EgressView | None, *names: str) -> dict[str, Any]:
    if stored is None:
        return {}
    values: dict[str, Any] = {
        name: getattr(stored, name) for name in ("name", "connections", *names)
    }
    return values | {"make_default": stored.is_default, "fallback_id": stored.fallback_id or ""}


def _rows(request: StaffRequest, stored: EgressView | None, *, more: bool) -> list[dict[str, Any]]:
    """The stored addresses, or what was typed and one empty row; a new road begins with one row."""
    if more:
        names = (("ehlo_name", ""), ("address", ""), ("weight", "1"))
        total = request.POST.get("source-TOTAL_FORMS", "")
        count = int(total) if total.isascii() and total.isdecimal() and len(total) < 4 else 0
        typed = [
            {name: request.POST.get(f"source-{n}-{name}") or usual for name, usual in names}
            for n in range(min(count, MOST))
        ]
        return [*typed, {}]
    if stored is None:
        return [{"ehlo_name": ehlo_name(helo_name()) or ""}]
    return [
        {"ehlo_name": each.ehlo_name, "address": each.address, "weight": each.weight}
        for each in stored.sources
    ]
