"""Mailgun. https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages

It takes the whole composed message. It keeps no idempotency keys.
"""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext_lazy as _

from hatobin.delivery.egress.providers.client import Field, Parcel
from hatobin.delivery.egress.providers.http_client import KEY_NAME, HttpProvider
from hatobin.delivery.egress.providers.reply import ProviderOutcome
from hatobin.delivery.egress.providers.transport import Answer

_PLACES = {"us": "https://api.mailgun.net/v3", "eu": "https://api.eu.mailgun.net/v3"}


class Mailgun(HttpProvider):
    """Letters over the API of Mailgun."""

    name = "mailgun"
    title = "Mailgun"
    fields = (
        Field(
            name="api_key",
            label=_("API key"),
            help=_("In Mailgun: the domain's “Sending keys”, or an account's API key."),
            secret=True,
        ),
        Field(
            name="domain",
            label=_("Sending domain"),
            help=_("As it stands in Mailgun, for example mg.example.jp"),
        ),
        Field(
            name="region",
            label=_("Region"),
            required=False,
            choices=(("us", _("United States")), ("eu", _("European Union"))),
        ),
    )

    def own_url(self) -> str:
        """By region."""
        return _PLACES.get(self.values.get("region", ""), _PLACES["us"])

    def request(self, parcel: Parcel) -> dict[str, Any]:
        """POST /<domain>/messages.mime."""
        return self._post(parcel.rcpt.wire, parcel.message, {f"v:{KEY_NAME}": parcel.key})

    def message_id(self, answer: Answer) -> str | None:
        """Its "id", when it says that the letter is queued."""
        name = answer.says("id")
        queued = self.words(answer).startswith("Queued")
        return name if isinstance(name, str) and queued else None

    def meaning(self, answer: Answer) -> tuple[ProviderOutcome, str] | None:
        """By its words: it has no codes."""
        words = self.words(answer).lower()
        if answer.status == 200 and "magnificent api" in answer.text.lower():
            return ProviderOutcome.ROAD, "not-the-service"
        if answer.status == 404 and "domain" in words:
            return ProviderOutcome.ROAD, "domain-unknown"
        if answer.status == 403 and "not allowed to send" in words:
            return ProviderOutcome.ROAD, "account-paused"
        if answer.status == 400 and "to parameter" in words:
            return ProviderOutcome.REFUSED, "bad-address"
        if answer.status == 400 and "from parameter" in words:
            return ProviderOutcome.ROAD, "sender-refused"
        return None

    def words(self, answer: Answer) -> str:
        """Its "message"; a wrong key is answered in plain text."""
        return str(answer.says("message") or ("" if answer.json is not None else answer.text))

    def probe(self, sender: str) -> dict[str, Any]:
        """A letter to nobody: a key that may only send cannot be tried otherwise."""
        note = EmailMessage(policy=SMTP)
        note["From"] = note["To"] = sender or f"postmaster@{self.values['domain']}"
        note["Subject"] = "Hatobin"
        note.set_content("Hatobin")
        return self._post(str(note["To"]), bytes(note), {"o:testmode": "yes"})

    def _post(self, to: str, message: bytes, more: dict[str, str]) -> dict[str, Any]:
        off = {"o:tracking": "no", "o:tracking-clicks": "no", "o:tracking-opens": "no"}
        return {
            "method": "POST",
            "url": f"{self.url}{quote(self.values['domain'], safe='')}/messages.mime",
            "auth": ("api", self.values["api_key"]),
            "data": {"to": to} | off | more,
            "files": {"message": ("message.eml", message, "message/rfc822")},
        }
