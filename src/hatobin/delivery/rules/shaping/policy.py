"""What applies to a lane: :class:`Shaping` holds all files, ``for_lane`` answers for one destination."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hatobin.delivery.rules.shaping.document import Entry, Layer, Rule, Values, read_layer
from hatobin.delivery.rules.shaping.keys import DEFAULT_ONLY, OPTIONAL, VALUES
from hatobin.delivery.rules.shaping.layers import WORKSPACE, Tables, check_on, gentler, lay_on
from hatobin.delivery.rules.shaping.problems import Origin, Problem
from hatobin.delivery.rules.shaping.retry import RetrySchedule
from hatobin.delivery.rules.shaping.values import Rate

_WHOLE_ROAD = ("sandbox", "smtp-relay", "provider")  # the destination is the server itself


@dataclass(frozen=True, kw_only=True, slots=True)
class LanePolicy:
    """How gently one destination is treated. Times in seconds. Shared by all lanes it fits.

    ``rules``: chains; of each chain the first rule that matches a reply counts it.
    ``origins``: key > where its value was written.
    """

    group: str  # name of the destination group; empty: none
    title: str
    connections: int
    rate: Rate | None
    burst: int
    messages_per_connection: int
    tls: str
    slow_start: int
    slow_start_step: int
    backoff: tuple[float, ...]
    connect_timeout: float
    greeting_timeout: float
    command_timeout: float
    data_timeout: float
    dot_timeout: float
    retry: RetrySchedule
    expiry: float
    rules: tuple[tuple[Rule, ...], ...]
    origins: Mapping[str, Origin] = field(default_factory=dict, repr=False)

    def capped(
        self, *, connections: int | None = None, messages_per_connection: int | None = None
    ) -> LanePolicy:
        """The same with what one way of sending allows, where that is less."""
        return replace(
            self,
            connections=min(self.connections, connections or self.connections),
            messages_per_connection=min(
                self.messages_per_connection,
                messages_per_connection or self.messages_per_connection,
            ),
        )


class Shaping:
    """All files, laid on each other. Raises ValueError when the shipped values are not whole."""

    def __init__(
        self, shipped: Layer, installation: Layer | None = None, workspace: Layer | None = None
    ) -> None:
        self.problems: list[Problem] = list(shipped.problems)
        self._base = lay_on(Tables(), shipped)
        missing = (VALUES | DEFAULT_ONLY).keys() - OPTIONAL - self._base.default.keys()
        if missing or shipped.problems:
            raise ValueError(f"the shipped values are not whole: {missing or shipped.problems}")
        if installation and self._fits(installation):
            self._base = lay_on(self._base, installation)
        self._own = Tables()
        if workspace and self._fits(workspace):
            self._own = lay_on(Tables(), workspace)
        self._domains = _Suffixes(self._base.groups, "domains")
        self._hosts = _Suffixes(self._base.groups, "mx")
        whole = {name: self._base.groups.get(name, {}) | v for name, v in self._own.groups.items()}
        self._own_domains = _Suffixes(whole, "domains")
        self._own_hosts = _Suffixes(whole, "mx")
        self._policies: dict[tuple[str, str, str], LanePolicy] = {}

    @property
    def groups(self) -> Mapping[str, Values]:
        """Every destination group by name, a workspace's own last."""
        return self._base.groups | {
            name: self._base.groups.get(name, {}) | v for name, v in self._own.groups.items()
        }

    @property
    def rules(self) -> list[Rule]:
        """Every reply rule, in the order in which they are asked."""
        return [*self._base.rules, *self._own.rules]

    def for_lane(
        self,
        domain: str,
        site: str = "",
        mx_hosts: Sequence[str] = (),
        egress_kind: str = "direct",
    ) -> LanePolicy:
        """What applies to mail for ``domain``, whose servers are ``mx_hosts``, the preferred first.

        By a relay or provider the one server is the destination: give its host as ``mx_hosts``.
        Equal answers are one object.
        """
        if egress_kind in _WHOLE_ROAD:
            domain = ""
        hosts = () if egress_kind == "sandbox" else (*mx_hosts, site)
        key = (
            egress_kind,
            self._domains.find(domain) or self._hosts.find_any(hosts),
            self._own_domains.find(domain) or self._own_hosts.find_any(hosts),
        )
        return self._policies.get(key) or self._made(key)

    def for_group(self, name: str, egress_kind: str = "direct") -> LanePolicy:
        """What applies to a destination group; an unknown one gets what everybody gets."""
        own = name if name in self._own.groups else ""
        key = (egress_kind, name if name in self._base.groups else "", own)
        return self._policies.get(key) or self._made(key)

    def _fits(self, layer: Layer) -> bool:
        problems = [*layer.problems, *check_on(self._base, layer)]
        if layer.problems:  # whom a group is for may be what could not be read
            problems = [each for each in problems if each.code != "group-unknown"]
        problems.sort(key=lambda problem: problem.line)
        self.problems += problems
        return not problems

    def _made(self, key: tuple[str, str, str]) -> LanePolicy:
        kind, group, own = key
        found = dict(self._values(self._base.chain(kind, group), self._own.chain(kind, own)))
        values: dict[str, Any] = {name: entry.value for name, entry in found.items()}
        values["slow_start"] = min(values["slow_start"], values["connections"])
        waits, then = values.pop("retry"), values.pop("retry_then")
        named = self._base.groups.get(group, {}) | self._own.groups.get(own, {})
        made = LanePolicy(
            group=group or own,
            title=named["title"].value if "title" in named else group or own,
            burst=_burst(values["rate"], found.get("burst"), found["rate"]),
            retry=RetrySchedule(waits, then),
            rules=tuple(
                chain
                for chain in (_rules(self._base.rules, group), _rules(self._own.rules, group, own))
                if chain
            ),
            origins={name: entry.origin for name, entry in found.items()},
            **{name: value for name, value in values.items() if name != "burst"},
        )
        self._policies[key] = made
        return made

    def _values(self, base: list[Values], own: list[Values]) -> Iterator[tuple[str, Entry]]:
        for name, key in (VALUES | DEFAULT_ONLY).items():
            below = next((table[name] for table in base if name in table), None)
            mine = next((table[name] for table in own if name in table), None)
            if below is None or mine is None or key.say == "own":
                entry = mine or below
            else:
                value = gentler(name, below.value, mine.value)
                entry = below if value == below.value else Entry(value, mine.origin)
            if entry is not None:
                yield name, entry


