"""Questions to the name service about one sending domain, all at once, never from a cache of ours."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from hatobin.deliverability.rules import Answers, Question
from hatobin.delivery.egress.direct.dns import Dns, DnsFailed, Kind
from hatobin.delivery.services.direct_roads import name_service

_PATIENCE = 6.0  # seconds; a person waits for it


def look_up(questions: Iterable[Question]) -> Answers:
    """Asks them side by side; takes a few seconds at most."""
    return asyncio.run(_ask(name_service(_PATIENCE), list(dict.fromkeys(questions))))


async def _ask(dns: Dns, questions: list[Question]) -> Answers:
    answers = await asyncio.gather(*(_one(dns, *each) for each in questions))
    pairs = list(zip(questions, answers, strict=True))
    return Answers(
        found={asked: records for asked, records in pairs if records},
        failed=frozenset(asked for asked, records in pairs if records is None),
    )


async def _one(dns: Dns, name: str, kind: Kind) -> tuple[str, ...] | None:
    try:
        return (await dns.ask(name, kind)).records
    except DnsFailed:
        return None
