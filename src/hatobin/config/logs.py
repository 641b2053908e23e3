"""Logs: one line an event, as text for people or JSON for machines. No address or name is logged.

Nor does a log give away what opens something: Django names the path of a request that failed, and
the link of an invitation, of the first start or of a letter is a key for whoever reads it.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import Any

import structlog

# Whatever case and however many slashes: a mistyped link still holds its token.
_LINK = re.compile(r"""(?<!File ")(/+(?:u|setup|invitation)/+)[^\s"'<>\x1b]+""", re.IGNORECASE)


def without_tokens(text: str) -> str:
    """The text with "…" for what follows ``/u/``, ``/setup/`` and ``/invitation/``."""
    return _LINK.sub(r"\1…", text)


def configure(level: str, shape: str) -> None:
    """Sends structlog and the standard library's logging to stderr in one shape."""
    structlog.configure(
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter(shape))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("procrastinate", "mail.log", "asyncio", "_granian"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLevelName(level)))


def formatter(shape: str) -> logging.Formatter:
    """Makes the line of a record: ``json`` for machines, else text for people."""
    if shape == "json":
        last: list[structlog.types.Processor] = [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ]
    else:
        # Plain: the default shows the local variables of every frame, and with them people's data.
        plain = structlog.dev.plain_traceback
        colors = sys.stderr.isatty()
        last = [structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain)]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared(),
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *last,
            _cut_tokens,
        ],
    )


def _shared() -> list[structlog.types.Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="%Y-%m-%dT%H:%M:%S%z", utc=False),
        structlog.processors.StackInfoRenderer(),
    ]


def _cut_tokens(_logger: Any, _method: str, line: Any) -> str:
    """After the renderer, so that nothing passes by: event, values, traceback."""
    return without_tokens(str(line))
