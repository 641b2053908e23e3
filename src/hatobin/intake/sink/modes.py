"""A modes file: a whole set of rules and limits in TOML. ``docs/examples/sink-modes.toml`` shows all of it."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args

from hatobin.intake.sink.actions import Action, Answer
from hatobin.intake.sink.faults import Rule, Stage
from hatobin.intake.sink.limits import (
    ConnectionLimit,
    Greylist,
    Limit,
    RateLimit,
    RatePer,
    RateStage,
)
from hatobin.intake.sink.rule_text import check_place, parse_action, parse_stage
from hatobin.intake.sink.toml_lines import TomlLines

T = TypeVar("T")


class ModesRefused(ValueError):
    """The file says something that cannot be. Its text has a line for each problem."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Modes:
    """What a file asks for. ``seed`` None: it does not say."""

    rules: tuple[Rule, ...] = ()
    limits: tuple[Limit, ...] = ()
    seed: int | None = None


def read_modes(path: Path) -> Modes:
    """Reads a file. Raises ModesRefused naming lines and keys, OSError when it cannot be opened."""
    try:
        text = path.read_text(encoding="utf-8")
        found = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModesRefused(f"{path.name}: not TOML: {error}") from error
    reading = _Reading(TomlLines(text))
    modes = Modes(
        rules=tuple(reading.tables(found, "fault", _fault)),
        limits=(
            *reading.tables(found, "connections", _connections),
            *reading.tables(found, "rate", _rate),
            *reading.tables(found, "greylist", _greylist),
        ),
        seed=reading.seed(found),
    )
    for key in found.keys() - {"seed", "fault", "connections", "rate", "greylist"}:
        reading.problem(key, 0, "", f"{key}: not known; there are seed, [[fault]], [[connections]], "
                        "[[rate]] and [[greylist]]")  # fmt: skip
    if reading.problems:
        raise ModesRefused(
            "\n".join(
                f"{path.name}, line {line}: {told}" for line, told in sorted(reading.problems)
            )
        )
    return modes


class _Reading:
    def __init__(self, lines: TomlLines) -> None:
        self._lines = lines
        self.problems: list[tuple[int, str]] = []

    def problem(self, table: str, index: int, key: str, told: str) -> None:
        self.problems.append((self._lines.of(table, index, key), told))

    def seed(self, found: Mapping[str, Any]) -> int | None:
        seed = found.get("seed")
        if seed is None or (isinstance(seed, int) and not isinstance(seed, bool)):
            return seed
        self.problem("", 0, "seed", "seed: write a whole number")
        return None

    def tables(self, found: Mapping[str, Any], name: str, make: Callable[[_Table], T]) -> list[T]:
        tables = found.get(name, [])
        if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
            self.problem(name, 0, "", f"{name}: write it as [[{name}]]")
            return []
        made = []
        for index, values in enumerate(tables):
            table = _Table(name, values)
            try:
                thing = make(table)
            except ValueError as error:  # about several keys at once
                table.problems.append(("", str(error)))
            else:
                made.append(thing)
            for key in values.keys() - table.asked:
                table.problems.append(
                    (key, f"not known; there are {', '.join(sorted(table.asked))}")
                )
            for key, told in table.problems:
                where = f"{name}.{key}" if key else name
                self.problem(name, index, key, f"{where}: {told}")
        return made


class _Table:
    """One table of the file. What is wrong is noted, and a harmless value given, so that all is found."""

    def __init__(self, name: str, values: Mapping[str, Any]) -> None:
        self.name = name
        self._values = values
        self.asked: set[str] = set()
        self.problems: list[tuple[str, str]] = []

    def has(self, key: str) -> bool:
        self.asked.add(key)
        return key in self._values

    def text(self, key: str, read: Callable[[str], T], default: T) -> T:
        if not self.has(key):
            return default
        value = self._values[key]
        if not isinstance(value, str) or not value.strip():
            self.problems.append((key, "write a text in quotes"))
            return default
        try:
            return read(value.strip())
        except ValueError as error:
            self.problems.append((key, str(error)))
            return default

    def number(self, key: str, *, most: float = math.inf, above: float | None = None) -> float:
        """0 when it is not there; from 0 to ``most``, or more than ``above`` (and then required)."""
        if not self.has(key):
            if above is not None:
                self.problems.append((key, "is missing"))
            return 0
        value = self._values[key]
        fits = isinstance(value, int | float) and not isinstance(value, bool)
        if (
            fits
            and 0 <= value <= most
            and math.isfinite(value)
            and (above is None or value > above)
        ):
            return float(value)
        range_ = f"from 0 to {most:g}" if most < math.inf else "of 0 or more"
        self.problems.append((key, f"write a number {range_ if above is None else 'above 0'}"))
        return 0

    def whole(self, key: str, *, required: bool = False) -> int:
        value = self.number(key, above=0 if required else None)
        if value != int(value):
            self.problems.append((key, "write a whole number"))
        return int(value)


