"""What is wrong in a shaping file, in plain words, and what to write instead."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from hatobin.common.sentences import in_a_row
from hatobin.delivery.rules.shaping import Problem


class Said(NamedTuple):
    """``text``: what is wrong; ``advice``: what to do."""

    text: str
    advice: str


_EXAMPLE = _("Write for example: %(key)s = %(example)s")
_BEGINNING = _("Begin it with ^ and say less with .* and {…}.")
_NEAR = _("Do you mean “%(near)s”?")
_KNOWN = _("Known are: %(known)s")

_WORDS: dict[str, tuple[str | Promise, str | Promise]] = {
    # values
    "count": (_("This must be a whole number from 1 to %(most)s, without quotes."), _EXAMPLE),
    "rate": (_("This must be a number of letters in a time."), _EXAMPLE),
    "rate-zero": (_("Nothing would ever be sent at a speed of 0."), _EXAMPLE),
    "trigger": (_("This must be “at once”, or how often in which time."), _EXAMPLE),
    "duration": (_("This must be a length of time: a number with s, min, h or d."), _EXAMPLE),
    "duration-range": (_("A time must be more than 0 and at most %(most)s."), _EXAMPLE),
    "durations": (_("This must be a list of one to 50 lengths of time."), _EXAMPLE),
    "choice": (_("Only these are possible: %(choices)s"), _EXAMPLE),
    "text": (_("This must be a text of at most %(most)s letters."), _EXAMPLE),
    "names": (_("This must be a list of names of domains or mail servers."), _EXAMPLE),
    "group-names": (_("This must be a list of names of destination groups."), _EXAMPLE),
    "schedule": (_("These times cannot be read."), _("Write for example: 5 min, 1 h, then 4 h")),
    # patterns
    "pattern-missing": (_("A pattern for the server's words is missing."), _EXAMPLE),
    "pattern-long": (_("A pattern may have at most %(most)s letters."), _EXAMPLE),
    "pattern": (_("This pattern cannot be read: %(words)s"), _EXAMPLE),
    "pattern-empty": (_("This pattern fits every reply, even an empty one."), _EXAMPLE),
    "pattern-nested": (
        _("In this pattern something that repeats is itself repeated; it could take for ever."),
        _("Take the inner *, +, ? or | out of the brackets that are repeated."),
    ),
    "pattern-costly": (
        _("This pattern would take too long on some replies."),
        _("Use .* at most twice."),
    ),
    "pattern-costly-unanchored": (
        _("This pattern would take too long on some replies."),
        _BEGINNING,
    ),
    "pattern-construct": (
        _("References back and conditions that look ahead or behind are not allowed in a pattern."),
        _("Use letters, [ ], ( ), |, ., *, + and {…} only."),
    ),
    # what stands where
    "unknown-table": (_("There is no table of this name."), _KNOWN),
    "unknown-egress": (_("There is no way of sending of this kind."), _KNOWN),
    "unknown-key": (_("There is no such key here."), _KNOWN),
    "not-a-table": (
        _("This must be a table, not a value."),
        _("Write on a line of its own: %(header)s"),
    ),
    "group-name": (
        _("A group's name consists of small letters, numbers, - and _."),
        _("Write for example: %(example)s"),
    ),
    "rule-not-list": (_("Rules stand in tables with two brackets."), _("Write: [[rule]]")),
    "too-many": (_("These are more than %(most)s."), _("Leave out what you do not need.")),
    "rule-twice": (
        _("Another rule is called “%(name)s” already, in line %(first)s."),
        _("Give each rule a name of its own."),
    ),
    "missing-key": (
        _("“%(missing)s” is missing."),
        _("Add a line: %(missing)s = %(example)s"),
    ),
    "rate-without-set-rate": (
        _("A speed is given, but the action does not set it."),
        _('Write: action = "set-rate"'),
    ),
    "set-rate-without-rate": (
        _("The action sets a speed, but none is given."),
        _('Add a line: rate = "1/s"'),
    ),
    # the text as a whole
    "too-large": (_("The text is larger than %(most)s KB."), _("Leave out what you do not need.")),
    "twice": (
        _("This stands here a second time."),
        _("Keep one of the two, and put all values of a table under one heading."),
    ),
    "wide-sign": (
        _("“%(sign)s” is a curly or full-width sign."),
        _("Write the plain one: %(plain)s"),
    ),
    "no-quotes": (_("A text needs quotes around it."), _('Write: %(key)s = "%(value)s"')),
    "no-equals": (
        _("This line is neither a heading in brackets, nor key = value, nor a # remark."),
        _("Write for example: connections = 5"),
    ),
    "syntax": (
        _("This line cannot be read: %(words)s"),
        _("Look for a quote or bracket that is not closed, here or just above."),
    ),
    # how layers fit
    "group-unknown": (
        _("There is no destination group of this name."),
        _("For a new one, say whom it is for: domains or mx."),
    ),
    "group-of-others": (
        _("Whom a group of the installation is for cannot be changed by a workspace."),
        _("Make a group with another name."),
    ),
    "rule-of-others": (
        _("“%(name)s” is a rule of the installation; a workspace cannot change it."),
        _("Give your rule another name; it acts beside it."),
    ),
    "rule-unknown": (_("There is no rule “%(name)s” that could be switched off."), ""),
    "rule-group-unknown": (_("There is no destination group “%(name)s”."), ""),
    "installation-only": (
        _("Only who runs the installation can change this."),
        _("Take the line out."),
    ),
    "above-ceiling": (
        _("The installation allows at most %(most)s (%(where)s)."),
        _("Write that or something gentler, or take the line out."),
    ),
}
CODES = frozenset(_WORDS)


def problem_words(problem: Problem) -> Said:
    """Both sentences in the active language."""
    text, advice = _WORDS[problem.code]
    params = {
        "key": problem.key.rpartition(".")[2],
        "example": "[group.my-group]",
        **problem.params,
    }
    near = str(params.get("near", ""))
    shown = _NEAR if near else advice
    return Said(str(text) % params, str(shown) % params)


def problem_line(problem: Problem) -> str:
    """``my.toml, line 3, default.rate: …`` with the advice behind it."""
    said = problem_words(problem)
    place = translate("%(file)s, line %(line)s") % {"file": problem.file, "line": problem.line}
    where = f"{place}, {problem.key}" if problem.key else place
    return in_a_row(f"{where}: {said.text}", said.advice)
