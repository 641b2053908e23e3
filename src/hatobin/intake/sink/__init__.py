"""A fault-injecting SMTP sink: takes every message, sends none, misbehaves on request.

For tests (``SinkThread``, ``Sink``) and for the ``hatobin sink`` command (``run_sink``). It is an
SMTP server without a single line that could relay.
"""

from hatobin.intake.sink.envelope import Counters, Envelope
from hatobin.intake.sink.faults import (
    Answer,
    Close,
    Delay,
    Endless,
    Garbage,
    Hang,
    Rule,
    Unasked,
    parse_rule,
)
from hatobin.intake.sink.options import SinkOptions
from hatobin.intake.sink.server import Sink, SinkThread
from hatobin.intake.sink.service import run_sink

__all__ = [
    "Answer",
    "Close",
    "Counters",
    "Delay",
    "Endless",
    "Envelope",
    "Garbage",
    "Hang",
    "Rule",
    "Sink",
    "SinkOptions",
    "SinkThread",
    "Unasked",
    "parse_rule",
    "run_sink",
]
