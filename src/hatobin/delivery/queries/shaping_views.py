"""Shaping as doors show it: destinations, reply rules and their origin, in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import idna
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services.access import check_right
from hatobin.common.errors import Invalid
from hatobin.delivery.queries.shaping import OWN, installation_file, shaping_of, stored
from hatobin.delivery.rules.shaping import LanePolicy, Origin, Problem, Shaping
from hatobin.delivery.rules.shaping.document import Rule, Values
from hatobin.delivery.rules.shaping.keys import EGRESS_KINDS
from hatobin.delivery.rules.shaping.layers import write_value
from hatobin.delivery.rules.shaping_problems import problem_words
from hatobin.delivery.rules.shaping_words import (
    VALUE_LABELS,
    action_words,
    origin_words,
    rule_meaning,
    trigger_words,
    value_words,
)

_WRITTEN = ("connections", "rate", "messages_per_connection", "tls")
_LONGEST = 253


@dataclass(frozen=True, kw_only=True, slots=True)
class ValueView:
    """``value`` as a file has it, ``text`` as a person says it; ``file`` and ``line``: where it stands."""

    key: str
    label: str
    value: str
    text: str
    layer: str
    file: str
    line: int
    origin: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DestinationView:
    """A destination group; ``name`` is empty for everybody else."""

    name: str
    title: str
    domains: Sequence[str]
    mx: Sequence[str]
    values: Sequence[ValueView]


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleView:
    """A reply rule; ``destinations`` empty: for all."""

    name: str
    destinations: Sequence[str]
    meaning: str
    pattern: str
    trigger: str
    actions: Sequence[str]
    layer: str
    file: str
    line: int
    origin: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ProblemView:
    """One thing to put right in a text."""

    code: str
    line: int
    key: str
    text: str
    advice: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """Everything. ``text``: the workspace's own; ``problems``: why that is left out now, if it is."""

    destinations: Sequence[DestinationView]
    rules: Sequence[RuleView]
    text: str
    revision: int
    problems: Sequence[ProblemView]
    installation_file: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Applied:
    """What applies to mail for one domain."""

    domain: str
    destination: str
    values: Sequence[ValueView]
    rules: Sequence[RuleView]


def overview(actor: Actor) -> Overview:
    """What applies in this workspace, by destination."""
    check_right(actor, Right.VIEW)
    found = shaping_of(actor.workspace_id)
    text, revision = stored(actor.workspace_id)
    return Overview(
        destinations=destinations(found),
        rules=[rule_view(rule, found) for rule in found.rules],
        text=text,
        revision=revision,
        problems=problem_views(problem for problem in found.problems if problem.file == OWN),
        installation_file=installation_file(),
    )


def applies(
    actor: Actor, *, domain: str, mail_server: str = "", egress_kind: str = "direct"
) -> Applied:
    """What applies to mail for a domain. ``mail_server``: its MX host, or the relay's. Raises Invalid."""
    check_right(actor, Right.VIEW)
    return applied(shaping_of(actor.workspace_id), domain, mail_server, egress_kind)


def applied(found: Shaping, domain: str, mail_server: str, egress_kind: str) -> Applied:
    """The same of given files."""
    if egress_kind not in EGRESS_KINDS:
        raise Invalid(
            "unknown-egress",
            _("This must be one of: %(choices)s"),
            field="egress_kind",
            params={"choices": ", ".join(EGRESS_KINDS)},
        )
    name = _host(domain.rpartition("@")[2], "domain")
    hosts = [_host(mail_server, "mail_server")] if mail_server.strip() else []
    policy = found.for_lane(name, mx_hosts=hosts, egress_kind=egress_kind)
    return Applied(
        domain=name,
        destination=policy.title,
        values=value_views(policy, VALUE_LABELS),
        rules=[rule_view(rule, found) for chain in policy.rules for rule in chain],
    )


def destinations(found: Shaping) -> list[DestinationView]:
    """Every group by name, then everybody else."""
    groups: Mapping[str, Values] = found.groups
    views = [
        DestinationView(
            name=name,
            title=values["title"].value if "title" in values else name,
            domains=values["domains"].value if "domains" in values else (),
            mx=values["mx"].value if "mx" in values else (),
            values=value_views(found.for_group(name), _WRITTEN),
        )
        for name, values in groups.items()
    ]
    rest = value_views(found.for_group(""), _WRITTEN)
    return [*views, DestinationView(name="", title="", domains=(), mx=(), values=rest)]


def value_views(policy: LanePolicy, keys: Iterable[str]) -> list[ValueView]:
    """Values of a policy, each with its origin."""
    return [_value(policy, key, policy.origins[key]) for key in keys]


def _value(policy: LanePolicy, key: str, origin: Origin) -> ValueView:
    value = getattr(policy, key)
    return ValueView(
        key=key,
        label=str(VALUE_LABELS[key]),
        value=str(value) if key in {"rate", "retry", "tls"} and value else write_value(value),
        text=value_words(key, value),
        layer=origin.layer,
        file=origin.file,
        line=origin.line,
        origin=origin_words(origin),
    )


def rule_view(rule: Rule, found: Shaping) -> RuleView:
    """A rule in plain words."""
    groups = found.groups
    titles = [groups[n]["title"].value if "title" in groups[n] else n for n in rule.groups]
    return RuleView(
        name=rule.name,
        destinations=titles,
        meaning=rule_meaning(rule),
        pattern=rule.pattern.pattern,
        trigger=trigger_words(rule.trigger),
        actions=action_words(rule),
        layer=rule.origin.layer,
        file=rule.origin.file,
        line=rule.origin.line,
        origin=origin_words(rule.origin),
    )


def problem_views(problems: Iterable[Problem]) -> list[ProblemView]:
    """Faults of a text in words."""
    return [
        ProblemView(
            code=each.code,
            line=each.line,
            key=each.key,
            text=problem_words(each).text,
            advice=problem_words(each).advice,
        )
        for each in problems
    ]


def _host(text: str, field: str) -> str:
    name = text.strip().strip(".").lower()
    try:
        name = idna.encode(name, uts46=True).decode() if name and not name.isascii() else name
    except idna.IDNAError:
        name = ""
    usable = name and len(name) <= _LONGEST and "." in name and " " not in name
    if not usable or not all(0 < len(label) <= 63 for label in name.split(".")):
        raise Invalid("no-domain", _("Write a domain such as example.jp."), field=field)
    return name
