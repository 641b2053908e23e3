"""What the stories about the sink share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import uvloop

from hatobin.intake.sink import SinkOptions, SinkThread, parse_rule

Started = Callable[..., SinkThread]


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Where the sink writes its journal."""
    return tmp_path / "journal.jsonl"


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def start(journal: Path, request: pytest.FixtureRequest) -> Iterator[Started]:
    """``start("dot=close", "rcpt=452 Full", tls="starttls")``: a sink with a journal."""
    with ExitStack() as stack:

        def begin(*rules: str, **options: Any) -> SinkThread:
            given = SinkOptions(
                rules=tuple(parse_rule(rule) for rule in rules), journal=journal, **options
            )
            return stack.enter_context(SinkThread(given, request.param))

        yield begin
