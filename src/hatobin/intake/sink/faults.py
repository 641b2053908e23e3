"""Rules for misbehaving: when, and how.

On the command line a rule reads ``STAGE[/RECIPIENT][#N|%SHARE][*TIMES]=ACTION``:

    rcpt/*@full.example=452 4.2.2 Mailbox full     answer for these recipients
    dot#3=close                                    third message: hang up instead of answering
    dot=keep-close                                 the same, but the message was taken: in doubt
    data%0.1=hang                                  one in ten: no answer, ever
    dot=keep-hang                                  the same, but the message was taken
    mail*2=451 4.3.0 Later                         only the first two times
    ehlo=delay 2                                   two seconds late
    connect=endless | garbage                      a reply without an end | bytes that are none
    starttls=unasked 250 extra                     says more than it was asked
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal, get_args

Stage = Literal["connect", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "body", "dot"]
STAGES: tuple[str, ...] = get_args(Stage)


@dataclass(frozen=True, slots=True)
class Answer:
    """This reply instead of the usual one. A 2yz or 3yz reply has its usual effect."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Hang:
    """No answer, until the other side gives up; what it sends is not read any more.

    With ``keep`` at stage ``dot`` the message was taken.
    """

    keep: bool = False


@dataclass(frozen=True, slots=True)
class Close:
    """Hangs up instead of answering. With ``keep`` at stage ``dot`` the message was taken."""

    keep: bool = False


@dataclass(frozen=True, slots=True)
class Delay:
    """The usual answer, this many seconds late."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Endless:
    """A multi-line reply that never ends."""


@dataclass(frozen=True, slots=True)
class Garbage:
    """Binary bytes instead of a reply."""


@dataclass(frozen=True, slots=True)
class Unasked:
    """The usual answer, and in the same breath a second line that nobody asked for."""

    line: str


Action = Answer | Hang | Close | Delay | Endless | Garbage | Unasked


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """``action`` at ``stage``, when all conditions hold; the first rule that fits wins.

    ``recipient``: pattern with ``*`` and ``?``, compared in lower case (from stage ``rcpt`` on).
    ``nth``: only the n-th time that the rest fits, counting from 1. ``share``: 0 to 1, by a fixed
    seed. ``times``: at most so often. Stage ``body`` comes when the first bytes of the body arrive.
    """

    stage: Stage
    action: Action
    recipient: str = ""
    nth: int = 0
    share: float = 1.0
    times: int = 0


class Faults:
    """Applies rules and remembers how often each fitted."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)
        self._stages = {rule.stage for rule in self._rules}
        self._fitted = [0] * len(self._rules)
        self._applied = [0] * len(self._rules)
        self._random = random.Random(5321)  # noqa: S311 - repeatable on purpose

    def at(self, stage: Stage, recipients: Iterable[str] = ()) -> Action | None:
        """What to do now instead of behaving well; None to behave."""
        if stage not in self._stages:
            return None
        lowered = [recipient.lower() for recipient in recipients]
        for index, rule in enumerate(self._rules):
            if rule.stage == stage and self._fits(index, rule, lowered):
                self._applied[index] += 1
                return rule.action
        return None

    def _fits(self, index: int, rule: Rule, recipients: list[str]) -> bool:
        pattern = rule.recipient.lower()
        if pattern and not any(fnmatchcase(recipient, pattern) for recipient in recipients):
            return False
        self._fitted[index] += 1
        if rule.nth and self._fitted[index] != rule.nth:
            return False
        if rule.times and self._applied[index] >= rule.times:
            return False
        return rule.share >= 1 or self._random.random() < rule.share


_RULE = re.compile(
    r"(?P<stage>[a-z]+)(?:/(?P<recipient>[^\s#%]+?))?(?:#(?P<nth>[0-9]+)|%(?P<share>[0-9.]+))?"
    r"(?:\*(?P<times>[0-9]+))?=(?P<action>[^=].*)"
)
_ANSWER = re.compile(r"([2-5][0-9][0-9])(?: (.*))?")
_WORDS: dict[str, Action] = {
    "hang": Hang(),
    "keep-hang": Hang(keep=True),
    "close": Close(),
    "keep-close": Close(keep=True),
    "endless": Endless(),
    "garbage": Garbage(),
}


def parse_rule(text: str) -> Rule:
    """Reads a rule as the command line writes it. Raises ValueError with a sentence."""
    found = _RULE.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is not a rule: write STAGE=ACTION, for example rcpt=452 Later")
    stage = found["stage"]
    if stage not in STAGES:
        raise ValueError(f"{stage!r} is not a stage: use one of {', '.join(STAGES)}")
    return Rule(
        stage=stage,  # type: ignore[arg-type] # checked in the line above
        action=_parse_action(found["action"]),
        recipient=found["recipient"] or "",
        nth=int(found["nth"] or 0),
        share=float(found["share"] or 1),
        times=int(found["times"] or 0),
    )


def _parse_action(text: str) -> Action:
    word, _, rest = text.partition(" ")
    answer = _ANSWER.fullmatch(text)
    if answer:
        return Answer(int(answer[1]), answer[2] or "As you wish")
    if word in _WORDS and not rest:
        return _WORDS[word]
    if word == "delay":
        return Delay(float(rest))
    if word == "unasked" and rest:
        return Unasked(rest)
    raise ValueError(
        f"{text!r} is not an action: use a reply such as '452 4.2.2 Full', hang, keep-hang, close, "
        "keep-close, delay SECONDS, endless, garbage or unasked LINE"
    )
