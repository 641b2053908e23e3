"""What a draft may hold, where a letter stands, and what a check's seal says. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import chain, count
from typing import Self

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hatobin.common.errors import Conflict, HatobinError, Invalid
from hatobin.common.hidden import has_hidden
from hatobin.content.letters import CompiledLetter, LetterDraft
from hatobin.senders.frozen import FrozenSender

NAME_MAX = 200
SUBJECT_MAX = 500
BODY_MAX = 1_000_000  # characters of one body; a letter of that size is refused by the check anyway


class Status(StrEnum):
    """Where a letter stands; SENTENCES says it in words."""

    DRAFT = "draft"
    HELD = "held"
    SENDING = "sending"
    PAUSED = "paused"
    STOPPED = "stopped"
    DONE = "done"


SENTENCES: dict[Status, Promise] = {
    Status.DRAFT: _("Draft: nothing has been sent."),
    Status.HELD: _("On hold: it can still be called back."),
    Status.SENDING: _("Being sent."),
    Status.PAUSED: _("Paused: the rest waits for you."),
    Status.STOPPED: _("Stopped: the rest is not sent."),
    Status.DONE: _("Finished."),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Steps:
    """Which of the five steps are complete."""

    people: bool
    letter: bool
    check: bool
    send: bool
    result: bool


def steps(*, status: Status, has_people: bool, has_sender: bool, draft: LetterDraft) -> Steps:
    """Check and send are complete once released: before, every check is only of its moment."""
    released = status is not Status.DRAFT
    body = draft.html if draft.mode == "rich" else draft.text
    return Steps(
        people=released or has_people,
        letter=released or (has_sender and bool(draft.subject.strip()) and bool(body.strip())),
        check=released,
        send=released,
        result=status in {Status.DONE, Status.STOPPED},
    )


def checked_name(name: str) -> str:
    """A letter's name for the office; raises Invalid."""
    line = name.strip()
    if not line:
        raise Invalid("missing", _("This must be filled in."), field="name")
    _check_line(line, field="name", limit=NAME_MAX)
    return line


def copied_name(name: str, taken: Collection[str]) -> str:
    """For a copy, in the language that is active now: of a copy too it is a copy of the original, with a number."""
    first, further = gettext("Copy of %(name)s"), gettext("Copy %(number)s of %(name)s")
    for form in (further, first):
        shape = re.escape(form % {"name": "\ue000", "number": "\ue001"})
        found = re.fullmatch(shape.replace("\ue000", "(.+)").replace("\ue001", "[0-9]+"), name)
        if found:
            name = found[1]
            break
    name = name[: NAME_MAX - 30]
    candidates = (further % {"name": name, "number": number} for number in count(2))
    return next(each for each in chain([first % {"name": name}], candidates) if each not in taken)


def check_draft(draft: LetterDraft) -> None:
    """Refuses only what no later edit may need: hidden characters in lines, NUL, absurd sizes.

    Everything else (no subject yet, an unknown merge name) may be saved and is named by the check.
    """
    if draft.mode not in {"rich", "plain"}:
        raise Invalid("unknown-mode", _("Choose formatted or plain text."), field="mode")
    _check_line(draft.subject, field="subject", limit=SUBJECT_MAX)
    _check_line(draft.preheader, field="preheader", limit=SUBJECT_MAX)
    for field, body in (("html", draft.html), ("text", draft.text)):
        _check_body(body, field=field)
    for name, value in draft.fallbacks.items():
        _check_line(name, field="fallbacks", limit=SUBJECT_MAX)
        _check_line(value, field="fallbacks", limit=SUBJECT_MAX)


def _check_line(text: str, *, field: str, limit: int) -> None:
    if has_hidden(text):
        raise Invalid(
            "control-character",
            _("This contains a line break or another invisible character."),
            advice=_("Write it on one line; type it instead of pasting it."),
            field=field,
        )
    if len(text) > limit:
        raise _too_long(field, limit)


def _check_body(text: str, *, field: str) -> None:
    if "\0" in text:
        raise Invalid(
            "control-character",
            _("This contains a character that mail cannot carry."),
            advice=_("Write the letter again here, or paste it as plain text."),
            field=field,
        )
    if len(text) > BODY_MAX:
        raise _too_long(field, BODY_MAX)


