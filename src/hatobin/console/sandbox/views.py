"""The sandbox mailbox: every letter that would have left, exactly as it came over the wire."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from hatobin.accounts.rules import Right
from hatobin.console.middleware import StaffRequest
from hatobin.console.numbers import page_number
from hatobin.console.shared import staff_only, told
from hatobin.delivery.sandbox import services

# A letter is a stranger's page: no script, no form, no frame, pictures only from the letter itself.
# Mail programs read inline styles only, so letters are full of them; no script can use that.
FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'self'"
)


@staff_only
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    """Newest first, with search."""
    search = request.GET.get("q", "")
    page = services.letters(request.actor, search=search, page=page_number(request))
    may_clear = request.actor.may(Right.EDIT_LETTERS)
    context = {"page": page, "search": search, "may_clear": may_clear}
    return render(request, "console/sandbox/index.html", context)


@staff_only
@require_safe
def letter(request: StaffRequest, letter_id: int) -> HttpResponse:
    """One letter: envelope, headers, HTML, text, source."""
    found = services.letter(request.actor, letter_id)
    return render(request, "console/sandbox/letter.html", {"letter": found})


@xframe_options_sameorigin
@staff_only
@require_safe
def letter_html(request: StaffRequest, letter_id: int) -> HttpResponse:
    """The HTML part alone, for the frame."""
    found = services.letter(request.actor, letter_id)
    if not found.html:
        raise Http404
    response = HttpResponse(found.html)
    response.headers["Content-Security-Policy"] = FRAME_POLICY
    return response


@staff_only
@require_safe
def letter_source(request: StaffRequest, letter_id: int) -> HttpResponse:
    """The raw message as a file."""
    found = services.letter(request.actor, letter_id)
    response = HttpResponse(found.raw, content_type="message/rfc822")
    response.headers["Content-Disposition"] = f'attachment; filename="letter-{letter_id}.eml"'
    return response


@staff_only
@require_POST
def clear(request: StaffRequest) -> HttpResponse:
    """Empties the mailbox."""
    with told(request):
        services.clear(request.actor)
        messages.success(request, _("The sandbox mailbox is empty."))
    return redirect("console:sandbox")
