"""Sign-in by django-allauth, in our words: who may, how often, and what the audit log is told.

Accounts are made by the first start or by invitation, never by signing up. Wrong passwords are
counted in the database's cache, so that every web process counts together.
"""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.models import User
from hatobin.accounts.services import audit


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    """What allauth asks us."""

    error_messages: ClassVar[dict[str, str | Promise]] = {
        **DefaultAccountAdapter.error_messages,
        # The same words for an unknown address and a wrong password: nobody learns who has an account.
        "email_password_mismatch": _(
            "The mail address or the password is not right. Type both again."
        ),
        "too_many_login_attempts": _(
            "Too many wrong passwords. Wait five minutes, then try again. "
            "If you forgot your password, ask the person who runs this installation."
        ),
        "enter_current_password": _("This is not your password now. Type it again."),
        "incorrect_password": _("This is not your password. Type it again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody makes an account here without an invitation."""
        return False

    def login(self, request: HttpRequest, user: User) -> None:
        """Signs in, and tells the person's workspaces."""
        super().login(request, user)
        audit.record_for_user(user, "user.signed-in")

    def set_password(self, user: User, password: str) -> None:
        """A new password; Django ends the person's other sessions with it."""
        super().set_password(user, password)
        audit.record_for_user(user, "user.password-changed")

    def reauthenticate(self, user: User, password: str) -> bool:
        """By our own address of the person: allauth keeps none."""
        found = self.authenticate(context.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Counted by address alone: a made-up port in the Host header starts no new count."""
        return str(credentials.get("email", "")).strip().lower()
