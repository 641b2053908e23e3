"""Judgements before a release: one function each, pure, with the reason why it exists.

``refuse`` is for what would certainly be wrong for somebody; ``advise`` for what a person should look at.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator

from django.utils.translation import gettext_lazy as _

from hatobin.common.hosts import is_loopback
from hatobin.guard.facts import AudienceFacts, LetterFacts
from hatobin.guard.findings import Finding

CLIPPED = 102 * 1024  # Gmail shows only so much of a letter, and then no unsubscribe link
LONG_SUBJECT = 60  # columns; phones show about 30 to 40
MUCH_MORE = 1.5  # times the last letter to this list
_DRAFT_WORDS = re.compile(
    r"テスト|てすと|仮題|（仮）|\(仮\)|下書き|XXX|ＸＸＸ|●●|○○|\bdraft\b|\btest\b", re.IGNORECASE
)

Rule = Callable[[LetterFacts, AudienceFacts], Iterator[Finding]]


def judge(letter: LetterFacts, audience: AudienceFacts) -> tuple[Finding, ...]:
    """Every finding, those that refuse first."""
    found = [finding for rule in RULES for finding in rule(letter, audience)]
    return tuple(sorted(found, key=lambda finding: finding.level != "refuse"))


def nobody(_letter: LetterFacts, audience: AudienceFacts) -> Iterator[Finding]:
    """A letter to nobody is a mistake somewhere earlier."""
    if audience.sendable == 0:
        yield Finding(
            code="nobody-to-mail",
            level="refuse",
            message=_("There is nobody to send to."),
            advice_text=_("Choose another list, or import people."),
            where="people",
        )


def strangers(letter: LetterFacts, _audience: AudienceFacts) -> Iterator[Finding]:
    """Somebody's address pasted into the text goes to everybody: a leak (promise P1)."""
    if letter.strangers:
        yield Finding(
            code="address-of-a-person",
            level="refuse",
            message=_(
                "The letter's text contains the mail addresses of %(count)s people on your lists."
            ),
            advice_text=_("Delete these addresses from the letter: everybody would see them."),
            params={"count": letter.strangers},
            where="letter",
        )


def leaking(letter: LetterFacts, _audience: AudienceFacts) -> Iterator[Finding]:
    """A cell with another person's address: the last-byte check would stop the letter half-way."""
    if letter.leaking:
        yield Finding(
            code="address-of-another",
            level="refuse",
            message=_("The letters of some people would show the mail address of another person."),
            advice_text=_(
                "Look at the values of these people, or leave the field out of the letter."
            ),
            positions=letter.leaking,
            where="letter",
        )


def look_alikes(letter: LetterFacts, _audience: AudienceFacts) -> Iterator[Finding]:
    """「{氏名} 様」 goes out as it stands: people know such marks from other programs."""
    for name in letter.look_alikes:
        yield Finding(
            code="look-alike",
            level="refuse",
            message=_(
                "“%(name)s” is marked as other programs mark merge fields. Readers would see the marks."
            ),
            advice_text=_("Write it as {{ %(name)s }}, or take the marks away."),
            params={"name": name},
            where="letter",
        )


def unseen(letter: LetterFacts, _audience: AudienceFacts) -> Iterator[Finding]:
    """Who may not see people gets no answer that depends on their data (promise P6)."""
    if letter.unseen:
        yield Finding(
            code="values-not-looked-at",
            level="advise",
            message=_(
                "The letters were not made with people's values, because you may not see them."
            ),
            advice_text=_("They are looked at when the letter is released."),
            where="letter",
        )


def broken_for_people(letter: LetterFacts, _audience: AudienceFacts) -> Iterator[Finding]:
    """A letter that cannot be made for one person must not go to the others half-seen."""
    if letter.broken_people:
        yield Finding(
            code="merge-failed",
            level="refuse",
            message=_("The letter cannot be made for %(count)s people."),
            advice_text=_("Look at the rows named here: a value does not fit where it is used."),
            params={"count": letter.broken_people},
            positions=letter.broken_positions,
            where="letter",
        )


def empty_fields(_letter: LetterFacts, audience: AudienceFacts) -> Iterator[Finding]:
    """「 様」 without a name: named with the people concerned; for most of a list it is the wrong column."""
    for empty in audience.empty:
        most = audience.sendable > 1 and empty.count * 2 > audience.sendable
        yield Finding(
            code="empty-fields",
            level="refuse" if most else "advise",
            message=_("“%(name)s” is empty for %(count)s people."),
            advice_text=_(
                "Set what should stand there instead, beside the letter, or complete the list."
            ),
            params={"name": empty.name, "count": empty.count},
            positions=empty.positions,
            where="letter",
        )


def text_part(letter: LetterFacts, _audience: AudienceFacts) -> Iterator[Finding]:
    """Letters without a plain part look like spam and cannot be read everywhere."""
    if not letter.has_text:
        yield Finding(
            code="no-text-part",
            level="advise",
            message=_("The letter has no plain text part."),
            advice_text=_("Let it follow the formatted letter."),
            where="letter",
        )


