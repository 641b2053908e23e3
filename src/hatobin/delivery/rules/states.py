"""The states of a letter and of a dispatch, and every legal move. STATES.md shows the same table."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class DispatchState(TextChoices):
    """A released letter as a whole."""

    HELD = "held", _("On hold")  # until hold_until: can be called back
    SENDING = "sending", _("Sending")
    PAUSED = "paused", _("Paused")
    STOPPED = "stopped", _("Stopped")
    DONE = "done", _("Finished")


class DeliveryState(TextChoices):
    """One letter to one person. STATES.md says which moves are legal."""

    WAITING = "waiting", _("Waiting")
    DOT_SENT = "dot-sent", _("Being handed over")
    ACCEPTED = "accepted", _("Accepted by the receiving server")
    BOUNCED = "bounced", _("Refused by the receiving server")
    EXPIRED = "expired", _("Gave up after trying until the deadline")
    SUPPRESSED = "suppressed", _("Not sent: the address is on the do-not-mail list")
    CANCELLED = "cancelled", _("Not sent: cancelled")
    IN_DOUBT = "in-doubt", _("Handed over, but the answer never came")


class Move(NamedTuple):
    """One legal move; ``start`` is empty for a row's birth. ``by`` names who makes it."""

    start: str
    end: str
    by: str


OPEN = frozenset({DeliveryState.WAITING, DeliveryState.DOT_SENT})
# Who did not get a letter, or may not have got it.
NOT_RECEIVED = frozenset(DeliveryState) - OPEN - {DeliveryState.ACCEPTED}

DELIVERY_MOVES: tuple[Move, ...] = (
    Move("", "waiting", "release"),
    Move("", "suppressed", "release"),
    Move("waiting", "dot-sent", "mark"),
    Move("waiting", "suppressed", "unsubscribe, settle"),
    Move("waiting", "cancelled", "call back, stop, halt, settle, record, give up"),
    Move("waiting", "expired", "expire, record, give up"),
    Move("waiting", "accepted", "record"),
    Move("waiting", "bounced", "record"),
    Move("dot-sent", "accepted", "record"),
    Move("dot-sent", "bounced", "record"),
    Move("dot-sent", "waiting", "record"),
    Move("dot-sent", "expired", "record"),
    Move("dot-sent", "cancelled", "record"),
    Move("dot-sent", "in-doubt", "record, recover, orphans"),
    Move("in-doubt", "accepted", "record"),
    Move("in-doubt", "bounced", "record"),
    Move("in-doubt", "expired", "record"),
    Move("in-doubt", "cancelled", "record"),
    Move("in-doubt", "waiting", "record, resend"),
)

DISPATCH_MOVES: tuple[Move, ...] = (
    Move("", "held", "release"),
    Move("held", "sending", "begin"),
    Move("held", "stopped", "call back, stop"),
    Move("sending", "paused", "pause, halt, emergency stop, begin"),
    Move("sending", "stopped", "stop, halt"),
    Move("sending", "done", "finish"),
    Move("paused", "sending", "resume, lift"),
    Move("paused", "stopped", "stop"),
    Move("paused", "done", "finish"),
    Move("done", "sending", "reopen, resend"),
    Move("done", "paused", "reopen"),
)


def may_move(moves: tuple[Move, ...], start: str, end: str) -> bool:
    """Whether the table has this move; staying is always legal."""
    return start == end or any(move.start == start and move.end == end for move in moves)
