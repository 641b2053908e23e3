"""What a letter is before it is anybody's: the draft as written, and the compiled letter that is frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

Mode = Literal["rich", "plain"]


@dataclass(frozen=True, kw_only=True, slots=True)
class LetterDraft:
    """A letter as a person wrote it. ``html`` is empty in plain mode; ``text`` may be empty in rich mode.

    ``fallbacks`` maps a field name to what stands there when a person's field is empty.
    ``text_edited`` says that the person wrote the text part by hand (else it follows the HTML).
    """

    mode: Mode = "rich"
    subject: str = ""
    preheader: str = ""
    html: str = ""
    text: str = ""
    text_edited: bool = False
    fallbacks: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """For a JSON column."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """From a JSON column; unknown keys are ignored, missing ones take their defaults."""
        return cls(**{key: data[key] for key in cls.__dataclass_fields__ if key in data})


@dataclass(frozen=True, kw_only=True, slots=True)
class LegalFooter:
    """What the law wants under every letter: who sends, where they are, where to complain."""

    organisation: str
    postal_address: str
    contact: str

    def to_json(self) -> dict[str, str]:
        """For a JSON column."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True, slots=True)
class CompiledLetter:
    """A letter ready for merging: sanitised, footer in place. Liquid sources; frozen in a Dispatch.

    Two names are the product's own and no field: ``hatobin.unsubscribe_url`` in footer links.
    ``field_names`` are the fields it may use; ``fallbacks`` as in the draft.
    """

    kind: Literal["marketing", "notice"]
    language: str
    subject: str
    preheader: str
    text: str
    html: str  # empty when the letter is plain text only
    fallbacks: Mapping[str, str]
    field_names: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """For a JSON column."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """From a JSON column written by ``to_json``."""
        return cls(**{**data, "field_names": tuple(data["field_names"])})


@dataclass(frozen=True, kw_only=True, slots=True)
class MergedLetter:
    """A letter for one person, before it is composed to MIME."""

    subject: str
    text: str
    html: str
    empty_fields: tuple[str, ...] = ()  # fields that were empty and had no fallback
    values: tuple[str, ...] = ()  # every merged value, for the last-byte check
