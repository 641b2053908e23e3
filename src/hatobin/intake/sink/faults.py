"""Rules for misbehaving: when, and which action. ``rule_text`` reads them as people write them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from hashlib import blake2b
from typing import Literal, get_args

from hatobin.intake.sink.actions import Action, Delay

Stage = Literal[
    "connect", "ehlo", "tls", "starttls", "auth", "mail", "rcpt", "data", "body", "dot", "between"
]
STAGES: tuple[str, ...] = get_args(Stage)
# Where a reply is due: what the word ``any`` stands for.
ANSWERED = frozenset({"connect", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "dot"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """``action`` at ``stage``, when all conditions hold; the first rule that fits wins.

    ``stage``: ``tls`` is the other side's first handshake bytes, ``body`` the first bytes of a body,
    ``between`` the moment after the reply to a dot, ``any`` every stage with a reply. ``recipient``:
    pattern with ``*`` and ``?``, compared in lower case (from stage ``rcpt`` on). ``server``: the same
    for the address or ``address:port`` that was connected to. ``nth``: only the n-th time that the rest
    fits, counting from 1. ``share``: 0 to 1. ``times``: at most so often. ``since`` and ``until``: seconds
    after the sink's start (``until`` 0: for ever).
    """

    stage: Stage | Literal["any"]
    action: Action
    recipient: str = ""
    server: str = ""
    nth: int = 0
    share: float = 1.0
    times: int = 0
    since: float = 0.0
    until: float = 0.0
    name: str = ""

    def __str__(self) -> str:
        return self.name or f"{self.stage}={self.action}"

    def stages(self) -> Iterable[str]:
        """The stages at which it may fit."""
        return ANSWERED if self.stage == "any" else (self.stage,)


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule that fits now: what to do, with all chances drawn, and the rule's name for the journal."""

    action: Action
    name: str


class Faults:
    """Applies rules and remembers how often each fitted.

    Chances are drawn from the seed, the rule, the recipient, and how often this recipient met the
    rule: however many connections there are, and in whatever order they come, the same person's second
    try has the same fate in every run. Where there is no recipient yet, the order of coming decides.
    """

    def __init__(
        self,
        rules: Iterable[Rule],
        seed: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rules = tuple(rules)
        self.stages = frozenset(stage for rule in self._rules for stage in rule.stages())
        self._fitted = [0] * len(self._rules)
        self._applied = [0] * len(self._rules)
        self._met: dict[tuple[int, str], int] = {}
        self._seed = seed
        self._clock = clock
        self._started = clock()

    def at(self, stage: Stage, recipients: Sequence[str] = (), server: str = "") -> Fault | None:
        """What to do now instead of behaving well; None to behave."""
        if stage not in self.stages:
            return None
        lowered = [recipient.lower() for recipient in recipients]
        for index, rule in enumerate(self._rules):
            if stage in rule.stages() and self._matches(rule, lowered, server):
                chance = self._chance(index, rule, lowered)
                if self._falls_on(index, rule, chance):
                    self._applied[index] += 1
                    return Fault(_drawn(rule.action, chance / (rule.share or 1)), str(rule))
        return None

    def _matches(self, rule: Rule, recipients: list[str], server: str) -> bool:
        pattern = rule.recipient.lower()
        if pattern and not any(fnmatchcase(recipient, pattern) for recipient in recipients):
            return False
        if rule.server and not at_server(server, rule.server):
            return False
        if rule.since or rule.until:
            passed = self._clock() - self._started
            return rule.since <= passed and (not rule.until or passed < rule.until)
        return True

    def _falls_on(self, index: int, rule: Rule, chance: float) -> bool:
        self._fitted[index] += 1
        if rule.nth and self._fitted[index] != rule.nth:
            return False
        if rule.times and self._applied[index] >= rule.times:
            return False
        return rule.share >= 1 or chance < rule.share

    def _chance(self, index: int, rule: Rule, recipients: list[str]) -> float:
        """0 <= chance < 1, the same in every run."""
        if rule.share >= 1 and not (isinstance(rule.action, Delay) and rule.action.most):
            return 0.0
        who = recipients[0] if recipients else ""
        met = self._met[index, who] = self._met.get((index, who), 0) + 1
        drawn = blake2b(f"{self._seed} {index} {met} {who}".encode(), digest_size=7).digest()
        return int.from_bytes(drawn) / 2**56


def at_server(server: str, pattern: str) -> bool:
    """Whether ``address:port`` fits a pattern for an address, or for address and port."""
    return fnmatchcase(server, pattern) or fnmatchcase(server.rpartition(":")[0], pattern)


def _drawn(action: Action, chance: float) -> Action:
    if isinstance(action, Delay) and action.most:
        seconds = action.seconds + (action.most - action.seconds) * chance
        return Delay(seconds, keep=action.keep, then=action.then)
    return action
