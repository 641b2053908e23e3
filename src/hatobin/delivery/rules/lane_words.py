"""How a lane is, in one plain sentence that an office worker understands; experts read ``shaping_words.why_text``."""

from __future__ import annotations

from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Mood = Literal[
    "going", "slow", "resting", "unreachable", "soon", "later", "on-hold", "still", "empty", "no-sender",
    "stopped",
]  # fmt: skip

_SENTENCES: dict[str, Promise] = {
    "going": _("Letters are going out."),
    "slow": _("Its servers take letters slowly at the moment, so sending is slower there."),
    "resting": _("Its servers asked to wait. Sending there rests and goes on by itself."),
    "unreachable": _(
        "Its servers cannot be reached at the moment. They are tried again automatically."
    ),
    "soon": _("Their turn comes in a moment."),
    "later": _("They were put off and are tried again later."),
    "on-hold": _("On hold: they begin by themselves when the hold is over."),
    "still": _("They wait for a person: paused or held back."),
    "empty": _("Nothing waits."),
    "stopped": _("An emergency stop stands: nothing is tried until it is lifted."),
    "no-sender": _("No sender is running, so nothing leaves."),
}
_FEWER = _("Connections broke, so letters go over fewer of them.")
_ANSWERING = _(
    "Its servers answer, but take no letters at the moment. They are tried again automatically."
)
_NOT_ENCRYPTED = _(
    "No encrypted connection can be made to its servers, so nothing is sent. They are tried again automatically."
)
_PACE_DEMANDS = _(
    "Its servers take no encrypted connection, which the delivery pace demands. They are tried again automatically."
)
_SLOW = frozenset({"slowed", "rate-set", "one-by-one", "after-failures"})
# Kinds of ``egress.errors``: an encrypted connection could not be made; a server answered, and not with yes.
ENCRYPTION = frozenset(
    {"starttls-not-offered", "starttls-refused", "not-tls", "certificate", "handshake", "mta-sts-tls"}
)  # fmt: skip
_ANSWERED = frozenset(
    {"shutting-down", "greeting-refused", "ehlo-refused", "sender-later", "sender-refused",
     "auth-temporary", "auth-refused", "auth-required"}
)  # fmt: skip
CONNECTED = ENCRYPTION | _ANSWERED


def mood_of(
    *,
    why: str,
    in_lane: int,
    due: int,
    later: int,
    on_hold: int,
    still: int,
    resting: bool,
    has_sender: bool,
    stopped: bool = False,
) -> Mood:
    """From what senders tell and what the queue has. ``in_lane``: letters that a sender has there."""
    if stopped and in_lane + due + later + on_hold + still:
        return "stopped"
    if not has_sender and in_lane + due + later:
        return "no-sender"
    if resting:
        return "resting" if why == "suspended" else "unreachable"
    if in_lane:
        return "slow" if why in _SLOW else "going"
    if due:
        return "soon"
    if later:
        return "later"
    if still:
        return "still"
    return "on-hold" if on_hold else "empty"


def mood_text(mood: str, *, why: str = "", kind: str = "", tls_demanded: bool = False) -> Promise:
    """The sentence. ``kind`` of the failure behind it; ``tls_demanded``: the pace wants encryption there."""
    if mood == "slow" and why == "after-failures":
        return _FEWER
    if mood == "unreachable" and kind in ENCRYPTION:
        return _PACE_DEMANDS if tls_demanded else _NOT_ENCRYPTED
    if mood == "unreachable" and kind in _ANSWERED:
        return _ANSWERING
    return _SENTENCES[mood]
