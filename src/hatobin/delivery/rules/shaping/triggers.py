"""Reply rules at work: which one a reply matches, and whether it has matched often enough to act."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from hatobin.delivery.rules.shaping.document import Rule
from hatobin.delivery.rules.shaping.patterns import subject_of as subject_of
from hatobin.delivery.rules.shaping.values import Rate
from hatobin.wire.reply import Reply


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """A rule that acts. ``seconds``: how long; ``said``: the codes that the server gave.

    Plain values, so that it can be told to other processes (``LaneState.apply``).
    """

    rule: str
    actions: tuple[str, ...]
    seconds: float = 0.0
    rate: Rate | None = None
    said: str = ""

    @property
    def defers(self) -> bool:
        """Whether the letter itself shall wait, whatever the reply would mean for it."""
        return "defer-letter" in self.actions


class Triggers:
    """The memory of a lane's rules. Made when the first reply matches one: most lanes never have it."""

    __slots__ = ("_seen",)

    def __init__(self) -> None:
        self._seen: dict[str, deque[float]] = {}

    def count(self, rule: Rule, now: float) -> bool:
        """Notes a match; whether that makes enough of them. Then counting begins anew."""
        need, window = rule.trigger.count, rule.trigger.seconds
        if need == 1:
            return True
        seen = self._seen.setdefault(rule.name, deque(maxlen=need))
        seen.append(now)
        if len(seen) < need or now - seen[0] > window:
            return False
        seen.clear()
        return True


def first_match(rules: tuple[Rule, ...], subject: str) -> Rule | None:
    """The first rule of a chain that matches; later ones are not asked."""
    for rule in rules:
        if rule.pattern.search(subject):
            return rule
    return None


def hit_of(rule: Rule, reply: Reply) -> Hit:
    """What a rule that acts does."""
    return Hit(
        rule=rule.name,
        actions=rule.actions,
        seconds=rule.duration,
        rate=rule.rate,
        said=" ".join(filter(None, (str(reply.code), reply.enhanced))),
    )
