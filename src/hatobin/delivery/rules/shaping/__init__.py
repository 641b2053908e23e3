"""Traffic shaping: files that say how gently each destination is treated, and lanes that do so. Pure.

The engine needs five names: ``Shaping.for_lane`` gives a ``LanePolicy``; a ``LaneState`` follows it and answers
when the next letter may leave; ``retry_in`` and ``fate_of`` say what becomes of a letter that was put off.
docs/mechanisms/shaping.md tells the whole.
"""

from hatobin.delivery.rules.shaping.lane import LaneState
from hatobin.delivery.rules.shaping.policy import LanePolicy, Shaping, read_shaping
from hatobin.delivery.rules.shaping.problems import Origin, Problem
from hatobin.delivery.rules.shaping.retry import RetrySchedule, fate_of, retry_in
from hatobin.delivery.rules.shaping.triggers import Hit
from hatobin.delivery.rules.shaping.why import Why

__all__ = [
    "Hit",
    "LanePolicy",
    "LaneState",
    "Origin",
    "Problem",
    "RetrySchedule",
    "Shaping",
    "Why",
    "fate_of",
    "read_shaping",
    "retry_in",
]
