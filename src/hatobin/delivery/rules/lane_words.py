"""How a lane is, in one plain sentence that an office worker understands; experts read ``shaping_words.why_text``."""

from __future__ import annotations

from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Mood = Literal[
    "going", "slow", "resting", "unreachable", "soon", "later", "still", "empty", "no-sender"
]

_SENTENCES: dict[str, Promise] = {
    "going": _("Letters are going out."),
    "slow": _("Its servers take letters slowly at the moment, so sending is slower there."),
    "resting": _("Its servers asked to wait. Sending there rests and goes on by itself."),
    "unreachable": _(
        "Its servers cannot be reached at the moment. They are tried again by themselves."
    ),
    "soon": _("Their turn comes in a moment."),
    "later": _("They were put off and are tried again later."),
    "still": _("They wait for a person: on hold, paused or held back."),
    "empty": _("Nothing waits."),
    "no-sender": _("No sender is running, so nothing leaves."),
}
_SLOW = frozenset({"slowed", "rate-set", "one-by-one", "after-failures"})


def mood_of(
    *, why: str, in_lane: int, due: int, later: int, still: int, resting: bool, has_sender: bool
) -> Mood:
    """From what senders tell and what the queue has. ``in_lane``: letters that a sender has there."""
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
    return "still" if still else "empty"


def mood_text(mood: str) -> Promise:
    """The sentence."""
    return _SENTENCES[mood]
