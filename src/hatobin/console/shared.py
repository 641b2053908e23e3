"""What the screens share: the door's guard, and errors of services beside the field they are about."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Concatenate, ParamSpec, cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from hatobin.common.errors import HatobinError, NotAllowed, NotFound
from hatobin.console.middleware import StaffRequest
from hatobin.console.signed_out import signed_in

P = ParamSpec("P")
View = Callable[Concatenate[StaffRequest, P], HttpResponseBase]


def staff_only(view: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Only signed-in members of a workspace; errors of services become a page of their own."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        staff = cast("StaffRequest", request)
        if getattr(staff, "actor", None) is None:
            return redirect("console:no-workspace")
        try:
            return view(staff, *args, **kwargs)
        except HatobinError as error:
            return problem_page(request, error)

    return cast("Callable[Concatenate[HttpRequest, P], HttpResponseBase]", signed_in(guarded))


def problem_page(request: HttpRequest, error: HatobinError) -> HttpResponse:
    """A whole page for what no form can show."""
    context = {
        "problem": error,
        "forbidden": isinstance(error, NotAllowed),
        "gone": isinstance(error, NotFound),
    }
    return render(request, "console/problem.html", context, status=error.status)


def add_problem(form: forms.Form, error: HatobinError) -> None:
    """Shows a service's error beside the field it names, else above the form.

    A missing right is nothing to correct in a form: it becomes the page of ``staff_only``.
    """
    if isinstance(error, NotAllowed):
        raise error
    field = error.field if error.field in form.fields else None
    form.add_error(field, str(error))


def attempt(form: forms.Form, call: Callable[..., Any], *args: Any, **kwargs: Any) -> bool:
    """Calls a service; True when it went well, else its error stands in the form."""
    try:
        call(*args, **kwargs)
    except HatobinError as error:
        add_problem(form, error)
        return False
    return True


@contextmanager
def told(request: HttpRequest) -> Iterator[None]:
    """For one-button acts: a service's error becomes a message on the next page.

    A missing right, and a thing that is not in this workspace, are pages of their own (403, 404).
    """
    try:
        yield
    except (NotAllowed, NotFound):
        raise
    except HatobinError as error:
        messages.error(request, str(error))
