"""One person's letter: the compiled letter with the person's own values, and nothing else."""

from __future__ import annotations

import html as html_module
import re
from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from hatobin.common.errors import Invalid
from hatobin.content import analysis
from hatobin.content.engine import environment
from hatobin.content.letters import CompiledLetter, MergedLetter

OWN = "hatobin"
# The link is put in after the merge, so that no condition can tell a preview from what is sent (promise P4).
# Noncharacters: no value holds them, see INVISIBLE.
PLACE = "\ufdd0unsubscribe\ufdd1"
_WITH_DEFAULT = re.compile(
    r"\{\{\s*(?:\['((?:[^'\\]|\\.)*)'\]|([^\W\d]\w*))\s*\|[^}]*\bdefault\s*:"
)
# XML 1.0 has no such characters, and no mail program shows them.
INVISIBLE = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 127, *range(0xFDD0, 0xFDF0)))


class MergeError(Invalid):
    """A person's letter cannot be made; the letter as a whole must not go out."""


class Merger:
    """Parses a compiled letter once and merges it for many people. Safe to share between threads."""

    def __init__(self, compiled: CompiledLetter) -> None:
        plain, safe = environment(escape=False), environment(escape=True)
        self._subject = plain.from_string(compiled.subject)
        self._text = plain.from_string(compiled.text)
        self._html = safe.from_string(compiled.html) if compiled.html else None
        self.fallbacks = dict(compiled.fallbacks)
        parts = (compiled.subject, compiled.preheader, compiled.text, compiled.html)
        used = set(analysis.names_used(*parts))
        self.names = tuple(name for name in compiled.field_names if name in used)
        self._own_default = {
            name
            for part in parts
            for names in _WITH_DEFAULT.findall(part)
            for name in names
            if name
        }

    def merge(self, fields: Mapping[str, str], *, unsubscribe_url: str) -> MergedLetter:
        """The letter for a person with these fields; raises MergeError naming the part."""
        values, empty = self.values_for(fields)
        context = {**values, OWN: {"unsubscribe_url": PLACE}}
        try:
            subject = self._subject.render(**context)
            text = self._text.render(**context)
            html = self._html.render(**context) if self._html else ""
        except Exception as error:  # a filter raises whatever the value made of it
            raise merge_failed() from error
        check_subject(subject)
        return MergedLetter(
            subject=subject.replace(PLACE, unsubscribe_url),
            text=text.replace(PLACE, unsubscribe_url),
            html=html.replace(PLACE, html_module.escape(unsubscribe_url)),
            empty_fields=empty,
            values=tuple(value for value in values.values() if value),
        )

    def values_for(self, fields: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
        """What each used field puts in, and which are empty with nothing in their place."""
        values, empty = {}, []
        for name in self.names:
            value = str(fields.get(name, "")).translate(INVISIBLE).strip()
            if not value:
                value = self.fallbacks.get(name, "")
                if not value and name not in self._own_default:
                    empty.append(name)
            values[name] = value
        return values, tuple(empty)


def merge_failed() -> MergeError:
    """Something of the letter cannot be written with this person's values."""
    return MergeError(
        "merge-failed",
        _("A merge field cannot be filled in for this person."),
        advice=_("Look at the filters of the letter's merge fields and at the person's values."),
    )


def check_subject(subject: str) -> None:
    """Raises MergeError for a line break."""
    if any(c in subject for c in "\r\n\0\u2028\u2029\x85"):
        raise MergeError(
            "control-character",
            _("A value in the subject contains a line break."),
            advice=_("Use another field in the subject, or correct the list."),
            field="subject",
        )
