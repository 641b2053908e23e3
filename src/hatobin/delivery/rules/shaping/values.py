"""The kinds of values a shaping file holds, and how each is read and written."""

from __future__ import annotations

import re
from dataclasses import dataclass

_RATE = re.compile(r"([0-9]{1,9}) ?/ ?([a-z]+)")
_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?) ?([a-z]+)")
_UNITS = {
    "s": 1,
    "sec": 1,
    "second": 1,
    "seconds": 1,
    "m": 60,
    "min": 60,
    "minute": 60,
    "minutes": 60,
    "h": 3600,
    "hour": 3600,
    "hours": 3600,
    "d": 86400,
    "day": 86400,
    "days": 86400,
}
_SHORT = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
LONGEST = 30 * 86400
AT_ONCE = "at once"
UNLIMITED = "unlimited"


class NotReadable(ValueError):
    """A value is not of its kind. ``code`` says what is wrong; ``params`` fill its sentence."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


@dataclass(frozen=True, slots=True)
class Rate:
    """So many messages in so many seconds: ``5/s``, ``3000/h``."""

    count: int
    seconds: int

    @property
    def per_second(self) -> float:
        """Messages in a second."""
        return self.count / self.seconds

    @property
    def burst(self) -> int:
        """How many may leave back to back where the file does not say: a tenth of a second's worth.

        Below one a second none is given away; above, one more makes up for a timer that comes late.
        """
        return 1 if self.per_second <= 1 else max(2, -(-self.count // (10 * self.seconds)))

    def __str__(self) -> str:
        unit = next(word for size, word in _SHORT if size == self.seconds)
        return f"{self.count}/{unit}"


@dataclass(frozen=True, slots=True)
class Trigger:
    """A rule acts when it matched ``count`` times within ``seconds``; once is at once."""

    count: int = 1
    seconds: int = 1

    def __str__(self) -> str:
        return AT_ONCE if self.count == 1 else str(Rate(self.count, self.seconds))


def read_rate(value: object) -> Rate | None:
    """``"100/s"``; None for ``"unlimited"``. Raises NotReadable."""
    if value == UNLIMITED:
        return None
    found = _RATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found or found[2] not in _UNITS:
        raise NotReadable("rate")
    if not int(found[1]):
        raise NotReadable("rate-zero")
    return Rate(int(found[1]), _UNITS[found[2]])


def read_trigger(value: object) -> Trigger:
    """``"3/hour"`` or ``"at once"``. Raises NotReadable."""
    if value == AT_ONCE:
        return Trigger()
    try:
        rate = read_rate(value)
    except NotReadable:
        rate = None
    if rate is None or rate.count > 1000:
        raise NotReadable("trigger")
    return Trigger(rate.count, rate.seconds)


def read_duration(value: object) -> float:
    """``"10 min"`` as seconds. Raises NotReadable."""
    found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found or found[2] not in _UNITS:
        raise NotReadable("duration")
    seconds = float(found[1]) * _UNITS[found[2]]
    if not 0 < seconds <= LONGEST:
        raise NotReadable("duration-range", most="30 d")
    return seconds


def read_durations(value: object) -> tuple[float, ...]:
    """A list of durations, one to fifty. Raises NotReadable."""
    if not isinstance(value, list) or not 1 <= len(value) <= 50:
        raise NotReadable("durations")
    try:
        return tuple(map(read_duration, value))
    except NotReadable as error:
        raise NotReadable("durations" if error.code == "duration" else error.code) from None


def write_duration(seconds: float) -> str:
    """Seconds as a person writes them: ``90 min``, ``4 h``."""
    for size, word in _SHORT:
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size:g} {word}"
    return f"{seconds:g} s"
