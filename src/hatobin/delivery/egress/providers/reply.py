"""What became of one letter that was handed to a mail service, told the same way for all of them."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from datetime import timedelta

_WORDS = 500  # characters kept of what a service said


class ProviderOutcome(enum.StrEnum):
    """What the engine does next follows from this alone."""

    ACCEPTED = "accepted"  # the service has it and answers for it
    REFUSED = "refused"  # this letter will never be taken; the next one may be
    LATER = "later"  # not now; nothing is wrong with the road
    THROTTLED = "throttled"  # not taken: too much, too fast; slow the road down
    ROAD = "road"  # not taken: the road itself does not work (a wrong key, no credit, no network)
    STOPPED = "stopped"  # at the last moment it was not wanted any more; no request went out
    IN_DOUBT = "in-doubt"  # the whole request went out and no answer that makes sense came back


@dataclass(frozen=True, kw_only=True, slots=True)
class ProviderReply:
    """``message_id``: the service's name for an accepted letter; may be empty.

    ``code``: why; of ``rules.reasons.Reason`` when refused, of ``rules.troubles`` for the road, else
    ``throttled``, ``request-refused``, ``timeout``, ``closed``, ``unreadable`` or ``gateway``.
    ``status``: of HTTP, None where no answer came. ``words``: the service's own, without the recipient's
    address. ``retry_after``: how long it asks us to wait, None where it does not say.
    """

    outcome: ProviderOutcome
    message_id: str = ""
    code: str = ""
    status: int | None = None
    words: str = ""
    retry_after: timedelta | None = None


def storable(text: str) -> str:
    """Without what a database cannot hold: NUL, and half a character."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def clean_words(words: object, recipient: str) -> str:
    """A service's words for the ledger: one line, not too long, the recipient as ``{recipient}``."""
    text = re.sub(r"\s+", " ", storable(words)).strip() if isinstance(words, str) else ""
    for form in filter(None, {recipient, recipient.replace('"', "")}):
        text = re.sub(re.escape(form), "{recipient}", text, flags=re.IGNORECASE)
    return text[:_WORDS]
