"""What ended is forgotten: sessions past their time, invitations that nobody can accept any more."""

from __future__ import annotations

from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction

from hatobin.accounts.models import Invitation
from hatobin.common import clock

_KEPT = timedelta(days=30)  # so that an owner can still see that an invitation ran out


@transaction.atomic
def forget_ended_sessions() -> int:
    """How many sessions were past their time; where they were is forgotten with them."""
    gone, _tables = Session.objects.filter(expire_date__lt=clock.now()).delete()
    UserSession.objects.exclude(
        session_key__in=Session.objects.values_list("session_key", flat=True)
    ).delete()
    return gone


def forget_old_invitations() -> int:
    """How many invitations were never accepted and ran out a month ago."""
    rows = Invitation.objects.across_workspaces()
    old = rows.filter(accepted_at=None, expires_at__lt=clock.now() - _KEPT)
    gone, _tables = old.delete()
    return gone
