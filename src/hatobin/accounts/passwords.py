"""One password rule that Django does not have."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

_DIFFERENT = 5


class EnoughDifferentCharacters:
    """Refuses ten spaces, aaaaaaaaaa and the like: long, but the first that anybody tries."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Raises ValidationError."""
        if len(set(password)) < _DIFFERENT:
            raise ValidationError(self.get_help_text(), code="password_too_uniform")

    def get_help_text(self) -> str:
        """The rule in one sentence."""
        return _("Use at least %(count)s different characters.") % {"count": _DIFFERENT}