def _fault(table: _Table) -> Rule:
    for key in ("stage", "action"):
        if not table.has(key):
            table.problems.append((key, "is missing"))
    known = len(table.problems)
    first: Stage = "connect"
    later: Action = Answer(451, "Later")
    stage = table.text("stage", parse_stage, first)
    action = table.text("action", parse_action, later)
    rule = Rule(
        stage=stage,
        action=action,
        recipient=_recipient(table),
        server=table.text("server", str, ""),
        nth=table.whole("nth"),
        share=table.number("share", most=1) if table.has("share") else 1.0,
        times=table.whole("times"),
        since=table.number("since"),
        until=table.number("until"),
        name=table.text("name", str, ""),
    )
    if len(table.problems) == known:
        check_place(stage, action)
        if rule.recipient and stage in {"connect", "ehlo", "tls", "starttls", "auth", "mail"}:
            raise ValueError(f"nobody knows the recipient yet at stage {stage}: use server instead")
        if rule.until and rule.until <= rule.since:
            raise ValueError("until must be later than since")
    return rule


def _recipient(table: _Table) -> str:
    domain, recipient = table.text("domain", str, ""), table.text("recipient", str, "")
    if domain and recipient:
        table.problems.append(("recipient", "give either domain or recipient"))
    return f"*@{domain}" if domain else recipient


def _connections(table: _Table) -> ConnectionLimit:
    usual = ConnectionLimit()
    limit = ConnectionLimit(
        server=table.text("server", str, ""),
        at_once=table.whole("at_once"),
        at_once_reply=table.text("at_once_reply", _refusal, usual.at_once_reply),
        messages=table.whole("messages"),
        messages_reply=table.text("messages_reply", _refusal_or_close, usual.messages_reply),
    )
    if not (limit.at_once or limit.messages or table.problems):
        raise ValueError("say at_once or messages, or both")
    return limit


def _rate(table: _Table) -> RateLimit:
    limit = RateLimit(
        messages=table.whole("messages", required=True),
        seconds=table.number("seconds", above=0),
        per=table.text("per", _one_of(get_args(RatePer)), "client"),  # type: ignore[arg-type]
        stage=table.text("stage", _one_of(get_args(RateStage)), "rcpt"),  # type: ignore[arg-type]
        domain=table.text("domain", str, ""),
        server=table.text("server", str, ""),
        hold=table.number("hold"),
        reply=table.text("reply", _refusal, RateLimit(messages=1, seconds=1).reply),
    )
    if limit.stage == "mail" and (limit.domain or limit.per != "client"):
        raise ValueError("nobody knows the recipient's domain yet at stage mail: use rcpt or dot")
    return limit


def _greylist(table: _Table) -> Greylist:
    return Greylist(
        seconds=table.number("seconds", above=0),
        domain=table.text("domain", str, ""),
        server=table.text("server", str, ""),
        reply=table.text("reply", _refusal, Greylist(seconds=1).reply),
    )


def _refusal(text: str) -> Answer:
    action = parse_action(text)
    if not isinstance(action, Answer) or action.code < 400:
        raise ValueError(f"{text!r} refuses nothing: write a 4yz or 5yz reply, or like NAME")
    return action


def _refusal_or_close(text: str) -> Answer | None:
    return None if text == "close" else _refusal(text)


def _one_of(words: tuple[str, ...]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"{text!r} is not one of {', '.join(words)}")
        return text

    return read
