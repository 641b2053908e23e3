"""MTA-STS policies in the database: what a domain once demanded outlives this process."""

from __future__ import annotations

from hatobin.delivery.egress.direct.sts_policy import KeptPolicy, Policy
from hatobin.delivery.runner.database import Line


class StoredPolicies:
    """A ``PolicyStore`` that all senders share. Raises DatabaseAway: then no letter to the domain leaves."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def get(self, domain: str) -> KeptPolicy | None:
        """Part of PolicyStore."""
        rows = await self._line.run("sts_policy", domain=domain)
        if not rows:
            return None
        row = rows[0]
        policy = Policy(mode=row["mode"], mx=tuple(row["mx"]), max_age=row["max_age"])
        return KeptPolicy(
            domain=domain, id=row["record_id"], policy=policy, fetched_at=row["fetched_at"]
        )

    async def put(self, kept: KeptPolicy) -> None:
        """Part of PolicyStore."""
        await self._line.run(
            "keep_sts_policy",
            domain=kept.domain,
            id=kept.id,
            mode=kept.policy.mode,
            mx=list(kept.policy.mx),
            max_age=kept.policy.max_age,
            fetched_at=kept.fetched_at,
        )