def _too_long(field: str, limit: int) -> Invalid:
    return Invalid(
        "too-long",
        _("This is longer than %(limit)s characters."),
        advice=_("Shorten it."),
        field=field,
        params={"limit": f"{limit:,}"},
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckSeal:
    """What a check saw, as one string that a page carries to the release and back.

    ``hash`` is the dispatch's seal (promise P4); the rest only serves to say what changed since.
    ``revision`` is the draft's: a release that is sent again after a call-back fits no more.
    """

    revision: int
    people: int
    sendable: int
    letter: str
    sender: str
    road: str
    hash: str

    def to_text(self) -> str:
        """Seven parts with dots between; opaque to callers."""
        numbers = (str(self.revision), str(self.people), str(self.sendable))
        return ".".join((*numbers, self.letter, self.sender, self.road, self.hash))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Raises Invalid for a text that no check gave."""
        parts = text.split(".")
        if len(parts) != 7 or not all(part.isdecimal() for part in parts[:3]):
            raise Invalid(
                "bad-seal",
                _("This is not the seal of a check."),
                advice=_("Make the check again and release with its seal."),
                field="seal",
            )
        return cls(
            revision=int(parts[0]),
            people=int(parts[1]),
            sendable=int(parts[2]),
            letter=parts[3],
            sender=parts[4],
            road=parts[5],
            hash=parts[6],
        )


def digest(value: CompiledLetter | FrozenSender | str) -> str:
    """Twelve hex digits that change when the value does."""
    data = value if isinstance(value, str) else value.to_json()
    text = json.dumps(data, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def check_same(checked: CheckSeal, now: CheckSeal) -> None:
    """Raises Conflict that names what changed between the check and the release."""
    if checked == now:
        return
    if checked.people != now.people or checked.sendable != now.sendable:
        raise _changed(
            "list-changed",
            _("The list has changed since the check: %(before)s people then, %(after)s now."),
            before=f"{checked.sendable:,}",
            after=f"{now.sendable:,}",
        )
    for code, before, after, text in (
        (
            "letter-changed",
            checked.letter,
            now.letter,
            _("The letter has changed since the check."),
        ),
        (
            "sender-changed",
            checked.sender,
            now.sender,
            _("The sender has changed since the check."),
        ),
        (
            "road-changed",
            checked.road,
            now.road,
            _("The way of sending has changed since the check."),
        ),
        (
            "draft-changed",
            checked.revision,
            now.revision,
            _("The draft has been saved since the check."),
        ),
    ):
        if before != after:
            raise _changed(code, text)
    raise _changed(
        "people-changed", _("The data of people on the list have changed since the check.")
    )


def _changed(code: str, message: Promise, **params: object) -> Conflict:
    return Conflict(code, message, advice=_("Look at the check again, then send."), params=params)


def check_number(typed: int, sendable: int) -> None:
    """The number that the person typed is the number of letters; raises Invalid naming both."""
    if typed != sendable:
        raise Invalid(
            "number-differs",
            _("You typed %(typed)s, but %(sendable)s letters would be sent."),
            advice=_("If the number surprises you, look at the list again before you release."),
            field="typed_number",
            params={"typed": f"{typed:,}", "sendable": f"{sendable:,}"},
        )


def hold_time(
    hold: timedelta | None, *, sandbox: bool, sandbox_seconds: int, seconds: int
) -> timedelta:
    """The time in which a release can be called back; raises Invalid beyond a day or below zero."""
    if hold is None:
        return timedelta(seconds=sandbox_seconds if sandbox else seconds)
    if not timedelta() <= hold <= timedelta(days=1):
        raise Invalid(
            "bad-hold",
            _("The hold may be from 0 seconds to 24 hours."),
            field="hold",
        )
    return hold


def no_draft() -> HatobinError:
    """A letter that was released is not edited."""
    return Conflict(
        "already-released",
        _("This letter was released and can no longer be changed."),
        advice=_("Call it back while it is on hold, or make a copy and change that."),
    )
