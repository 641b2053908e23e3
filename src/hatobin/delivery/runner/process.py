"""NAME
    sender - hands letters to egresses, one envelope and one person at a time

SYNOPSIS
    hatobin sender

JOB
    Starts dispatches whose hold is over; leases lots of due letters; opens, prints and signs each; checks
    its last byte; offers it up to the final dot; marks it; sends the dot; records the answer.
    Also tidies for everybody: returns the letters of dead senders, expires, finishes.

QUEUES
    None but the ledger and its lots (tables delivery_delivery, delivery_lot; states in STATES.md). Any
    number of senders may run; they share nothing but PostgreSQL.

STRATEGY
    A lane for each road and destination has as many connections, and the rate, that shaping and the
    other senders leave it (shares.py). Workspaces and dispatches take turns in it. What all connections
    record and mark at one time is one statement (group commit, synchronous), fenced by claim numbers.

LOCKS
    A session advisory lock (8101, node number) says that this process lives. When its connection
    breaks, the process takes a new number; others return what the old number held.

TIMEOUTS
    Those of RFC 5321; 10 minutes for the answer to the final dot. SIGTERM and SIGINT drain: at most
    20 seconds for answers that are still out, all other letters wait again. A command that sends one
    letter to all drains by itself, for at most 5 seconds, when no letter has come to its end for as long
    as it was told to wait.

SECURITY
    Reads sealed contacts in memory only. Logs no address, no name, no server's words.

DIAGNOSTICS
    Warnings for a road in trouble, a server that says nothing and a database that is away; an error
    when a dispatch is halted.
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
from hatobin.delivery.rules.states import OPEN, DispatchState
from hatobin.delivery.runner.database import DatabaseAway, Line, Row
from hatobin.delivery.runner.sender import Sender
from hatobin.delivery.services.direct_roads import Outside

_log = structlog.get_logger("hatobin.sender")
_LOOK = 0.2  # seconds between looks whether a dispatch is settled
_COUNT = 1.0  # seconds between looks whether letters still come to their end
_PATIENCE = 5.0  # seconds that a server may always take, however short the wait
_LAST_DRAIN = 5.0  # seconds for the answer to a dot, once the server has been silent for the wait


def run_sender_process() -> None:
    """Sends until SIGTERM or SIGINT. Blocks. Raises what was not foreseen."""
    uvloop.run(_serve())
    _log.info("sender has drained")


def send_until_settled(
    dispatch_id: uuid.UUID,
    wait: timedelta,
    timeouts: Timeouts | None = None,
    outside: Outside | None = None,
) -> Sums:
    """Sends one dispatch from here and now, beside other senders; blocks; the sums afterwards.

    Returns when all have ended; or the next try is more than ``wait`` away; or the road has been in
    trouble, or the dispatch paused, or the server silent about every letter, for ``wait`` (5 seconds at
    least). A silent server is drained: letters before their mark wait again, one whose dot is out is in
    doubt unless its answer comes within 5 seconds. The hold is always waited for. ``timeouts`` are RFC
    5321's when not given.
    """
    uvloop.run(_settle(dispatch_id, wait, timeouts, outside))
    return sums(dispatch_id)


async def _serve() -> None:
    stop = asyncio.Event()
    _stop_on_signals(stop)
    await Sender().run(stop)


def _stop_on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)


class _OneLetter(Sender):
    """``silent``: the server has had its time; little more is waited for."""

    silent = False

    async def _drain(self, carrying: asyncio.Task[None], seconds: float) -> None:
        await super()._drain(carrying, min(seconds, _LAST_DRAIN) if self.silent else seconds)


async def _settle(
    dispatch_id: uuid.UUID, wait: timedelta, timeouts: Timeouts | None, outside: Outside | None
) -> None:
    stop = asyncio.Event()
    if threading.current_thread() is threading.main_thread():
        _stop_on_signals(stop)
    sender = _OneLetter(only=dispatch_id, timeouts=timeouts, outside=outside)
    watch = _Watch(dispatch_id, wait)

    def settled(_task: asyncio.Task[None]) -> None:
        sender.silent = watch.silent
        if sender.silent:
            _log.warning("the server says nothing; what it was not given yet waits")
        stop.set()

    async with asyncio.TaskGroup() as group:
        group.create_task(sender.run(stop))
        watching = group.create_task(watch.until_settled())
        watching.add_done_callback(settled)
        await stop.wait()
        watching.cancel()


class _Watch:
    """Looks at a dispatch until waiting for it makes no more sense. ``silent``: a server is to blame."""

    def __init__(self, dispatch_id: uuid.UUID, wait: timedelta) -> None:
        self.silent = False
        self._dispatch = dispatch_id
        self._wait = wait
        self._line = Line()
        self._paused_since: float | None = None
        self._away_since: float | None = None
        self._sums: frozenset[tuple[str, int, int]] | None = None
        self._moved_at = self._counted_at = 0.0

    async def until_settled(self) -> None:
        """Returns when it is settled, or the database has been away for the wait."""
        try:
            while not await self._is_over(time.monotonic()):
                await asyncio.sleep(_LOOK)
        finally:
            await self._line.close()

    async def _is_over(self, now: float) -> bool:
        try:
            row = (await self._line.run("outlook", dispatch=self._dispatch))[0]
            self.silent = await self._is_silent(row, now)
        except DatabaseAway:
            self._away_since = self._away_since or now
            return now - self._away_since >= self._wait.total_seconds()
        self._away_since = None
        is_paused = row["state"] == DispatchState.PAUSED
        self._paused_since = (self._paused_since or now) if is_paused else None
        paused = now - (self._paused_since or now)
        return self.silent or has_settled(_outlook(row, paused), self._wait)

    async def _is_silent(self, row: Row, now: float) -> bool:
        """Letters are on their way, and none has come to an end, or was put off, for the wait."""
        if not row["on_the_way"]:
            self._sums = None
        elif self._sums is None or now - self._counted_at >= _COUNT:
            self._counted_at = now
            found = await self._line.run("sums", dispatch=self._dispatch)
            told = frozenset(
                (each["state"], each["number"], each["tried"])
                for each in found
                if each["state"] not in OPEN
            ) | {("tried", 0, sum(each["tried"] for each in found))}
            if told != self._sums:
                self._sums, self._moved_at = told, now
        since = now - self._moved_at
        return self._sums is not None and since >= max(self._wait.total_seconds(), _PATIENCE)


def _outlook(row: Row, paused: float) -> Outlook:
    return Outlook(
        state=row["state"],
        on_the_way=row["on_the_way"],
        next=row["next"],
        troubled=row["troubled"],
        paused=timedelta(seconds=paused),
    )
