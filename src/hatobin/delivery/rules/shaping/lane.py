"""One lane's pace: when the next letter may leave, how many connections may be open, and why so few.

A lane is a way out and a destination site. This is a state machine without a clock, a socket or a
thread: the engine tells what happened and asks what it may do. ``now`` is in seconds, of one clock
that does not go back (``loop.time()``).

    on_opening > on_connected > (take > on_reply) … > on_closed
    on_opening > on_connection_failed

Concurrency follows Postfix (SCHEDULER_README): a window that grows by ``slow_start_step`` after as many
accepted letters as it is wide, shrinks by one for each failed connection, and when a whole window
failed the site is taken for dead and left alone for the next of the ``backoff`` waits. Then one
connection tries. Replies about letters never narrow it; only reply rules do.
"""

from __future__ import annotations

from math import inf

from hatobin.delivery.rules.shaping.brakes import ONE_MORE, Brakes, speed_of
from hatobin.delivery.rules.shaping.gcra import Gcra
from hatobin.delivery.rules.shaping.policy import LanePolicy
from hatobin.delivery.rules.shaping.triggers import Hit, Triggers, first_match, hit_of, subject_of
from hatobin.delivery.rules.shaping.why import Why, by_rule
from hatobin.wire.reply import Reply

_NO_HITS: tuple[Hit, ...] = ()
_WHOLE_WINDOW = 0.999  # one, with room for how fractions add up


