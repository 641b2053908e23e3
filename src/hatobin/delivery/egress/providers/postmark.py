"""Postmark. https://postmarkapp.com/developer/api/email-api

It takes letters in parts, keeps no idempotency keys, and names an accepted letter by a UUID.
"""

from __future__ import annotations

import re
from typing import Any

from anymail.backends.postmark import EmailBackend
from django.utils.translation import gettext_lazy as _

from hatobin.delivery.egress.providers.client import Field, Parcel
from hatobin.delivery.egress.providers.http_client import KEY_NAME, HttpProvider
from hatobin.delivery.egress.providers.parts import anymail_message, request_of
from hatobin.delivery.egress.providers.reply import ProviderOutcome
from hatobin.delivery.egress.providers.transport import Answer

# https://postmarkapp.com/developer/api/overview#error-codes
_ROAD = {
    10: "key-refused",
    400: "sender-refused",  # no such sender signature
    401: "sender-refused",  # sender signature not confirmed
    405: "out-of-credit",
    412: "account-paused",  # pending approval: only to the account's own domain
    413: "account-paused",
    1235: "bad-setting",  # no such message stream
}
_ABOUT_RECIPIENT = re.compile(r"(invalid|error\s+parsing)\s+'to'", re.IGNORECASE)


class Postmark(HttpProvider):
    """Letters over the API of Postmark."""

    name = "postmark"
    title = "Postmark"
    base_url = "https://api.postmarkapp.com"
    fields = (
        Field(
            name="server_token",
            label=_("Server API token"),
            help=_("In Postmark: the server, then “API Tokens”."),
            secret=True,
        ),
        Field(
            name="message_stream",
            label=_("Message stream"),
            help=_("Letters to many people belong into a broadcast stream, usually “broadcast”."),
            required=False,
        ),
    )

    def request(self, parcel: Parcel) -> dict[str, Any]:
        """POST /email."""
        message = anymail_message(parcel, key_name=KEY_NAME)
        # Without it Postmark writes a Message-ID of its own.
        message.extra_headers["X-PM-KeepID"] = "true"
        backend = EmailBackend(
            server_token=self.values["server_token"],
            message_stream=self.values.get("message_stream") or None,
            api_url=self.url,
        )
        return request_of(backend, message)

    def message_id(self, answer: Answer) -> str | None:
        """Error code 0 and a name."""
        name = answer.says("MessageID")
        if answer.says("ErrorCode") != 0 or not isinstance(name, str):
            return None
        return None if "inactive" in self.words(answer) else name

    def meaning(self, answer: Answer) -> tuple[ProviderOutcome, str] | None:
        """By its own error codes, which come with 422 and say more than the status."""
        code, words = answer.says("ErrorCode"), self.words(answer)
        if code == 406 or (code == 0 and "inactive" in words):
            return ProviderOutcome.REFUSED, "refused"
        if code == 300 and _ABOUT_RECIPIENT.match(words):
            return ProviderOutcome.REFUSED, "bad-address"
        if code == 300 and "'From'" in words:
            return ProviderOutcome.ROAD, "sender-refused"
        return (ProviderOutcome.ROAD, _ROAD[code]) if code in _ROAD else None

    def words(self, answer: Answer) -> str:
        """Its "Message"."""
        return str(answer.says("Message") or "")

    def probe(self, sender: str) -> dict[str, Any]:
        """The stream that letters go into."""
        stream = self.values.get("message_stream") or "outbound"
        return {
            "method": "GET",
            "url": f"{self.url}message-streams/{stream}",
            "headers": {
                "Accept": "application/json",
                "X-Postmark-Server-Token": self.values["server_token"],
            },
        }
