"""A shaping file as data, each value with its line; and everything that is wrong in it."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hatobin.delivery.rules.shaping.keys import (
    DEFAULT_ONLY,
    EGRESS_KINDS,
    GROUP_ONLY,
    RULE,
    VALUES,
    Key,
)
from hatobin.delivery.rules.shaping.problems import Origin, Problem
from hatobin.delivery.rules.shaping.scan import Path, lines_of
from hatobin.delivery.rules.shaping.syntax import syntax_problem
from hatobin.delivery.rules.shaping.values import NotReadable, Rate, Trigger

TEXT_MAX = 64 * 1024  # characters
TABLES_MAX = 300
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_NEEDS_DURATION = ("suspend", "slow", "set-rate")


@dataclass(frozen=True, slots=True)
class Entry:
    """A value and where it was written."""

    value: Any
    origin: Origin


Values = dict[str, Entry]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """A reply rule. ``groups`` empty: for every destination. ``duration`` in seconds, 0: none."""

    name: str
    pattern: re.Pattern[str]
    actions: tuple[str, ...]
    trigger: Trigger
    duration: float
    rate: Rate | None
    groups: tuple[str, ...]
    meaning: str
    origin: Origin


@dataclass(kw_only=True, slots=True)
class Layer:
    """One file. ``groups`` hold their ``title``, ``mx`` and ``domains`` beside the values."""

    name: str
    file: str
    default: Values = field(default_factory=dict)
    egress: dict[str, Values] = field(default_factory=dict)
    groups: dict[str, Values] = field(default_factory=dict)
    group_origins: dict[str, Origin] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_layer(text: str, *, layer: str, file: str) -> Layer:
    """Reads one file alone; how it fits the others is looked at when they are laid on each other."""
    made = Layer(name=layer, file=file)
    if len(text) > TEXT_MAX:
        made.problems.append(
            Problem(code="too-large", file=file, line=1, params={"most": TEXT_MAX // 1024})
        )
        return made
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        made.problems.append(syntax_problem(text, file, error))
        return made
    _Reader(made, lines_of(text)).read(data)
    made.problems.sort(key=lambda problem: problem.line)
    return made


class _Reader:
    def __init__(self, layer: Layer, lines: Mapping[Path, int]) -> None:
        self.layer = layer
        self.lines = lines

    def read(self, data: Mapping[str, Any]) -> None:
        known = {
            "default": self._default,
            "egress": self._egress,
            "group": self._groups,
            "rule": self._rules,
        }
        for name, value in data.items():
            if name in known:
                known[name](value)
            else:
                self._unknown((name,), name, [*known], code="unknown-table")

    def _default(self, value: Any) -> None:
        if self._is_table(("default",), value):
            self.layer.default = self._values(("default",), value, VALUES | DEFAULT_ONLY)

    def _egress(self, value: Any) -> None:
        for name, table in self._tables("egress", value):
            if name in EGRESS_KINDS:
                self.layer.egress[name] = self._values(("egress", name), table, VALUES)
            else:
                self._unknown(("egress", name), name, EGRESS_KINDS, code="unknown-egress")

    def _groups(self, value: Any) -> None:
        for name, table in self._tables("group", value):
            path: Path = ("group", name)
            if not _NAME.fullmatch(name):
                self._say(path, "group-name")
                continue
            self.layer.groups[name] = self._values(path, table, VALUES | GROUP_ONLY)
            self.layer.group_origins[name] = self._origin(path)

    def _rules(self, value: Any) -> None:
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            self._say(("rule",), "rule-not-list")
            return
        if len(value) > TABLES_MAX:
            self._say(("rule",), "too-many", most=TABLES_MAX)
            return
        seen: dict[str, int] = {}
        for number, table in enumerate(value):
            path: Path = ("rule", number)
            rule = self._rule(path, table)
            if rule and rule.name in seen:
                self._say((*path, "name"), "rule-twice", name=rule.name, first=seen[rule.name])
            elif rule:
                seen[rule.name] = rule.origin.line
                self.layer.rules.append(rule)

    def _rule(self, path: Path, table: Mapping[str, Any]) -> Rule | None:
        before = len(self.layer.problems)
        found = {name: entry.value for name, entry in self._values(path, table, RULE).items()}
        for name in ("name", "match", "action"):
            if name not in table:
                self._say(path, "missing-key", missing=name, example=RULE[name].example)
        actions = found.get("action", ())
        if "duration" not in table and any(each in actions for each in _NEEDS_DURATION):
            self._say(path, "missing-key", missing="duration", example=RULE["duration"].example)
        if ("rate" in table) != ("set-rate" in actions) and "action" in found:
            self._say(path, "rate-without-set-rate" if "rate" in table else "set-rate-without-rate")
        if len(self.layer.problems) > before:
            return None
        return Rule(
            name=found["name"],
            pattern=found["match"],
            actions=actions,
            trigger=found.get("trigger", Trigger()),
            duration=found.get("duration", 0.0),
            rate=found.get("rate"),
            groups=found.get("groups", ()),
            meaning=found.get("meaning", ""),
            origin=self._origin(path),
        )

    def _values(self, path: Path, table: Mapping[str, Any], keys: Mapping[str, Key]) -> Values:
        values: Values = {}
        for name, given in table.items():
            here = (*path, name)
            key = keys.get(name)
            if key is None:
                self._unknown(here, name, keys, code="unknown-key")
                continue
            try:
                values[name] = Entry(key.read(given), self._origin(here))
            except NotReadable as error:
                self._say(here, error.code, example=key.example, **error.params)
        return values

    def _tables(self, name: str, value: Any) -> Iterable[tuple[str, Mapping[str, Any]]]:
        if not self._is_table((name,), value):
            return
        if len(value) > TABLES_MAX:
            self._say((name,), "too-many", most=TABLES_MAX)
            return
        for inner, table in value.items():
            if self._is_table((name, inner), table):
                yield inner, table

    def _is_table(self, path: Path, value: Any) -> bool:
        if not isinstance(value, dict):
            self._say(path, "not-a-table", header=f"[{dotted(path)}]")
        return isinstance(value, dict)

    def _unknown(self, path: Path, name: str, known: Iterable[str], *, code: str) -> None:
        names = list(known)
        close = difflib.get_close_matches(name.lower().replace("-", "_"), names, n=1, cutoff=0.55)
        close = close or difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.55)
        self._say(path, code, near=close[0] if close else "", known=", ".join(names))

    def _say(self, path: Path, code: str, **params: object) -> None:
        self.layer.problems.append(
            Problem(
                code=code,
                file=self.layer.file,
                line=self._origin(path).line,
                key=dotted(path),
                params=params,
            )
        )

    def _origin(self, path: Path) -> Origin:
        while path and path not in self.lines:
            path = path[:-1]
        return Origin(self.layer.name, self.layer.file, self.lines.get(path, 1))


def dotted(path: Path) -> str:
    """``rule[2].match``, counted from 1 as a person does."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text
