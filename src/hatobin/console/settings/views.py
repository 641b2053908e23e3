"""Settings screens: each shows a thing and changes it through one service call."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from hatobin.accounts.models import Member, Role
from hatobin.accounts.queries import audit_page
from hatobin.accounts.rules import RIGHT_SENTENCES, ROLE_RIGHTS, Right
from hatobin.accounts.services import api_keys, members, workspaces
from hatobin.accounts.services.access import access_workspace, check_right, workspaces_of
from hatobin.campaigns.queries import letters_behind
from hatobin.common import clock
from hatobin.console.middleware import SESSION_KEY, StaffRequest
from hatobin.console.numbers import page_number
from hatobin.console.settings.acts import KIND_WORDS, KINDS, TWINS, act_details, act_sentence
from hatobin.console.settings.forms import (
    ApiKeyForm,
    IdentityForm,
    InviteForm,
    ProfileForm,
    WorkspaceForm,
)
from hatobin.console.shared import attempt, staff_only, told
from hatobin.senders import queries as sender_queries
from hatobin.senders import services as senders


@staff_only
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    """What can be set, with the state of each."""
    context = {
        "identities": sender_queries.identities(request.actor),
        "profile": sender_queries.profile(request.actor),
        "may_manage": request.actor.may(Right.MANAGE),
        "workspaces": workspaces_of(request.user),
    }
    return render(request, "console/settings/index.html", context)


@staff_only
@require_http_methods(["GET", "POST"])
def workspace(request: StaffRequest) -> HttpResponse:
    """Name, language, public address."""
    check_right(request.actor, Right.MANAGE)
    stored = request.workspace
    initial = {"name": stored.name, "language": stored.language, "base_url": stored.base_url}
    form = WorkspaceForm(request.POST or None, initial=initial)
    if form.is_valid() and attempt(
        form, workspaces.save_workspace, request.actor, **form.cleaned_data
    ):
        return _saved(request, "console:settings-workspace")
    return _page(request, "workspace", form=form)


@staff_only
@require_http_methods(["GET", "POST"])
def sender(request: StaffRequest) -> HttpResponse:
    """The legal footer and the From lines."""
    if request.method == "POST":
        check_right(request.actor, Right.MANAGE)
    stored = sender_queries.profile(request.actor)
    names = ("organisation", "postal_address", "contact")
    initial = {name: getattr(stored, name) for name in names} if stored else {}
    form = ProfileForm(request.POST or None, initial=initial)
    if form.is_valid() and attempt(form, senders.save_profile, request.actor, **form.cleaned_data):
        return _saved(request, "console:settings-sender")
    found = sender_queries.identities(request.actor)
    return _page(request, "sender", form=form, profile=stored, identities=found)


@staff_only
@require_http_methods(["GET", "POST"])
def identity(request: StaffRequest, identity_id: uuid.UUID | None = None) -> HttpResponse:
    """One From line, new or known."""
    check_right(request.actor, Right.MANAGE)
    initial: dict[str, Any] = {}
    if identity_id:
        stored = sender_queries.identity(request.actor, identity_id)
        names = ("display_name", "address", "reply_to")
        initial = {name: getattr(stored, name) for name in names}
        initial["make_default"] = stored.is_default
    form = IdentityForm(request.POST or None, initial=initial)
    if form.is_valid() and attempt(
        form, senders.save_identity, request.actor, identity_id=identity_id, **form.cleaned_data
    ):
        return _saved(request, "console:settings-sender")
    return _page(request, "identity", form=form, identity_id=identity_id)


@staff_only
@require_POST
def delete_identity(request: StaffRequest, identity_id: uuid.UUID) -> HttpResponse:
    """Removes a From line."""
    with told(request):
        senders.delete_identity(request.actor, identity_id)
        messages.success(request, _("The sender is removed."))
    return redirect("console:settings-sender")


@staff_only
@require_http_methods(["GET", "POST"])
def member_list(request: StaffRequest) -> HttpResponse:
    """Members, open invitations, and a new invitation (its link is shown once)."""
    check_right(request.actor, Right.MANAGE)
    form = InviteForm(request.POST or None)
    link = ""
    if form.is_valid():
        tokens: list[str] = []
        if attempt(form, lambda: tokens.append(members.invite(request.actor, **form.cleaned_data))):
            link = request.build_absolute_uri(f"/invitation/{tokens[0]}")
            form = InviteForm()
    shown = members.members(request.actor)
    return _page(
        request,
        "members",
        form=form,
        link=link,
        members=shown,
        only_owner=_only_owner(shown),
        me=request.user.pk,
        invitations=members.open_invitations(request.actor),
        roles=Role.choices,
        matrix=_matrix(),
    )


@staff_only
@require_POST
def change_member(request: StaffRequest, member_id: uuid.UUID) -> HttpResponse:
    """Another role, or out."""
    with told(request):
        if request.POST.get("act") == "remove":
            ended = members.remove_member(request.actor, member_id)
            messages.success(request, _("The person is no longer a member."))
        else:
            ended = members.change_role(request.actor, member_id, request.POST.get("role", ""))
            messages.success(request, _("The role is changed."))
        if ended:
            text = ngettext(
                "%(count)s API key that the person made no longer works.",
                "%(count)s API keys that the person made no longer work.",
                ended,
            )
            messages.success(request, text % {"count": ended})
    return redirect("console:settings-members")


@staff_only
@require_POST
def withdraw_invitation(request: StaffRequest, invitation_id: uuid.UUID) -> HttpResponse:
    """Makes an invitation useless."""
    with told(request):
        members.withdraw_invitation(request.actor, invitation_id)
        messages.success(request, _("The invitation is withdrawn."))
    return redirect("console:settings-members")


@staff_only
@require_http_methods(["GET", "POST"])
def api_key_list(request: StaffRequest) -> HttpResponse:
    """API keys, and a new one (its secret is shown once)."""
    check_right(request.actor, Right.MANAGE)
    form = ApiKeyForm(request.POST or None)
    secret = ""
    if form.is_valid():
        made: list[api_keys.NewApiKey] = []
        if attempt(
            form,
            lambda: made.append(api_keys.create_api_key(request.actor, **form.cleaned_data)),
        ):
            secret, form = made[0].secret, ApiKeyForm()
    words = dict(ApiKeyForm.SCOPES)
    keys = [
        (key, [words.get(scope, scope) for scope in key.scopes], key.expires_at <= clock.now())
        for key in api_keys.api_keys(request.actor)
    ]
    return _page(request, "api_keys", form=form, secret=secret, keys=keys)


@staff_only
@require_POST
def revoke_api_key(request: StaffRequest, key_id: uuid.UUID) -> HttpResponse:
    """Ends a key now."""
    with told(request):
        api_keys.revoke_api_key(request.actor, key_id)
        messages.success(request, _("The key no longer works."))
    return redirect("console:settings-api-keys")


@staff_only
@require_safe
def audit_log(request: StaffRequest) -> HttpResponse:
    """Who did what, when; ``?about=`` one kind of things, ``?who=`` one actor."""
    about, who = request.GET.get("about", ""), request.GET.get("who", "")
    page = audit_page(
        request.actor,
        page=page_number(request),
        kinds=KINDS.get(about, ()),
        label=who,
        without=TWINS,
    )
    letters = letters_behind(request.actor, (each.entry.subject for each in page.lines))
    lines = [
        (
            each,
            act_sentence(each.entry.action),
            letters.get(each.entry.subject),
            act_details(each.entry),
        )
        for each in page.lines
    ]
    kinds = [(name, KIND_WORDS[name]) for name in KINDS]
    return _page(request, "audit_log", page=page, lines=lines, kinds=kinds, about=about, who=who)


@staff_only
@require_POST
def switch_workspace(request: StaffRequest) -> HttpResponse:
    """Works in another workspace from now on (membership is checked at every request)."""
    try:
        wanted = uuid.UUID(request.POST.get("workspace", ""))
    except ValueError:
        return redirect("console:settings")
    chosen, _actor = access_workspace(request.user, wanted)
    request.session[SESSION_KEY] = str(chosen.pk)
    messages.success(request, _("You work in “%(name)s” now.") % {"name": chosen.name})
    return redirect("console:home")


def _page(request: StaffRequest, name: str, **context: Any) -> HttpResponse:
    context["may_manage"] = request.actor.may(Right.MANAGE)
    return render(request, f"console/settings/{name}.html", context)


def _saved(request: StaffRequest, where: str) -> HttpResponseRedirect:
    messages.success(request, _("Saved."))
    return redirect(where)


def _matrix() -> list[tuple[str, list[tuple[bool, str]]]]:
    """A right in a sentence, and for each role whether it has it."""
    roles = [(role, str(role.label)) for role in Role]
    return [
        (str(RIGHT_SENTENCES[right]), [(right in ROLE_RIGHTS[role], name) for role, name in roles])
        for right in Right
    ]


def _only_owner(shown: Iterable[Member]) -> uuid.UUID | None:
    """The member who can neither leave nor take another role."""
    owners = [each.pk for each in shown if each.role == Role.OWNER]
    return owners[0] if len(owners) == 1 else None
