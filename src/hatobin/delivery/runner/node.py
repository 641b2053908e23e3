"""This process among the senders: a number with an advisory lock that dies with its connection."""

from __future__ import annotations

import os
import socket

import structlog

from hatobin.delivery.runner.database import DatabaseAway, Line

_log = structlog.get_logger("hatobin.sender")
LOCK = 8101  # the first of the two numbers of a sender's advisory lock


class Node:
    """Holds the number. A new connection takes a new number: the lock of the old one is gone."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._id = 0
        self._generation = -1

    async def number(self) -> int:
        """The number under which this process may claim now. Raises DatabaseAway."""
        if self._generation != self._line.generation:
            await self._join()
        return self._id

    async def reap(self) -> None:
        """Returns the letters of senders that died: those before their mark wait, dot-sent ones are in doubt."""
        for row in await self._line.run("nodes", own=await self.number()):
            await self.recover(row["id"])

    async def leave(self) -> None:
        """Gives everything back at the end of this process."""
        if self._id and self._generation == self._line.generation:
            await self.recover(self._id)

    async def recover(self, number: int) -> None:
        """Frees what a number held whose lock is free."""
        values = {"lock": LOCK, "node": number}
        steps = ("lock_lots", "recover", "forget_node")
        await self._line.together([(name, values) for name in steps])

    async def _join(self) -> None:
        self._id = (await self._line.run("new_node", lock=LOCK))[0]["id"]
        self._generation = self._line.generation
        await self._line.run(
            "enrol_node", node=self._id, host=socket.gethostname()[:200], pid=os.getpid()
        )
        if self._generation != self._line.generation:
            raise DatabaseAway("the connection changed while joining")
        _log.info("sender joined", node=self._id)
