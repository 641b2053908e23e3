"""The story of one letter in words: what happened, and why it waits."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# What happened: kinds of events. Those with a dot are acts of the audit log.
EVENTS: dict[str, Promise] = {
    "released": _("Released"),
    "began": _("Sending began"),
    "put-off": _("Its server asked to try again later"),
    "trouble": _("The connection failed; it was not counted as a try"),
    "no-answer": _("Handed over, but the answer never came"),
    "ended": _("Its end"),
    "delivery.held": _("Held back"),
    "delivery.let-go": _("Let go"),
    "delivery.retried": _("A try at once was asked for"),
    "delivery.moved": _("Moved to another way of sending"),
    "delivery.given-up": _("Given up"),
    "dispatch.paused": _("The whole letter was paused"),
    "dispatch.resumed": _("The whole letter went on"),
    "dispatch.stopped": _("The whole letter was stopped"),
    "dispatch.halted": _("Hatobin stopped the whole letter"),
    "dispatch.moved": _("What waited was moved to another way of sending"),
    "dispatch.retried": _("A try at once was asked for, for all that were put off"),
    "dispatch.in-doubt-resent": _("Sent once more, although the answer is not known"),
    "dispatch.in-doubt-left": _("Left as it is, although the answer is not known"),
}

# Why it waits now.
STANDING: dict[str, Promise] = {
    "handing-over": _("It is being handed over at this moment; the server's answer decides."),
    "held": _("A person holds it back. It leaves when somebody lets it go."),
    "dispatch-held": _("The whole letter is on hold and begins by itself."),
    "dispatch-paused": _("The whole letter is paused. It goes on when somebody resumes it."),
    "emergency-stop": _("An emergency stop stands: nothing is tried until it is lifted."),
    "no-sender": _("No sender is running, so nothing leaves."),
    "way-in-trouble": _("Its way of sending does not work at the moment."),
    "put-off": _("Its server asked to try again later."),
    "lane-rests": _("Sending to its destination rests."),
    "in-hand": _("A sender has it in hand; its turn comes in a moment."),
    "in-turn": _("It stands in the queue; its turn comes by itself."),
}


def event_text(kind: str) -> Promise:
    """The sentence."""
    return EVENTS[kind]


def standing_text(code: str) -> Promise:
    """The sentence."""
    return STANDING[code]
