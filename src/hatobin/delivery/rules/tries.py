"""For how long one letter is tried, and when again: what a person may set for it. Pure.

How fast and over how many connections a destination is sent to stays with the delivery pace, and so do
its rests: a letter that comes back early waits for its lane like any other.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from hatobin.common.errors import Invalid
from hatobin.delivery.rules.shaping.retry import RetrySchedule
from hatobin.delivery.rules.shaping.values import NotReadable, read_duration, write_duration
from hatobin.delivery.rules.shaping_words import duration_words, value_words

SHORTEST, LONGEST = timedelta(minutes=5), timedelta(days=7)
SHORTEST_WAIT = 60  # seconds between two tries
MOST_WAITS = 20

_UNITS = {"日間": "d", "日": "d", "時間": "h", "分間": "min", "分": "min", "秒": "s"}
_UNIT = re.compile("|".join(_UNITS))
_THEN = re.compile(r"その後は?|以後は?|以降は?")
_EVERY = re.compile(r"\bevery\b|ごとに?|おきに?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Tries:
    """``give_up_after`` None: as long as the workspace's delivery pace says; ``retry`` None: as each
    destination's values say."""

    give_up_after: timedelta | None = None
    retry: RetrySchedule | None = None

    @classmethod
    def from_text(cls, give_up_after: str, retry: str) -> Self:
        """``"6 h"`` and ``"5 min, 10 min, then 1 h"``, or ``6時間`` and ``5分、10分、その後1時間ごと``.

        An empty one is the usual. Raises Invalid that names ``give_up_after`` or ``retry``.
        """
        return cls(give_up_after=_read_length(give_up_after), retry=_read_schedule(retry))

    def changed(self, give_up_after: str | None, retry: str | None) -> Tries:
        """The same with what is given, as typed; None stays. Raises Invalid as ``from_text`` does."""
        lasting = length_text(self.give_up_after) if give_up_after is None else give_up_after
        return Tries.from_text(lasting, str(self.retry or "") if retry is None else retry)

    def lasting(self, usual: timedelta) -> timedelta:
        """For how long it is tried, where ``usual`` is what the delivery pace says.

        Raises Invalid when its own times would all come too late.
        """
        lasting = self.give_up_after or usual
        if self.retry and timedelta(seconds=self.retry.wait(1)) >= lasting:
            raise _refused(
                "retry-too-late",
                "retry",
                _("With these times it is never tried again: after %(time)s it is given up."),
                _("Make the first time shorter, or try it for longer."),
                time=duration_words(lasting.total_seconds()),
            )
        return lasting


def length_text(length: timedelta | None) -> str:
    """``6 h``; empty for None."""
    return "" if length is None else write_duration(length.total_seconds())


def schedule_words(text: str) -> str:
    """A kept schedule as a sentence says it; empty for none, and for one that nobody can read."""
    try:
        return value_words("retry", RetrySchedule.from_text(text)) if text else ""
    except NotReadable:
        return ""


def as_typed(schedule: RetrySchedule) -> str:
    """A schedule as people of the active language type it."""
    if (get_language() or "").partition("-")[0] != "ja":
        return str(schedule)
    waits = "、".join(map(duration_words, schedule.waits))
    return f"{waits}、その後{duration_words(schedule.then)}ごと"


def _read_length(text: str) -> timedelta | None:
    if not text.strip():
        return None
    try:
        length = timedelta(seconds=read_duration(_one_form(text)))
    except NotReadable as error:
        if error.code == "duration-range":
            raise _out_of_range() from None
        raise _refused(
            "give-up-unreadable",
            "give_up_after",
            _("This must be a length of time: a number with min, h or d."),
            _("Write for example: 6 h"),
        ) from None
    if not SHORTEST <= length <= LONGEST:
        raise _out_of_range()
    return length


def _read_schedule(text: str) -> RetrySchedule | None:
    if not text.strip():
        return None
    try:
        schedule = RetrySchedule.from_text(_one_form(text))
    except NotReadable as error:
        if error.code == "duration-range":
            raise _no_wait() from None
        raise _refused(
            "retry-unreadable",
            "retry",
            _("These times cannot be read."),
            _("Write for example: 5 min, 10 min, then 1 h"),
        ) from None
    waits = (*schedule.waits, schedule.then)
    if not all(SHORTEST_WAIT <= each <= LONGEST.total_seconds() for each in waits):
        raise _no_wait()
    if len(schedule.waits) > MOST_WAITS:
        raise _refused(
            "retry-too-many",
            "retry",
            _("These are more than %(most)s times."),
            _("End the list with “then” and a time: it holds for all later tries."),
            most=MOST_WAITS,
        )
    return schedule


def _one_form(text: str) -> str:
    """Full-width figures and Japanese words as the values of files have them."""
    plain = unicodedata.normalize("NFKC", text).replace("、", ",").replace("。", ",")
    plain = _EVERY.sub("", _THEN.sub(" then ", plain))
    plain = _UNIT.sub(lambda found: f" {_UNITS[found[0]]}", plain)
    return " ".join(plain.split())


def _out_of_range() -> Invalid:
    return _refused(
        "give-up-range",
        "give_up_after",
        _("A letter can be tried for 5 minutes to 7 days."),
        _("Write for example: 6 h"),
    )


def _no_wait() -> Invalid:
    return _refused(
        "retry-range",
        "retry",
        _("Between two tries there must be a minute at least, and 7 days at most."),
        _("Write for example: 5 min, 10 min, then 1 h"),
    )


def _refused(code: str, field: str, text: Promise, advice: Promise, **params: object) -> Invalid:
    return Invalid(code, text, advice=advice, field=field, params=params)