class _Suffixes:
    """Names > group, by the longest suffix of whole labels."""

    def __init__(self, groups: Mapping[str, Values], key: str) -> None:
        self._groups = {
            suffix: name
            for name, values in groups.items()
            if key in values
            for suffix in values[key].value
        }

    def find(self, name: str) -> str:
        """The group of a name; empty for none."""
        rest = name.strip(".").lower()
        while rest:
            if rest in self._groups:
                return self._groups[rest]
            rest = rest.partition(".")[2]
        return ""

    def find_any(self, names: Sequence[str]) -> str:
        """The group of the first name that has one."""
        return next(filter(None, map(self.find, names)), "")


def _rules(rules: Sequence[Rule], *groups: str) -> tuple[Rule, ...]:
    return tuple(rule for rule in rules if not rule.groups or set(rule.groups) & set(groups))


def _burst(rate: Rate | None, written: Entry | None, rate_entry: Entry) -> int:
    """A burst that was written for a faster rate does not outlive a workspace's slower one."""
    if rate is None:
        return written.value if written else 1
    if written is None:
        return rate.burst
    faster = rate_entry.origin.layer == WORKSPACE != written.origin.layer
    return min(written.value, rate.burst) if faster else int(written.value)


def read_shaping(
    shipped: tuple[str, str],
    installation: tuple[str, str] | None = None,
    workspace: tuple[str, str] | None = None,
) -> Shaping:
    """From (file name, text) of each; what is wrong stands in ``problems``, such a layer is left out."""
    layers = {
        name: read_layer(pair[1], layer=name, file=pair[0])
        for name, pair in (
            ("shipped", shipped),
            ("installation", installation),
            (WORKSPACE, workspace),
        )
        if pair is not None
    }
    return Shaping(layers["shipped"], layers.get("installation"), layers.get(WORKSPACE))
