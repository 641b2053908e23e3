"""The do-not-mail list: look, add, take back what staff added."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from hatobin.accounts.rules import Right
from hatobin.accounts.services.access import check_right
from hatobin.common.errors import HatobinError
from hatobin.console.middleware import StaffRequest
from hatobin.console.numbers import page_number
from hatobin.console.shared import add_problem, staff_only, told
from hatobin.suppression import queries, services


class AddForm(forms.Form):
    """Addresses, one a line."""

    addresses = forms.CharField(
        label=gettext_lazy("Mail addresses"),
        help_text=gettext_lazy("One address a line."),
        widget=forms.Textarea({"rows": 4, "spellcheck": "false"}),
        max_length=200_000,
    )
    why = forms.CharField(
        label=gettext_lazy("Why are they added?"),
        help_text=gettext_lazy("For the audit log. Write no names or addresses here."),
        max_length=300,
        required=False,
    )


@staff_only
@require_http_methods(["GET", "POST"])
def index(request: StaffRequest) -> HttpResponse:
    """The list, newest first, with a search for one address and a form to add some."""
    if request.method == "POST":
        check_right(request.actor, Right.EDIT_LISTS)
    form = AddForm(request.POST or None)
    if form.is_valid():
        try:
            data = form.cleaned_data
            added = services.add_by_staff(request.actor, data["addresses"], why=data["why"])
        except HatobinError as error:
            add_problem(form, error)
        else:
            text = ngettext(
                "%(count)s address was added.", "%(count)s addresses were added.", added
            )
            messages.success(request, text % {"count": added})
            return redirect("console:suppression")
    search = request.GET.get("q", "")
    page = queries.entries(request.actor, search=search, page=page_number(request))
    context = {
        "form": form,
        "page": page,
        "search": search,
        "may_edit": request.actor.may(Right.EDIT_LISTS),
        "may_remove": request.actor.may(Right.MANAGE),
    }
    return render(request, "console/suppression/index.html", context)


@staff_only
@require_POST
def remove(request: StaffRequest, entry_id: int) -> HttpResponse:
    """Takes back an entry that staff added."""
    with told(request):
        services.remove(request.actor, entry_id, why=request.POST.get("why", ""))
        messages.success(request, _("The entry is removed. This address can be mailed again."))
    return redirect("console:suppression")
