"""Why a sending domain or a key cannot be taken or used, in words."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hatobin.common.errors import Conflict, Invalid, NotFound
from hatobin.wire.dkim import Publication

_RECORD = (
    _("This is the DNS record of a key, not the key itself."),
    _("Put in the file that belongs to it; it begins with -----BEGIN PRIVATE KEY-----."),
)
_PUBLIC = (
    _("This is the public half of a key, or a certificate."),
    _("Signing needs the private key; it begins with -----BEGIN PRIVATE KEY-----."),
)
_PEM_PROBLEMS: dict[str, tuple[Promise, Promise]] = {
    "no-key": (
        _("No private key can be read here."),
        _("Put in the whole PEM text, from -----BEGIN to -----END, with its line breaks."),
    ),
    "passphrase": (
        _("The key is locked with a passphrase."),
        _("Unlock it first: openssl pkey -in key.pem -out unlocked.pem"),
    ),
    "other-kind": (
        _("This is neither an RSA nor an Ed25519 key."),
        _("Mail servers check only these two. Have a new key made here."),
    ),
    "too-short": (
        _("This RSA key is too short."),
        _("It must have 2048 bits at least. Have a new key made here."),
    ),
    "too-long": (
        _("This RSA key is too long."),
        _("Many receivers read up to 4096 bits only. Have a new key made here."),
    ),
}
_PUBLICATION_PROBLEMS: dict[Publication, tuple[Promise, Promise]] = {
    Publication.MISSING: (
        _("The DNS does not show the record yet."),
        _("Publish it at %(name)s. It may take minutes, sometimes hours, until it is seen."),
    ),
    Publication.DIFFERENT: (
        _("The record in the DNS belongs to another key."),
        _("Replace the text at %(name)s by the one shown for this key."),
    ),
    Publication.REVOKED: (
        _("The record in the DNS says that this key is revoked."),
        _("Replace the text at %(name)s by the one shown for this key."),
    ),
    Publication.UNREADABLE: (
        _("What stands in the DNS is not a DKIM record."),
        _("Replace the text at %(name)s by the one shown for this key, without quotation marks."),
    ),
    Publication.UNUSABLE: (
        _("The record in the DNS forbids this key for mail."),
        _("Replace the text at %(name)s by the one shown for this key."),
    ),
    Publication.SEVERAL: (
        _("There are several records with this name; receivers may take any of them."),
        _("Leave only the one shown for this key at %(name)s."),
    ),
    Publication.TESTING: (
        _("The record is there, but it says t=y: receivers treat the letters as unsigned."),
        _("Take t=y out of the text at %(name)s when you are done with testing."),
    ),
    Publication.PUBLISHED: (_("The DNS publishes this key."), _("Nothing needs to be done.")),
}


def publication_words(found: Publication) -> tuple[Promise, Promise]:
    """(what is found, what to do) with a place for ``name``, the record's."""
    return _PUBLICATION_PROBLEMS[found]


def not_published(found: Publication, name: str) -> Conflict:
    """The key cannot sign: receivers could not check it."""
    text, advice = publication_words(found)
    return Conflict(f"key-{found.value}", text, advice=advice, params={"name": name})


def unusable_pem(code: str, text: str) -> Invalid:
    """A text that was to be a private key; ``code`` as in ``wire.dkim.BadKey``."""
    words = _PEM_PROBLEMS[code]
    if code == "no-key" and ("v=DKIM1" in text or "_domainkey" in text):
        code, words = "dns-record", _RECORD
    elif code == "no-key" and ("PUBLIC KEY-----" in text or "CERTIFICATE-----" in text):
        code, words = "public-key", _PUBLIC
    return Invalid(code, words[0], advice=words[1], field="private_key")


def another_waits() -> Conflict:
    """One new key of a kind at a time."""
    return Conflict(
        "key-waiting",
        _("A new key is waiting already."),
        advice=_("Publish its record and start signing with it, or take it out of use."),
    )


def is_retired() -> Conflict:
    """Its private part is gone."""
    return Conflict(
        "key-retired",
        _("This key is out of use; its private part was erased."),
        advice=_("Make a new key."),
    )


def no_key() -> NotFound:
    """There is none of this id at the domain."""
    return NotFound("no-key", _("This key no longer exists."))


def no_domain() -> NotFound:
    """There is none of this id in the workspace."""
    return NotFound("no-domain", _("This sending domain no longer exists."))
