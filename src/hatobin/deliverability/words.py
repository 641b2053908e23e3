"""What a check found, in plain words, and what to do next."""

from __future__ import annotations

from typing import Literal, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hatobin.deliverability.rules import UNKNOWN, Finding
from hatobin.senders.problems import publication_words
from hatobin.wire.dkim import Publication

Level = Literal["good", "care", "bad", "unknown"]


class Words(NamedTuple):
    """``level``: good; care: letters arrive, but something should be done; bad; unknown."""

    level: Level
    text: str | Promise
    advice: str | Promise = ""


_KEY_LEVELS: dict[Publication, Level] = {
    Publication.PUBLISHED: "good",
    Publication.TESTING: "care",
}
_ONE_SPF = _("Put them together into one; receivers ignore all of them otherwise.")
_WORDS: dict[tuple[str, str], Words] = {
    ("spf", "found"): Words(
        "good",
        _("There is an SPF record."),
        _("Hatobin does not check whether it names the server from which your letters leave."),
    ),
    ("spf", "missing"): Words(
        "care",
        _("There is no SPF record."),
        _(
            "Ask whoever runs the server from which your letters leave for one. It begins with v=spf1."
        ),
    ),
    ("spf", "several"): Words("bad", _("There is more than one SPF record."), _ONE_SPF),
    ("spf", "open"): Words(
        "bad",
        _("The SPF record allows everybody in the world to send in your name."),
        _("Let it end with -all or ~all instead of +all."),
    ),
    ("mx", "found"): Words("good", _("A mail server takes what comes back.")),
    ("mx", "address"): Words(
        "care",
        _("There is no MX record; mail that comes back goes to the domain's own address."),
        _("Add an MX record that names your mail server."),
    ),
    ("mx", "missing"): Words(
        "bad",
        _("No mail server takes what comes back. Many receivers refuse letters of such a domain."),
        _("Add an MX record that names your mail server."),
    ),
    ("mx", "refuses"): Words(
        "bad",
        _(
            "The domain says that it takes no mail at all (null MX). Many receivers refuse its letters."
        ),
        _("Use another domain for bounces, or an MX record that names your mail server."),
    ),
    ("dmarc", "none"): Words(
        "good",
        _("There is a DMARC record; it lets receivers deliver what fails (p=none)."),
        _("When all your mail is signed, p=quarantine protects your name better."),
    ),
    ("dmarc", "quarantine"): Words("good", _("A DMARC record protects your name (p=quarantine).")),
    ("dmarc", "reject"): Words("good", _("A DMARC record protects your name (p=reject).")),
    ("dmarc", "strict"): Words(
        "good",
        _("A DMARC record protects your name, strictly (adkim=s)."),
        _("Addresses at a subdomain need a sending domain of their own."),
    ),
    ("dmarc", "missing"): Words(
        "care",
        _("There is no DMARC record. Gmail and others want one from bulk senders."),
        _("Begin with the record shown here; it changes nothing for your other mail."),
    ),
    ("dmarc", "several"): Words(
        "bad",
        _("There is more than one DMARC record; receivers ignore all of them."),
        _("Leave only one."),
    ),
    ("dmarc", "unreadable"): Words(
        "bad",
        _("The DMARC record has no policy that receivers can read."),
        _("It must begin with v=DMARC1; p=none, or quarantine, or reject instead of none."),
    ),
}
_UNKNOWN = Words(
    "unknown",
    _("The name service gave no answer."),
    _("Try again in a few minutes. If it stays, ask whoever runs this installation."),
)


def words_of(finding: Finding) -> Words:
    """The sentences of one finding, in the language that is active now."""
    if finding.code == UNKNOWN:
        return _UNKNOWN
    if finding.about != "dkim":
        return _WORDS[finding.about, finding.code]
    found = Publication(finding.code)
    text, advice = publication_words(found)
    if found == Publication.PUBLISHED:
        return Words("good", text)
    return Words(_KEY_LEVELS.get(found, "bad"), text, str(advice) % {"name": finding.name})
