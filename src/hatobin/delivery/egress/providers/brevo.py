"""Brevo. https://developers.brevo.com/reference/sendtransacemail

It takes letters in parts. It knows a request that comes twice by its ``idempotencyKey`` (a UUID, kept
for 30 minutes): one that got no answer is asked about by sending it once more.
"""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

from anymail.backends.brevo import EmailBackend
from django.utils.translation import gettext_lazy as _

from hatobin.delivery.egress.providers.client import Field, Parcel
from hatobin.delivery.egress.providers.http_client import KEY_NAME, HttpProvider, wait_from
from hatobin.delivery.egress.providers.parts import anymail_message, request_of
from hatobin.delivery.egress.providers.reply import ProviderOutcome
from hatobin.delivery.egress.providers.transport import Answer

_ROAD = {
    "not_enough_credits": "out-of-credit",
    "account_under_validation": "account-paused",
    "unauthorized": "key-refused",
    "permission_denied": "no-permission",
}
_ABOUT_RECIPIENT = re.compile(r"\bin to\b|\bto\W+(is|email)\b", re.IGNORECASE)


class Brevo(HttpProvider):
    """Letters over the API of Brevo."""

    name = "brevo"
    title = "Brevo"
    base_url = "https://api.brevo.com/v3"
    repeats_safely = True
    fields = (
        Field(
            name="api_key",
            label=_("API key"),
            help=_("In Brevo: “SMTP & API”, then “API keys”. It begins with xkeysib."),
            secret=True,
        ),
    )

    def request(self, parcel: Parcel) -> dict[str, Any]:
        """POST /smtp/email. Each attempt has a key of its own: a refusal must not use one up."""
        message = anymail_message(parcel, key_name=KEY_NAME)
        message.extra_headers["idempotencyKey"] = str(uuid.uuid4())
        # Brevo has no way to turn tracking off for one letter; it is a setting of the account.
        for name in ("track_clicks", "track_opens"):
            delattr(message, name)
        backend = EmailBackend(api_key=self.values["api_key"], api_url=self.url)
        return request_of(backend, message)

    def message_id(self, answer: Answer) -> str | None:
        """Its "messageId"."""
        name = answer.says("messageId")
        return name if isinstance(name, str) else None

    def repeated(self, answer: Answer) -> bool:
        """It has carried out a request with this key."""
        return answer.status == 400 and answer.says("code") == "duplicate_parameter"

    def meaning(self, answer: Answer) -> tuple[ProviderOutcome, str] | None:
        """By its own codes; what a parameter's fault is about stands in words only."""
        code, words = str(answer.says("code") or ""), self.words(answer)
        if answer.status == 403 and "not yet activated" in words:
            return ProviderOutcome.ROAD, "account-paused"
        if code in _ROAD:
            return ProviderOutcome.ROAD, _ROAD[code]
        if answer.status == 400 and "sender" in words.lower():
            return ProviderOutcome.ROAD, "sender-refused"
        if answer.status == 400 and _ABOUT_RECIPIENT.search(words):
            return ProviderOutcome.REFUSED, "bad-address"
        return None

    def words(self, answer: Answer) -> str:
        """Its "message"."""
        return str(answer.says("message") or "")

    def wait_of(self, answer: Answer) -> timedelta | None:
        """It says in how many seconds its limit begins anew."""
        return super().wait_of(answer) or wait_from(answer.headers.get("x-sib-ratelimit-reset", ""))

    def probe(self, sender: str) -> dict[str, Any]:
        """The account."""
        headers = {"api-key": self.values["api_key"], "Accept": "application/json"}
        return {"method": "GET", "url": f"{self.url}account", "headers": headers}
