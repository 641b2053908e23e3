"""The local addresses from which letters leave: one is chosen by weight, a failing one rests. Pure."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hatobin.delivery.egress.errors import NoSource

_FAILURES = 5  # in a row, before others that work count against a source
_SITES = 16  # how many sites of a row of failures are remembered
_WORKING_SITES = 1_000
_FIRST_REST, _LONGEST_REST = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A place to send from.

    ``ipv4`` and ``ipv6``: addresses of this machine. With one of them only that family is used; with
    none the system chooses. ``ehlo``: the name that this address introduces itself with.
    """

    name: str
    ehlo: str
    ipv4: str = ""
    ipv6: str = ""
    weight: int = 1

    def local(self, *, v6: bool) -> str | None:
        """The address to bind for a family: empty when any will do, None when it has none."""
        if not self.ipv4 and not self.ipv6:
            return ""
        return (self.ipv6 if v6 else self.ipv4) or None


@dataclass(frozen=True, kw_only=True, slots=True)
class Health:
    """How a source did lately. ``since``, ``sites``: of the failures in a row."""

    failures: int = 0
    since: datetime | None = None
    sites: frozenset[str] = frozenset()
    rests: int = 0  # in a row, without a success between them
    resting_from: datetime | None = None
    resting_until: datetime | None = None

    def rests_at(self, now: datetime) -> bool:
        """Whether it is set aside. A clock that was set back wakes it."""
        if self.resting_from is None or self.resting_until is None:
            return False
        return self.resting_from <= now < self.resting_until


def after_success(_health: Health) -> Health:
    """It works: all is forgotten."""
    return Health()


def after_failure(health: Health, site: str, now: datetime, others: dict[str, datetime]) -> Health:
    """A connection to ``site`` failed. ``others``: when other sources last got through, by site.

    Only a source that fails where others work is to blame: a server that is down is down for all.
    """
    sites = health.sites if len(health.sites) >= _SITES else health.sites | {site}
    since = health.since or now
    blamed = any(others[each] >= since for each in sites if each in others)
    failing = replace(health, failures=health.failures + 1, since=since, sites=sites)
    return set_aside(failing, now) if failing.failures >= _FAILURES and blamed else failing


def set_aside(health: Health, now: datetime) -> Health:
    """It rests: a minute, and each time twice as long, up to an hour. Then it may try again."""
    rest = min(_FIRST_REST * 2 ** min(health.rests, 10), _LONGEST_REST)
    return Health(rests=health.rests + 1, resting_from=now, resting_until=now + rest)


class SourcePool:
    """The sources of one egress and their health, in the memory of one process."""

    def __init__(self, sources: Sequence[Source]) -> None:
        if len({source.name for source in sources}) < len(sources):
            raise ValueError("two sources have the same name")
        if any(source.weight < 0 for source in sources):
            raise ValueError("a weight is negative")
        self.sources = tuple(sources)
        self._health: dict[str, Health] = {}
        self._worked: dict[str, dict[str, datetime]] = {}  # site: source: when

    def choose(self, now: datetime, rng: random.Random, *, without: Collection[str] = ()) -> Source:
        """One by weight (0: never) of those that do not rest. Raises NoSource."""
        able = [each for each in self.sources if each.weight and each.name not in without]
        awake = [each for each in able if not self.health(each).rests_at(now)]
        if not awake:
            back = [self.health(each).resting_until for each in self.sources if each.weight]
            raise NoSource(min((each for each in back if each and each > now), default=None))
        return rng.choices(awake, [each.weight for each in awake])[0]

    def health(self, source: Source) -> Health:
        """How it did lately."""
        return self._health.get(source.name, Health())

    def worked(self, source: Source, site: str, now: datetime) -> None:
        """A conversation with a server of ``site`` came about."""
        self._health[source.name] = after_success(self.health(source))
        self._worked.setdefault(site, {})[source.name] = now
        while len(self._worked) > _WORKING_SITES:
            del self._worked[next(iter(self._worked))]

    def failed(self, source: Source, site: str, now: datetime) -> None:
        """No server of ``site`` would talk to us."""
        health = self.health(source)
        others = {each: self._others(source, each) for each in health.sites | {site}}
        known = {each: when for each, when in others.items() if when}
        self._health[source.name] = after_failure(health, site, now, known)

    def cannot_bind(self, source: Source, now: datetime) -> None:
        """This machine does not have its address."""
        self._health[source.name] = set_aside(self.health(source), now)

    def _others(self, source: Source, site: str) -> datetime | None:
        worked = self._worked.get(site, {})
        return max((when for name, when in worked.items() if name != source.name), default=None)
