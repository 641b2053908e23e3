"""Why a letter as a whole does not go on: one code, one sentence."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hatobin.delivery.rules.states import DispatchState

EMERGENCY = "emergency"
# By Dispatch.stop_code.
_TEXTS: dict[str, Promise] = {
    "person": _("A person stopped it. What had not left stays here."),
    "called-back": _("It was called back while it was on hold. No letter left."),
    "last-byte": _(
        "Hatobin stopped it: the last check before leaving found something that must not leave."
    ),
    "content-changed": _("Hatobin stopped it: what was to be sent was not what was checked."),
    "cannot-read": _(
        "Hatobin stopped it: the letter cannot be made. Make a copy, and look at its merge fields."
    ),
    EMERGENCY: _(
        "An emergency stop stands: nothing of it leaves. When the stop is lifted, it goes on by itself."
    ),
    "cannot-open": _("Hatobin paused it: the data of the people cannot be opened on this machine."),
}
_PAUSED = _("It is paused. It goes on when somebody resumes it on its page.")
_STOPPED = _("It was stopped. What had not left stays here.")


def stop_text(state: str, code: str) -> str:
    """The sentence in the active language; empty while nothing stands in the way."""
    still = state == DispatchState.HELD and code == EMERGENCY
    if not still and state not in {DispatchState.PAUSED, DispatchState.STOPPED}:
        return ""
    return str(_TEXTS.get(code, _PAUSED if state == DispatchState.PAUSED else _STOPPED))
