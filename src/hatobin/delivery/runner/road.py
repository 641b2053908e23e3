"""A road as the sender drives it: the endpoint with its secret opened, and its limits."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from hatobin.accounts.services.sealing import SealBroken
from hatobin.delivery.egress.endpoint import Endpoint, Timeouts
from hatobin.delivery.runner.database import Row
from hatobin.delivery.runner.threads import in_thread
from hatobin.delivery.services.endpoints import endpoint_of

_ENDPOINT = ("id", "workspace_id", "kind", "host", "port", "tls", "username", "sealed_password")


@dataclass(frozen=True, kw_only=True, slots=True)
class Road:
    """``troubled``: the ledger says that it failed last time."""

    id: uuid.UUID
    endpoint: Endpoint
    connections: int
    messages_per_connection: int
    troubled: bool


async def open_road(row: Row, timeouts: Timeouts) -> Road | None:
    """An egress row as a road; None when its secret does not open with this installation's key."""
    values = {name: row[name] for name in _ENDPOINT}
    try:
        endpoint = await in_thread(endpoint_of, **values, timeouts=timeouts)
    except SealBroken:
        return None
    return Road(
        id=row["id"],
        endpoint=endpoint,
        connections=max(1, row["connections"]),
        messages_per_connection=max(1, row["messages_per_connection"]),
        troubled=bool(row["trouble_code"]),
    )