class LaneState:
    """One lane in one process. ``open``: connections open or being opened; ``connected``: greeted."""

    __slots__ = (
        "_brakes", "_credit", "_dead", "_failed", "_failure", "_limit", "_not_before", "_pace",
        "_review_at", "_suspended_until", "_triggers", "_window", "connected", "open", "policy",
    )  # fmt: skip

    def __init__(self, policy: LanePolicy) -> None:
        self.policy = policy
        self.open = 0
        self.connected = 0
        self._pace = Gcra(speed_of(policy), policy.burst)
        self._limit = policy.connections
        self._window = min(policy.slow_start, policy.connections)
        self._credit = 0
        self._failed = 0.0
        self._dead = 0  # times in a row that a whole window failed
        self._failure = ""
        self._suspended_until = -inf
        self._not_before = -inf
        self._review_at = inf
        self._brakes: Brakes | None = None
        self._triggers: Triggers | None = None

    # what the engine asks

    def next_send_at(self, now: float) -> float:
        """When the next letter may leave: ``now``, later, or ``inf`` until there is a new lease."""
        if now >= self._review_at:
            self._retune(now)
        at = self._pace.next_at(now)
        return at if at >= self._not_before else self._not_before

    def take(self, now: float) -> bool:
        """Whether a letter may leave now; then it counts."""
        if now >= self._review_at:
            self._retune(now)
        return self._not_before <= now and self._pace.take(now)

    def give_back(self) -> None:
        """A letter that was taken did not leave."""
        self._pace.give_back()

    def room(self, now: float, most: int) -> int:
        """How many letters may leave now at once, up to ``most``: what is worth fetching."""
        if now >= self._review_at:
            self._retune(now)
        return self._pace.room(now, most) if self._not_before <= now else 0

    def may_open(self, now: float) -> bool:
        """Whether one more connection may be opened now."""
        if now >= self._review_at:
            self._retune(now)
        return self.open < self.allowed and self._not_before <= now

    @property
    def allowed(self) -> int:
        """Connections that may be open; of more, close those that have done their letter."""
        return self._window if self._window < self._limit else self._limit

    @property
    def most(self) -> int:
        """Connections that all processes together may have open: what is to be shared out. A rule that asks
        for a single one means all of them."""
        brakes = self._brakes
        if brakes is None:
            return self.policy.connections
        most = brakes.most(self.policy)
        return min(most, self._window) if brakes.one_rule else most

    @property
    def suspended_until(self) -> float | None:
        """When the pause ends that a rule or a dead site asked for; None without one."""
        return self._suspended_until if self._suspended_until > -inf else None

    # what the engine tells

    def on_opening(self, now: float) -> None:
        """A connection is being opened."""
        self.open += 1

    def on_connected(self, now: float) -> None:
        """It was greeted and can be used."""
        self.connected += 1

    def on_closed(self, now: float) -> None:
        """A connection that worked was closed, by whom ever."""
        self.open -= 1
        self.connected -= 1

    def on_connection_failed(
        self, now: float, kind: str, *, connected: bool = False, reply: Reply | None = None
    ) -> tuple[Hit, ...]:
        """A connection could not be made, or (``connected``) broke before a letter was answered.

        ``kind`` is one of ours (``rules.troubles``): shown, never matched. Only a ``reply`` is, which
        the server gave instead of a greeting.
        """
        self.open -= 1
        self.connected -= connected
        hits = self._matched(reply, now) if reply is not None else _NO_HITS
        if self._suspended_until > now:
            return hits  # the same trouble, noticed by one more connection
        self._failure = kind
        self._credit = 0
        self._failed += 1 / self._window
        self._window = max(1, self._window - 1)
        if self._failed >= _WHOLE_WINDOW:
            self._given_up(now)
        return hits

    def on_reply(self, reply: Reply, now: float) -> tuple[Hit, ...]:
        """The server answered about a letter. What came of it for the lane, mostly nothing.

        The engine tells other processes of each hit (``apply``), and asks ``Hit.defers`` for the letter.
        """
        if self._failed or self._dead:
            self._works_again()
        if reply.code < 400:
            if self._window < self._widest:
                self._grow(now)
            return _NO_HITS
        return self._matched(reply, now)

    def apply(self, hit: Hit, now: float) -> None:
        """Does what a rule says, here or told by another process (``seconds``: what is left of it)."""
        brakes = self._braked()
        brakes.said = hit.said
        until = now + hit.seconds
        if "suspend" in hit.actions and until > self._suspended_until:
            self._suspended_until, brakes.suspended_by = until, hit.rule
        if "one-connection" in hit.actions:
            self._window, self._credit = 1, 0
            brakes.one_by_one(hit, now)
        if "slow" in hit.actions:
            brakes.slow(hit, now)
        if "set-rate" in hit.actions:
            brakes.set_rate(hit, now)
        self._retune(now)

    def lease(self, now: float, *, connections: int, share: float, until: float) -> None:
        """What this process may use of the whole cluster's limits; after ``until`` nothing leaves.

        ``share`` (0 to 1) is of the rate, whatever the rate is at the moment.
        """
        brakes = self._braked()
        usable = share > 0 and connections > 0
        brakes.lease_connections = max(1, connections)
        brakes.lease_share = min(share, 1.0) if usable else 1.0
        brakes.lease_until = until if usable else -inf
        self._retune(now)

    def follow(self, policy: LanePolicy, now: float) -> None:
        """The files have changed: other limits from now on, with the memory of before."""
        self.policy = policy
        self._window = min(self._window, policy.connections)
        self._retune(now)

    def resume(self, now: float) -> None:
        """A person ends the pause."""
        self._suspended_until = -inf
        self._retune(now)

    def why_slow(self, now: float) -> Why | None:
        """The one thing that most holds this lane back now; None when nothing does."""
        if now >= self._review_at:
            self._retune(now)
        brakes = self._brakes
        if self._not_before == inf:
            return Why(code="no-lease")
        if self._suspended_until > now:
            return self._why_suspended()
        if brakes is not None and brakes.halvings:
            part, until = 2**brakes.halvings, brakes.halvings_until
            return by_rule("slowed", brakes.halvings_rule, brakes.said, part=part, until=until)
        if brakes is not None and brakes.rate < inf:
            rate, until = brakes.rate, brakes.rate_until
            return by_rule("rate-set", brakes.rate_rule, brakes.said, per_second=rate, until=until)
        return self._why_narrow(now)

    # inside

    def _why_suspended(self) -> Why:
        until, brakes = self._suspended_until, self._brakes
        if brakes is not None and brakes.suspended_by:
            return by_rule("suspended", brakes.suspended_by, brakes.said, until=until)
        params = {"kind": self._failure, "times": self._dead, "until": until}
        return Why(code="dead", params=params)

    def _why_narrow(self, now: float) -> Why | None:
        width: dict[str, object] = {"connections": self._window, "most": self._limit}
        narrow, brakes = self._window < self._limit, self._brakes
        if narrow and brakes is not None and brakes.one_rule:
            return by_rule("one-by-one", brakes.one_rule, brakes.said, **width)
        if narrow and self._failure:
            return Why(code="after-failures", params=width | {"kind": self._failure})
        if self._pace.interval and self._pace.next_at(now) > now:
            return Why(code="rate", params={"per_second": 1 / self._pace.interval})
        if self.open >= self.allowed:
            return Why(code="warming-up" if narrow else "connections", params=width)
        return None

    def _matched(self, reply: Reply, now: float) -> tuple[Hit, ...]:
        hits = _NO_HITS
        if reply.code < 400 or not self.policy.rules:
            return hits
        subject = subject_of(reply)
        for chain in self.policy.rules:
            rule = first_match(chain, subject)
            if rule is None:
                continue
            if self._triggers is None:
                self._triggers = Triggers()
            if self._triggers.count(rule, now):
                hit = hit_of(rule, reply)
                self.apply(hit, now)
                hits = (*hits, hit)
        return hits

    @property
    def _widest(self) -> int:
        """While connections come back one by one the window is what all processes share, not this one's part."""
        brakes = self._brakes
        return brakes.most(self.policy) if brakes is not None and brakes.one_rule else self._limit

    def _grow(self, now: float) -> None:
        """As in Postfix: no further ahead of what is in use than a first start would be."""
        self._credit += 1
        if self._credit < self._window or self._window >= self.open + self.policy.slow_start:
            return
        brakes, step = self._brakes, self.policy.slow_start_step
        if brakes is not None and brakes.one_rule:
            if now < brakes.grow_at:
                return
            brakes.grow_at, step = now + ONE_MORE, 1
        self._credit = 0
        self._window = min(self._window + step, self._widest)
        if self._window >= self.policy.slow_start:
            self._failure = ""
        if brakes is not None and self._window >= self.policy.connections:
            brakes.one_rule = ""

    def _works_again(self) -> None:
        self._failed = 0.0
        start = min(self.policy.slow_start, self.policy.connections)
        if self._dead and not (self._brakes is not None and self._brakes.one_rule):
            self._window = max(self._window, start)
        self._dead = 0
        if self._window >= start:
            self._failure = ""

    def _given_up(self, now: float) -> None:
        waits = self.policy.backoff
        self._suspended_until = now + waits[min(self._dead, len(waits) - 1)]
        self._dead += 1
        self._failed = 0.0
        self._window = 1
        if self._brakes is not None:
            self._brakes.suspended_by = ""
        self._retune(now)

    def _braked(self) -> Brakes:
        if self._brakes is None:
            self._brakes = Brakes()
        return self._brakes

    def _retune(self, now: float) -> None:
        """Works out anew what applies, and when that will change by itself."""
        if self._suspended_until <= now:
            self._suspended_until = -inf
        self._not_before = self._review_at = self._suspended_until
        if self._review_at == -inf:
            self._review_at = inf
        policy, brakes = self.policy, self._brakes
        limits = speed_of(policy), policy.burst, policy.connections
        if brakes is not None:
            brakes.release(now)
            limits = brakes.limits(policy)
            if brakes.lease_until <= now:
                self._not_before = inf
            self._review_at = min(
                (at for at in (self._review_at, *brakes.ends()) if at > now), default=inf
            )
        per_second, burst, self._limit = limits
        self._pace.change(per_second, burst, now)
