"""Why a letter ended, waits or was not sent: one code, one sentence."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Reason(TextChoices):
    """Stored in ``Delivery.reason``; part of the API."""

    DEFERRED = "deferred", _("The receiving server asked to try again later")
    EXPIRED = "expired", _("It could not be delivered before the deadline")
    NO_SUCH_USER = "no-such-user", _("There is no such address")
    BAD_ADDRESS = "bad-address", _("The receiving server does not know this address")
    MAILBOX_FULL = "mailbox-full", _("The mailbox is full")
    MAILBOX_CLOSED = "mailbox-closed", _("The mailbox does not accept mail")
    TOO_LARGE = "too-large", _("The letter is too large for the receiving server")
    NEEDS_UTF8 = "needs-utf8", _("The server cannot take an address with these characters")
    NO_ROUTE = "no-route", _("The receiving server cannot be reached")
    POLICY = "policy", _("The receiving server's rules refuse it")
    SENDER_REFUSED = "sender-refused", _("The server refuses the sender address")
    REFUSED = "refused", _("The receiving server refused it")
    NO_ANSWER = "no-answer", _("The connection ended before the answer")
    SENDER_DIED = "sender-died", _("The sending process ended before the answer")
    LEFT = "left", _("Left as it is by a person")
    SUPPRESSED = "suppressed", _("The address is on the do-not-mail list")
    CONTACT_CHANGED = "contact-changed", _("The person's data changed after the release")
    CALLED_BACK = "called-back", _("Called back while on hold")
    STOPPED = "stopped", _("Sending was stopped")
    PERSON = "person", _("A person ended it")
    LAST_BYTE = "last-byte", _("The last check found something that must not leave")
    CANNOT_COMPOSE = "cannot-compose", _("This person's letter could not be made")


def reason_text(code: str) -> str:
    """The sentence in the active language; empty for an empty code."""
    return str(Reason(code).label) if code in Reason.values else code
