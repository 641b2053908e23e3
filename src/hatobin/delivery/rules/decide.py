"""What an answer, or its absence, means for a letter; and how long a troubled road rests. Pure."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from hatobin.delivery.rules.reasons import Reason
from hatobin.delivery.rules.shaping.retry import STANDARD, RetrySchedule, fate_of, retry_in
from hatobin.delivery.rules.states import DeliveryState
from hatobin.wire.reply import Reply

Stage = Literal["mail", "rcpt", "data", "body", "dot"]

_LOST_IN_THE_MIDDLE = timedelta(minutes=1)
_LAST = timedelta(seconds=30)  # before the deadline: time enough for a last try
_SOON = timedelta(minutes=1)  # the shortest wait for one
_WORDS_MAX = 500  # characters of the server's words that are kept
_RECIPIENT, _LOCAL_PART = "{recipient}", "{local-part}"

# RFC 3463: the subject and detail of an enhanced code say more than the three digits.
_BY_STATUS = {
    "1.1": Reason.NO_SUCH_USER,
    "1.10": Reason.NO_SUCH_USER,
    "1.6": Reason.NO_SUCH_USER,
    "1.8": Reason.SENDER_REFUSED,
    "2.1": Reason.MAILBOX_CLOSED,
    "2.2": Reason.MAILBOX_FULL,
    "2.3": Reason.TOO_LARGE,
    "3.4": Reason.TOO_LARGE,
}
_BY_SUBJECT = {"1": Reason.BAD_ADDRESS, "2": Reason.MAILBOX_CLOSED, "4": Reason.NO_ROUTE}
_BY_CODE = {551: Reason.NO_SUCH_USER, 552: Reason.TOO_LARGE, 553: Reason.BAD_ADDRESS}


class Outcome(NamedTuple):
    """What to record. ``counted``: it was an attempt of this person's letter.

    ``retry_in`` is given exactly when ``state`` is waiting. ``words`` are the server's, with the
    address replaced by ``{recipient}``.
    """

    state: DeliveryState
    reason: str = ""
    counted: bool = True
    retry_in: timedelta | None = None
    code: int | None = None
    status: str = ""
    words: str = ""


def decide(
    reply: Reply,
    *,
    stage: Stage,
    recipient: str,
    attempts: int,
    now: datetime,
    expires_at: datetime,
    rng: random.Random,
    schedule: RetrySchedule = STANDARD,
    defer: float | None = None,
) -> Outcome:
    """The server answered. ``attempts`` were made before this one.

    2yz accepted; 4yz waits for the next try, or expires when that would be past ``expires_at``; everything
    else is final, unless a reply rule says that the letter waits (``defer``: at least so many seconds).
    """
    fate = fate_of(reply, defer=defer is not None)
    if fate == "accepted":
        return accepted(reply, recipient)
    said = {
        "code": reply.code,
        "status": reply.enhanced or "",
        "words": kept_words(reply.text, recipient),
    }
    if fate == "final":
        reason = bounce_reason(reply, stage)
        return Outcome(state=DeliveryState.BOUNCED, reason=reason, **said)  # type: ignore[arg-type]
    return later(
        said,
        attempts=attempts,
        now=now,
        expires_at=expires_at,
        rng=rng,
        schedule=schedule,
        at_least=defer or 0.0,
    )


def accepted(reply: Reply, recipient: str) -> Outcome:
    """The server has it."""
    return Outcome(
        state=DeliveryState.ACCEPTED,
        code=reply.code,
        status=reply.enhanced or "",
        words=kept_words(reply.text, recipient),
    )


def later(
    said: Mapping[str, Any],
    *,
    attempts: int,
    now: datetime,
    expires_at: datetime,
    rng: random.Random,
    schedule: RetrySchedule = STANDARD,
    at_least: float = 0.0,
) -> Outcome:
    """Not now: the letter waits for its next try. One that would come too late comes as the last, right before
    the deadline; behind that one the letter expires."""
    wait = retry_in(attempts + 1, rng, schedule, at_least=at_least)
    left = expires_at - now
    if wait >= left:
        wait = left - _LAST
        if wait < _SOON:
            return Outcome(state=DeliveryState.EXPIRED, reason=Reason.EXPIRED, **said)
    return Outcome(state=DeliveryState.WAITING, reason=Reason.DEFERRED, retry_in=wait, **said)


def not_sent(why: str = "", *, lost_in_the_middle: bool = False) -> Outcome:
    """The letter certainly did not leave, and not for its own sake: it waits on, nothing is counted.

    ``why``: the road's trouble, for the letter's history. After a connection that broke in the middle of
    it, it lets others go first: it may be the cause.
    """
    wait = _LOST_IN_THE_MIDDLE if lost_in_the_middle else timedelta()
    return Outcome(state=DeliveryState.WAITING, reason=why, counted=False, retry_in=wait)


def turned_away(reply: Reply, stage: Stage, recipient: str, why: str, rest: float) -> Outcome:
    """What the server said is about the road (``is_about_the_road``): its words are kept, nothing is counted.

    ``rest``: seconds that nothing goes there. Behind RCPT the letter may be what it minds: others go first.
    """
    outcome = not_sent(why, lost_in_the_middle=stage != "mail")
    return outcome._replace(
        retry_in=max(outcome.retry_in or timedelta(), timedelta(seconds=rest)),
        code=reply.code,
        status=reply.enhanced or "",
        words=kept_words(reply.text, recipient),
    )


def no_route(error_kind: str) -> Outcome:
    """There is no server for the letter's domain, and there will be none."""
    bad = error_kind in {"no-such-domain", "no-mail"}
    return Outcome(
        state=DeliveryState.BOUNCED, reason=Reason.BAD_ADDRESS if bad else Reason.NO_ROUTE
    )