def links(letter: LetterFacts, _audience: AudienceFacts) -> Iterator[Finding]:
    """A link that leads nowhere, or elsewhere than it says, is worse in a thousand letters than in one."""
    for link in letter.links:
        params = {"url": link.url, "text": link.text or link.url}
        if link.problem == "broken":
            yield Finding(
                code="link-broken",
                level="refuse",
                message=_("The link “%(text)s” leads nowhere: %(url)s"),
                advice_text=_("Correct its address. It must begin with https://."),
                params=params,
                where="letter",
            )
        elif link.problem == "other-target":
            yield Finding(
                code="link-text-differs",
                level="advise",
                message=_("The link says “%(text)s” but leads to %(url)s."),
                advice_text=_("Mail programs warn of such links. Let it say where it leads."),
                params=params,
                where="letter",
            )
        elif link.problem == "not-secure":
            yield Finding(
                code="link-not-secure",
                level="advise",
                message=_("The link to %(url)s is not encrypted (http)."),
                advice_text=_("Use https:// if the page has it."),
                params=params,
                where="letter",
            )


def way_out(letter: LetterFacts, audience: AudienceFacts) -> Iterator[Finding]:
    """Who cannot unsubscribe reports spam; 特定電子メール法 wants a link that works for the reader."""
    if audience.road == "sandbox":
        return
    if is_loopback(letter.link_host):
        yield Finding(
            code="unsubscribe-unreachable",
            level="refuse" if audience.road == "away" else "advise",
            message=_("The unsubscribe link leads to %(host)s, which readers cannot reach."),
            advice_text=_(
                "Set the address under which people reach Hatobin: Settings > Workspace, or"
                " HATOBIN_BASE_URL."
            ),
            params={"host": letter.link_host},
            where="workspace",
        )
    elif not letter.link_secure:
        yield Finding(
            code="unsubscribe-not-secure",
            level="advise",
            message=_("The unsubscribe link is not encrypted (http)."),
            advice_text=_("Gmail and Yahoo count one-click unsubscription only by https."),
            where="workspace",
        )


def unsigned(letter: LetterFacts, audience: AudienceFacts) -> Iterator[Finding]:
    """Gmail, Yahoo and Outlook refuse unsigned mail to many, and one-click unsubscription counts only when it is
    signed (RFC 8058 section 4). A relay or mail service may sign; on the straight way nobody comes after us."""
    if not letter.unsigned_domain or audience.straight == "never":
        return
    always = audience.straight == "always"
    yield Finding(
        code="unsigned",
        level="refuse" if always else "advise",
        message=_("Letters from %(domain)s would leave without a signature (DKIM).")
        if always
        else _(
            "If the fall-back takes over, letters from %(domain)s leave without a signature (DKIM)."
        ),
        advice_text=_(
            "Gmail and others refuse such mail. Under Settings > Sending domains, make a key for the domain,"
            " publish it and start signing; or choose a way of sending that signs."
        ),
        params={"domain": letter.unsigned_domain},
        where="domains",
    )


def size(letter: LetterFacts, _audience: AudienceFacts) -> Iterator[Finding]:
    """Gmail cuts a letter at 102 KB, and the unsubscribe link with it."""
    if letter.html_bytes > CLIPPED:
        yield Finding(
            code="too-large",
            level="advise",
            message=_("The letter is %(size)s KB. Gmail cuts it off after 102 KB."),
            advice_text=_("Shorten it, or put the rest on a web page."),
            params={"size": letter.html_bytes // 1024},
            where="letter",
        )


def subject(letter: LetterFacts, _audience: AudienceFacts) -> Iterator[Finding]:
    """A long subject is cut; a draft's words in it are what accidents begin with."""
    if display_width(letter.subject) > LONG_SUBJECT:
        yield Finding(
            code="subject-long",
            level="advise",
            message=_(
                "The subject is long: phones show about the first 15 to 20 Japanese characters."
            ),
            advice_text=_("Put the most important words first."),
            where="letter",
        )
    draft = _DRAFT_WORDS.search(letter.subject)
    if draft:
        yield Finding(
            code="subject-draft",
            level="advise",
            message=_("The subject contains “%(word)s”. Is this still a draft?"),
            advice_text=_("Correct the subject, if it is not the final one."),
            params={"word": draft.group()},
            where="letter",
        )


def surprise(_letter: LetterFacts, audience: AudienceFacts) -> Iterator[Finding]:
    """A list that grew overnight may be another list."""
    if audience.last_count and audience.sendable > audience.last_count * MUCH_MORE:
        yield Finding(
            code="many-more",
            level="advise",
            message=_("%(now)s people this time; the last letter to this list went to %(before)s."),
            advice_text=_("Is this the right list? Look at it once more."),
            params={"now": f"{audience.sendable:,}", "before": f"{audience.last_count:,}"},
            where="people",
        )


def display_width(text: str) -> int:
    """Columns on a screen: Japanese letters count two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in text)


RULES: tuple[Rule, ...] = (
    nobody,
    strangers,
    leaking,
    look_alikes,
    unseen,
    broken_for_people,
    empty_fields,
    text_part,
    links,
    way_out,
    unsigned,
    size,
    subject,
    surprise,
)
