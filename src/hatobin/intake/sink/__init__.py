"""A fault-injecting SMTP sink: takes every message, sends none, misbehaves on request.

For tests (``SinkThread``, ``Sink``, ``read_journal``) and for the ``hatobin sink`` command
(``run_sink``). It is an SMTP server without a single line that could relay.
"""

from hatobin.intake.sink.actions import (
    Action,
    Alert,
    Answer,
    Certificate,
    Close,
    Delay,
    Endless,
    Garbage,
    Hang,
    Reset,
    Slow,
    Unasked,
)
from hatobin.intake.sink.envelope import Counters, Envelope
from hatobin.intake.sink.faults import Rule, Stage
from hatobin.intake.sink.journal import JournalEntry, read_journal
from hatobin.intake.sink.limits import ConnectionLimit, Greylist, Limit, RateLimit
from hatobin.intake.sink.modes import Modes, ModesRefused, read_modes
from hatobin.intake.sink.options import SinkOptions
from hatobin.intake.sink.rule_text import parse_rule
from hatobin.intake.sink.server import Sink, SinkThread
from hatobin.intake.sink.service import run_sink

__all__ = [
    "Action",
    "Alert",
    "Answer",
    "Certificate",
    "Close",
    "ConnectionLimit",
    "Counters",
    "Delay",
    "Endless",
    "Envelope",
    "Garbage",
    "Greylist",
    "Hang",
    "JournalEntry",
    "Limit",
    "Modes",
    "ModesRefused",
    "RateLimit",
    "Reset",
    "Rule",
    "Sink",
    "SinkOptions",
    "SinkThread",
    "Slow",
    "Stage",
    "Unasked",
    "parse_rule",
    "read_journal",
    "read_modes",
    "run_sink",
]