def unanswered() -> Outcome:
    """The dot went out and no answer came back."""
    return Outcome(state=DeliveryState.IN_DOUBT, reason=Reason.NO_ANSWER)


def bounced_here(kind: str) -> Outcome:
    """What the server offers does not suffice for this letter (``Refused.kind`` without a reply)."""
    reason = Reason.TOO_LARGE if kind == "too-large" else Reason.NEEDS_UTF8
    return Outcome(state=DeliveryState.BOUNCED, reason=reason)


def cannot_be_made() -> Outcome:
    """This person's letter cannot be composed; the check before the release names such people."""
    return Outcome(state=DeliveryState.CANCELLED, reason=Reason.CANNOT_COMPOSE, counted=False)


def is_about_the_road(reply: Reply, stage: Stage) -> bool:
    """Whether an answer says nothing about the person: the server closes, or wants a sign-in."""
    return reply.code == 421 or (stage == "mail" and reply.code in {530, 535, 538})


def bounce_reason(reply: Reply, stage: Stage) -> Reason:
    """Why, as a code that screens and files can count."""
    detail = (reply.enhanced or "").partition(".")[2]
    if detail in _BY_STATUS:
        return _BY_STATUS[detail]
    if reply.code in {552, 551}:
        return _BY_CODE[reply.code]
    if stage == "mail":
        return Reason.SENDER_REFUSED
    subject = detail.partition(".")[0]
    if subject == "7":
        return Reason.POLICY
    if subject in _BY_SUBJECT:
        return _BY_SUBJECT[subject]
    if stage == "rcpt" and not detail and reply.code == 550:
        return Reason.NO_SUCH_USER
    return _BY_CODE.get(reply.code, Reason.REFUSED)


def kept_words(text: str, recipient: str) -> str:
    """A server's words without the address they were said about, so that it stays sealed.

    Many servers name the part before the @ alone ("550 hanako unknown"), which often is a name.
    """
    words = text.replace("\0", "")
    local_part = recipient.rpartition("@")[0]
    if local_part.casefold() in words.casefold():
        words = re.sub(re.escape(recipient), _RECIPIENT, words, flags=re.IGNORECASE)
        alone = rf"(?<![\w.+-]){re.escape(local_part)}(?![\w-])"
        words = re.sub(alone, _LOCAL_PART, words, flags=re.IGNORECASE)
    return words[:_WORDS_MAX]


def fill_words(words: str, recipient: str) -> str:
    """Kept words with the address in its place again."""
    local_part = recipient.rpartition("@")[0]
    return words.replace(_RECIPIENT, recipient).replace(_LOCAL_PART, local_part)
