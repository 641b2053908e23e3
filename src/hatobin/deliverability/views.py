"""A sending domain as doors show it: records to copy, what the DNS says, and what to do next."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise

from hatobin.deliverability.words import Level
from hatobin.wire.address import in_own_letters

Text = str | Promise


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordView:
    """A DNS record to publish. ``host``: the name without the domain; ``zone``: a line of a zone file."""

    kind: str
    name: str
    host: str
    value: str
    zone: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FindingView:
    """One thing that was looked at. ``seen``: what stands there, empty for nothing."""

    about: str
    code: str
    level: Level
    title: Text
    text: Text
    advice: Text
    name: str
    seen: str
    key_id: uuid.UUID | None


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyView:
    """A key. ``finding`` is None where nobody looked yet; ``keep_until``: its record must stay till then."""

    id: uuid.UUID
    selector: str
    algorithm: str
    algorithm_text: Text
    bits: int
    imported: bool
    state: str
    state_text: Text
    record: RecordView
    finding: FindingView | None
    keep_until: datetime | None
    created_at: datetime
    activated_at: datetime | None
    retired_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class NextStep:
    """What to do next. ``code``: make-key, publish, activate, repair, nothing."""

    code: str
    level: Level
    title: Text
    text: Text
    advice: Text
    key_id: uuid.UUID | None


@dataclass(frozen=True, kw_only=True, slots=True)
class DomainView:
    """A domain. ``signs``: whether letters are signed; ``findings``: of the last check, keys' ones too."""

    id: uuid.UUID
    name: str
    return_path: str
    return_path_ready: bool
    signs: bool
    keys: tuple[KeyView, ...]
    findings: tuple[FindingView, ...]
    checked_at: datetime | None
    next_step: NextStep
    proposal: RecordView | None  # a DMARC record to begin with, where there is none

    @property
    def shown_name(self) -> str:
        """As people write it."""
        return in_own_letters(f"@{self.name}")[1:]

    @property
    def shown_return_path(self) -> str:
        """As people write it."""
        return in_own_letters(f"@{self.return_path}")[1:]
