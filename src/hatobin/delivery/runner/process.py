"""NAME
    sender - hands letters to egresses, one envelope and one person at a time

SYNOPSIS
    hatobin sender

JOB
    Starts dispatches whose hold is over; claims due letters; opens, merges and composes each; checks
    its last byte; offers it up to the final dot; marks it; sends the dot; records the answer.
    Also tidies for everybody: returns the letters of dead senders, expires, finishes.

QUEUES
    None but the ledger (table delivery_delivery; states in STATES.md). Letters are made a few ahead
    for each connection. Any number of senders may run; they share nothing but PostgreSQL.

STRATEGY
    Claims are compare-and-set with SKIP LOCKED and raise a fencing number. A lane for each egress has
    the egress's number of connections and gives each dispatch its share. Marks and records of all
    connections are gathered into one statement each (group commit, synchronous).

LOCKS
    A session advisory lock (8101, node number) says that this process lives. When its connection
    breaks, the process takes a new number; others return what the old number held.

TIMEOUTS
    Those of RFC 5321; 10 minutes for the answer to the final dot. SIGTERM and SIGINT drain: at most
    20 seconds for answers that are still out, all other letters wait again.

SECURITY
    Reads sealed contacts in memory only. Logs no address, no name, no server's words.

DIAGNOSTICS
    Warnings for a road in trouble and a database that is away; an error when a dispatch is halted.
    Leaves with status 1 on anything unforeseen, so that the supervisor starts it afresh.

BUGS
    The death of a whole machine is noticed when PostgreSQL's TCP keepalive notices it.
    A letter that the sandbox or a relay accepted while the answer was lost is in doubt; only a person
    may send it again.
"""

from __future__ import annotations

import asyncio
import signal
import threading
import time
import uuid
from datetime import timedelta

import structlog
import uvloop

from hatobin.delivery.egress.endpoint import Timeouts
from hatobin.delivery.queries.sums import Sums, sums
from hatobin.delivery.rules.outlook import Outlook, has_settled
from hatobin.delivery.rules.states import DispatchState
from hatobin.delivery.runner.database import DatabaseAway, Line, Row
from hatobin.delivery.runner.sender import Sender

_log = structlog.get_logger("hatobin.sender")
_LOOK = 0.2  # seconds between looks whether a dispatch is settled


def run_sender_process() -> None:
    """Sends until SIGTERM or SIGINT. Blocks. Raises what was not foreseen."""
    uvloop.run(_serve())
    _log.info("sender has drained")


def send_until_settled(
    dispatch_id: uuid.UUID, wait: timedelta, timeouts: Timeouts | None = None
) -> Sums:
    """Sends one dispatch from here and now, beside other senders; blocks; the sums afterwards.

    Returns when all have ended; or the next try is more than ``wait`` away; or the road has been in
    trouble, or the dispatch paused, for ``wait``. The hold is always waited for, and so is a server's
    answer, for as long as ``timeouts`` allow (RFC 5321's when not given).
    """
    uvloop.run(_settle(dispatch_id, wait, timeouts))
    return sums(dispatch_id)


async def _serve() -> None:
    stop = asyncio.Event()
    _stop_on_signals(stop)
    await Sender().run(stop)


def _stop_on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)


async def _settle(dispatch_id: uuid.UUID, wait: timedelta, timeouts: Timeouts | None) -> None:
    stop = asyncio.Event()
    if threading.current_thread() is threading.main_thread():
        _stop_on_signals(stop)
    async with asyncio.TaskGroup() as group:
        group.create_task(Sender(only=dispatch_id, timeouts=timeouts).run(stop))
        settled = group.create_task(_until_settled(dispatch_id, wait))
        settled.add_done_callback(lambda _task: stop.set())
        await stop.wait()
        settled.cancel()


async def _until_settled(dispatch_id: uuid.UUID, wait: timedelta) -> None:
    line = Line()
    paused_since = away_since = None
    try:
        while True:
            now = time.monotonic()
            try:
                row = (await line.run("outlook", dispatch=dispatch_id))[0]
            except DatabaseAway:
                away_since = away_since or now
                if now - away_since >= wait.total_seconds():
                    return
            else:
                away_since = None
                is_paused = row["state"] == DispatchState.PAUSED
                paused_since = (paused_since or now) if is_paused else None
                if has_settled(_outlook(row, now - (paused_since or now)), wait):
                    return
            await asyncio.sleep(_LOOK)
    finally:
        await line.close()


def _outlook(row: Row, paused: float) -> Outlook:
    return Outlook(
        state=row["state"],
        on_the_way=row["on_the_way"],
        next=row["next"],
        troubled=row["troubled"],
        paused=timedelta(seconds=paused),
    )
