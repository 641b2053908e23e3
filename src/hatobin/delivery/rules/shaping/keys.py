"""Every key of a shaping file: how it is read, an example to copy, and which of two values is gentler."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Literal

from hatobin.delivery.rules.shaping.patterns import read_pattern
from hatobin.delivery.rules.shaping.values import (
    NotReadable,
    Rate,
    read_duration,
    read_durations,
    read_rate,
    read_trigger,
)

EGRESS_KINDS = ("sandbox", "smtp-relay", "direct", "provider")
ACTIONS = ("suspend", "slow", "one-connection", "set-rate", "defer-letter", "none")
TLS = ("opportunistic", "required")
# "limit": a workspace may only be gentler; "own": a workspace may choose; "fixed": it may not.
Say = Literal["limit", "own", "fixed"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """``gentler`` answers which of two values asks less of the destination."""

    read: Callable[[object], Any]
    example: str
    gentler: Callable[[Any, Any], Any] = min
    say: Say = "limit"


def _count(most: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
            raise NotReadable("count", most=most)
        return value

    return read


def _one_of(*words: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if value not in words:
            raise NotReadable("choice", choices=", ".join(f'"{word}"' for word in words))
        return str(value)

    return read


def _text(most: int) -> Callable[[object], str]:
    def read(value: object) -> str:
        if not isinstance(value, str) or not value.strip() or len(value) > most:
            raise NotReadable("text", most=most)
        return value.strip()

    return read


def _names(value: object) -> tuple[str, ...]:
    """Host and domain names: A-labels, small letters, no dot at either end."""
    if not isinstance(value, list) or not 1 <= len(value) <= 500:
        raise NotReadable("names")
    return tuple(map(_name, value))


def _name(value: object) -> str:
    text = value.strip().strip(".").lower() if isinstance(value, str) else ""
    try:
        text = text if text.isascii() else text.encode("idna").decode()
    except UnicodeError:
        text = ""
    if (
        not text
        or len(text) > 253
        or not set(text) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")
    ):
        raise NotReadable("names", given=str(value)[:80])
    return text


def _words(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(each, str) for each in value):
        raise NotReadable("group-names")
    return tuple(value)


def _actions(value: object) -> tuple[str, ...]:
    words = value if isinstance(value, list) else [value]
    read = _one_of(*ACTIONS)
    found = tuple(dict.fromkeys(map(read, words)))
    if not found or ("none" in found and len(found) > 1):
        raise NotReadable("choice", choices=", ".join(f'"{word}"' for word in ACTIONS))
    return found


def _set_rate(value: object) -> Rate:
    found = read_rate(value)
    if found is None:
        raise NotReadable("rate")
    return found


def slower(one: Rate | None, other: Rate | None) -> Rate | None:
    """The slower of two rates; None is no limit."""
    if one is None or other is None:
        return one or other
    return min(one, other, key=lambda rate: rate.per_second)


def _stricter(one: str, other: str) -> str:
    return "required" if "required" in {one, other} else one


def _longer(one: tuple[float, ...], other: tuple[float, ...]) -> tuple[float, ...]:
    """Place by place the longer wait; a list that ends leaves the rest to the other."""
    return tuple(map(max, zip_longest(one, other, fillvalue=0.0)))


VALUES: dict[str, Key] = {
    "connections": Key(read=_count(1000), example="5"),
    "rate": Key(read=read_rate, example='"5/s"', gentler=slower),
    "burst": Key(read=_count(10_000), example="10"),
    "messages_per_connection": Key(read=_count(100_000), example="50"),
    "tls": Key(read=_one_of(*TLS), example='"required"', gentler=_stricter),
    "slow_start": Key(read=_count(1000), example="2"),
    "slow_start_step": Key(read=_count(100), example="1"),
    "backoff": Key(read=read_durations, example='["10 s", "1 min", "10 min"]', gentler=_longer),
    "connect_timeout": Key(read=read_duration, example='"30 s"', say="fixed"),
    "greeting_timeout": Key(read=read_duration, example='"5 min"', say="fixed"),
    "command_timeout": Key(read=read_duration, example='"5 min"', say="fixed"),
    "data_timeout": Key(read=read_duration, example='"2 min"', say="fixed"),
    "dot_timeout": Key(read=read_duration, example='"10 min"', say="fixed"),
    "retry": Key(read=read_durations, example='["5 min", "30 min", "2 h"]', gentler=_longer),
    "retry_then": Key(read=read_duration, example='"4 h"', gentler=max),
}
DEFAULT_ONLY = {"expiry": Key(read=read_duration, example='"48 h"', say="own")}
GROUP_ONLY = {
    "title": Key(read=_text(60), example='"Example Mail"'),
    "mx": Key(read=_names, example='["mx.example.net"]'),
    "domains": Key(read=_names, example='["example.net"]'),
}
RULE = {
    "name": Key(read=_text(60), example='"example-throttle"'),
    "groups": Key(read=_words, example='["google"]'),
    "match": Key(read=read_pattern, example="'^4[0-9][0-9] 4\\.7\\.28'"),
    "trigger": Key(read=read_trigger, example='"3/hour"'),
    "action": Key(read=_actions, example='"suspend"'),
    "duration": Key(read=read_duration, example='"10 min"'),
    "rate": Key(read=_set_rate, example='"1/s"'),
    "meaning": Key(read=_text(200), example='"The server asks for a pause"'),
}
OPTIONAL = {"burst"}  # without it the rate says
