"""The few calls of a sender that need Django's ORM: in a thread, with a connection of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connections

from hatobin.delivery.runner.database import DatabaseAway

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The result of ``call``; the thread's database connection is closed behind it.

    Raises DatabaseAway, and what ``call`` raises.
    """
    try:
        return await asyncio.to_thread(_closing, lambda: call(*args, **kwargs))
    except (OperationalError, InterfaceError) as error:
        raise DatabaseAway(str(error)) from error


def _closing(call: Callable[[], T]) -> T:
    try:
        return call()
    finally:
        connections.close_all()
