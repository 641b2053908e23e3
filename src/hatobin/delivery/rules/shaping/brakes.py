"""What reply rules and leases hold against a lane, beside its policy."""

from __future__ import annotations

from math import inf

from hatobin.delivery.rules.shaping.policy import LanePolicy
from hatobin.delivery.rules.shaping.triggers import Hit

SLOWEST = 6  # halvings: one sixty-fourth of the rate
SETTLE = 30.0  # seconds before the rate is halved again: the replies to what was under way say nothing new
ONE_MORE = 60.0  # seconds between two steps of a lane that starts again with one connection


class Brakes:
    """Made when the first one is pulled: most lanes never have any."""

    __slots__ = (
        "grow_at", "halved_at", "halvings", "halvings_for", "halvings_rule", "halvings_until",
        "lease_connections", "lease_share", "lease_until", "one_rule", "rate", "rate_rule",
        "rate_until", "said", "suspended_by",
    )  # fmt: skip

    def __init__(self) -> None:
        self.said = ""  # the codes that the server gave with the last hit
        self.suspended_by = ""
        self.one_rule = ""  # while connections come back one by one
        self.grow_at = -inf
        self.halvings = 0
        self.halved_at = -inf
        self.halvings_for = 0.0
        self.halvings_until = inf
        self.halvings_rule = ""
        self.rate = inf
        self.rate_until = inf
        self.rate_rule = ""
        self.lease_connections: int | None = None
        self.lease_share = 1.0
        self.lease_until = inf

    def one_by_one(self, hit: Hit, now: float) -> None:
        """The first step comes when the time is over, and after a pause when one letter went well."""
        self.one_rule = hit.rule
        self.grow_at = max(self.grow_at, now + hit.seconds)
        if "suspend" in hit.actions:
            self.grow_at += ONE_MORE

    def slow(self, hit: Hit, now: float) -> None:
        """Half the rate and half the connections; half of that when it did not help."""
        if now - self.halved_at >= SETTLE:
            self.halvings = min(self.halvings + 1, SLOWEST)
            self.halved_at = now
        self.halvings_rule, self.halvings_for = hit.rule, max(hit.seconds, 1.0)
        self.halvings_until = now + self.halvings_for

    def set_rate(self, hit: Hit, now: float) -> None:
        """The slower of two set rates stays."""
        if hit.rate is not None:
            self.rate = min(self.rate if self.rate_until > now else inf, hit.rate.per_second)
            self.rate_until, self.rate_rule = now + hit.seconds, hit.rule

    def release(self, now: float) -> None:
        """Lets go what has ended. Slowness ends as it came: one halving after the other."""
        while self.halvings and self.halvings_until <= now:
            self.halvings -= 1
            self.halvings_until += self.halvings_for
        if not self.halvings:
            self.halvings_until = inf
        if self.rate_until <= now:
            self.rate = self.rate_until = inf

    def ends(self) -> tuple[float, ...]:
        """Moments at which something will change by itself."""
        return (self.halvings_until, self.rate_until, self.lease_until)

    def most(self, policy: LanePolicy) -> int:
        """Connections of all processes together: slowness halves these, before each gets its part of them."""
        return max(1, policy.connections >> self.halvings)

    def limits(self, policy: LanePolicy) -> tuple[float, int, int]:
        """(messages a second, burst, connections) under what is pulled now."""
        per_second = min(speed_of(policy), self.rate) / 2**self.halvings
        connections = self.most(policy)
        if self.lease_connections is not None:
            connections = min(connections, self.lease_connections)
        share = self.lease_share
        return per_second * share, max(1, int(policy.burst * share)), connections


def speed_of(policy: LanePolicy) -> float:
    """Messages a second; ``inf`` without a limit."""
    return policy.rate.per_second if policy.rate else inf
