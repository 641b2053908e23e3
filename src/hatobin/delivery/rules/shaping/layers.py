"""Files laid on each other: shipped, then the installation's, then a workspace's as a second opinion.

The installation's file changes what is shipped, value by value. A workspace's text never does: of
its value and the one below the gentler counts, so the installation is the ceiling whatever a
workspace writes, also when the installation becomes stricter later.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from hatobin.delivery.rules.shaping.document import Layer, Rule, Values
from hatobin.delivery.rules.shaping.keys import DEFAULT_ONLY, VALUES, Key
from hatobin.delivery.rules.shaping.problems import Origin, Problem
from hatobin.delivery.rules.shaping.values import UNLIMITED, write_duration

WORKSPACE = "workspace"
_MATCHERS = ("mx", "domains")
_KEYS = VALUES | DEFAULT_ONLY


@dataclass(kw_only=True, slots=True)
class Tables:
    """What applies, most special last: ``default``, ``egress`` of a kind, ``groups``."""

    default: Values = field(default_factory=dict)
    egress: dict[str, Values] = field(default_factory=dict)
    groups: dict[str, Values] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)

    def chain(self, kind: str, group: str) -> list[Values]:
        """The tables that speak for a lane, most special first."""
        return [self.groups.get(group, {}), self.egress.get(kind, {}), self.default]


def lay_on(tables: Tables, layer: Layer) -> Tables:
    """The tables below, changed by a layer. Its new rules are asked before those below."""
    known = {rule.name: rule for rule in layer.rules}
    below = {rule.name for rule in tables.rules}
    kept = [known.get(rule.name, rule) for rule in tables.rules]
    new = [rule for rule in layer.rules if rule.name not in below]
    return Tables(
        default=tables.default | layer.default,
        egress=_merged(tables.egress, layer.egress),
        groups=_merged(tables.groups, layer.groups),
        rules=[rule for rule in (*new, *kept) if "none" not in rule.actions],
    )


def check_on(tables: Tables, layer: Layer) -> list[Problem]:
    """What is wrong with a layer because of what lies below it."""
    problems = [*_group_problems(tables, layer), *_rule_problems(tables, layer)]
    if layer.name == WORKSPACE:
        problems += _ceiling_problems(tables, layer)
    return sorted(problems, key=lambda problem: problem.line)


def gentler(name: str, below: Any, own: Any) -> Any:
    """Of two values the one that asks less of the destination."""
    return _KEYS[name].gentler(below, own)


def write_value(value: object) -> str:
    """A value as it stands in a file."""
    if value is None:
        return f'"{UNLIMITED}"'
    if isinstance(value, tuple):
        return "[" + ", ".join(write_value(each) for each in value) + "]"
    if isinstance(value, float):
        return f'"{write_duration(value)}"'
    return str(value) if isinstance(value, int) else f'"{value}"'


def _merged(below: dict[str, Values], above: dict[str, Values]) -> dict[str, Values]:
    return {name: below.get(name, {}) | above.get(name, {}) for name in [*below, *above]}


def _group_problems(tables: Tables, layer: Layer) -> Iterable[Problem]:
    for name, values in layer.groups.items():
        if name not in tables.groups and not any(key in values for key in _MATCHERS):
            near = difflib.get_close_matches(name, tables.groups, n=1)
            yield _problem(
                "group-unknown",
                layer.group_origins[name],
                f"group.{name}",
                near=near[0] if near else "",
            )
        elif name in tables.groups and layer.name == WORKSPACE:
            for key in _MATCHERS:
                if key in values:
                    yield _problem("group-of-others", values[key].origin, f"group.{name}.{key}")


def _rule_problems(tables: Tables, layer: Layer) -> Iterable[Problem]:
    below = {rule.name: rule for rule in tables.rules}
    groups = [*tables.groups, *layer.groups]
    for rule in layer.rules:
        if layer.name == WORKSPACE and rule.name in below:
            yield _problem("rule-of-others", rule.origin, "rule.name", name=rule.name)
        elif "none" in rule.actions and rule.name not in below:
            near = difflib.get_close_matches(rule.name, below, n=1)
            yield _problem(
                "rule-unknown", rule.origin, "rule.name", name=rule.name, near=next(iter(near), "")
            )
        for group in rule.groups:
            if group not in groups:
                near = difflib.get_close_matches(group, groups, n=1)
                yield _problem(
                    "rule-group-unknown",
                    rule.origin,
                    "rule.groups",
                    name=group,
                    near=next(iter(near), ""),
                )


def _ceiling_problems(tables: Tables, layer: Layer) -> Iterable[Problem]:
    placed = [("default", layer.default, [tables.default])]
    for kind, values in layer.egress.items():
        placed.append((f"egress.{kind}", values, tables.chain(kind, "")[1:]))
    for group, values in layer.groups.items():
        if group in tables.groups:
            placed.append((f"group.{group}", values, [tables.groups[group], tables.default]))
    for place, values, chain in placed:
        for name, entry in values.items():
            key = _KEYS.get(name)
            if key is None:
                continue
            if key.say == "fixed":
                yield _problem("installation-only", entry.origin, f"{place}.{name}")
            below = next((table[name] for table in chain if name in table), None)
            if key.say == "limit" and below and not _is_gentle(key, entry.value, below.value):
                most = write_value(below.value)
                where = str(below.origin)
                yield _problem(
                    "above-ceiling", entry.origin, f"{place}.{name}", most=most, where=where
                )


def _is_gentle(key: Key, own: Any, below: Any) -> bool:
    found = key.gentler(below, own)
    if isinstance(found, tuple):
        found = found[: len(own)]
    return bool(found == own)


def _problem(code: str, origin: Origin, key: str, **params: object) -> Problem:
    return Problem(code=code, file=origin.file, line=origin.line, key=key, params=params)
