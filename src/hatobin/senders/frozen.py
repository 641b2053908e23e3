"""The sender as a released letter carries it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, kw_only=True, slots=True)
class FrozenSender:
    """From line and legal facts at the moment of the check. Part of the seal (promise P4)."""

    display_name: str
    address: str
    reply_to: str
    organisation: str
    postal_address: str
    contact: str

    def to_json(self) -> dict[str, Any]:
        """For a JSON column."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """From a JSON column written by ``to_json``."""
        return cls(**data)
