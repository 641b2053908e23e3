"""Sign-in by django-allauth, in our words: who may, how often, and what the audit log is told.

Accounts are made by the first start or by invitation, never by signing up. Wrong passwords are
counted in the database's cache, so that every web process counts together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.internal import ratelimit
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.models import User
from hatobin.accounts.services import audit
from hatobin.console.signed_out import tell_to_press_again


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    """What allauth asks us."""

    _tries_anywhere: Any = None

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
        "too_many_tries_anywhere": _(
            "Many wrong passwords have been typed for this mail address, from several places. "
            "Wait an hour, then try again, or ask the person who runs this installation."
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
        tell_to_press_again(request)

    def set_password(self, user: User, password: str) -> None:
        """A new password; Django ends the person's other sessions with it."""
        super().set_password(user, password)
        audit.record_for_user(user, "user.password-changed")

    def reauthenticate(self, user: User, password: str) -> bool:
        """By our own address of the person: allauth keeps none."""
        found = self.authenticate(context.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Counts a try before it is looked at; a right password takes it back."""
        super().pre_authenticate(request, **credentials)
        self._tries_anywhere = ratelimit.consume(
            request, app="allauth.account", action="login_failed_anywhere", key=_login(credentials)
        )
        if not self._tries_anywhere:
            raise self.validation_error("too_many_tries_anywhere")

    def _rollback_login_failed_rl_usage(self) -> None:
        super()._rollback_login_failed_rl_usage()
        if self._tries_anywhere:
            self._tries_anywhere.rollback()

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Counted by network and mail address, so that a stranger elsewhere locks nobody out.

        Not by the Host header: a made-up port would start a new count.
        """
        return f"{ratelimit.get_ip(request)} {_login(credentials)}"


def _login(credentials: Mapping[str, Any]) -> str:
    return str(credentials.get("email", "")).strip().lower()
