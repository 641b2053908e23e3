"""Workspaces: made with their keys, named, and given an address."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import suppress

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.models import Member, Role, User, Workspace
from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services import audit, sealing
from hatobin.accounts.services.access import actor_of_member, check_right
from hatobin.common.errors import Invalid
from hatobin.common.web_address import web_address

_FIRST_WORKSPACE_LOCK = 810_2027  # advisory lock: the first workspace is made once

# What rooms above add to a new workspace, in the same transaction.
_furnishers: list[Callable[[uuid.UUID], object]] = []


def furnish_with(call: Callable[[uuid.UUID], object]) -> None:
    """A room above registers here (in its AppConfig.ready) what every workspace must have."""
    if call not in _furnishers:
        _furnishers.append(call)


def checked_name(name: str, *, field: str = "workspace_name") -> str:
    """A workspace's name as it is stored; raises Invalid for none."""
    if not name.strip():
        raise Invalid("missing", _("This must be filled in."), field=field)
    return name.strip()[:120]


@transaction.atomic
def create_workspace(
    name: str, owner: User | None, *, language: str = "ja", demo: bool = False
) -> Workspace:
    """A new workspace with its own keys; ``owner`` becomes its first member."""
    workspace = Workspace.objects.create(name=checked_name(name), language=language, is_demo=demo)
    sealing.create_keys(workspace.pk)
    for furnish in _furnishers:
        furnish(workspace.pk)
    if owner is not None:
        member = Member.objects.create(workspace=workspace, user=owner, role=Role.OWNER)
        audit.record(actor_of_member(member), "workspace.created")
    return workspace


@transaction.atomic
def first_workspace(name: str) -> Workspace:
    """The oldest workspace; a new one of this name, without an owner, where there is none yet.

    Of several commands that come at once on a fresh installation the first one makes it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_FIRST_WORKSPACE_LOCK])
    return Workspace.objects.order_by("created_at", "pk").first() or create_workspace(name, None)


def lock_workspace(workspace_id: uuid.UUID) -> None:
    """One at a time looks whether something is there and adds it, until the transaction ends."""
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace_id)


@transaction.atomic
def save_workspace(actor: Actor, *, name: str, language: str, base_url: str) -> Workspace:
    """Renames a workspace, sets its language and the address that links in its letters begin with."""
    check_right(actor, Right.MANAGE)
    name = checked_name(name, field="name")
    if language not in dict(settings.LANGUAGES):
        raise Invalid("unknown-language", _("Choose Japanese or English."), field="language")
    workspace = Workspace.objects.select_for_update().get(pk=actor.workspace_id)
    workspace.name = name
    workspace.language = language
    workspace.base_url = _checked_url(base_url)
    workspace.save()
    audit.record(actor, "workspace.saved")
    return workspace


def base_url_of(workspace_id: uuid.UUID) -> str:
    """Where links in letters of this workspace point to, without a slash at the end."""
    stored = Workspace.objects.values_list("base_url", flat=True).get(pk=workspace_id)
    with suppress(ValueError):  # kept as it is: stored before there was one form
        stored = web_address(stored)
    return stored or settings.HATOBIN.public_url


def _checked_url(text: str) -> str:
    try:
        return web_address(text)
    except ValueError as error:
        raise Invalid(
            "bad-url",
            _("This is not a web address that letters can carry."),
            advice=_("Write it like https://mail.example.jp, without spaces, a user name, ? or #."),
            field="base_url",
        ) from error
