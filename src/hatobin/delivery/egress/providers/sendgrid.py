"""SendGrid. https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send

It takes letters in parts, keeps no idempotency keys, and names an accepted letter in a header.
"""

from __future__ import annotations

import warnings
from datetime import timedelta
from typing import Any

from anymail.backends.sendgrid import EmailBackend
from anymail.exceptions import AnymailNotSupportedWarning
from django.utils.translation import gettext_lazy as _

from hatobin.delivery.egress.providers.client import Field, Parcel
from hatobin.delivery.egress.providers.http_client import KEY_NAME, HttpProvider, wait_until
from hatobin.delivery.egress.providers.parts import anymail_message, request_of
from hatobin.delivery.egress.providers.reply import ProviderOutcome
from hatobin.delivery.egress.providers.transport import Answer

_PLACES = {"global": "https://api.sendgrid.com/v3", "eu": "https://api.eu.sendgrid.com/v3"}


class SendGrid(HttpProvider):
    """Letters over the API of SendGrid."""

    name = "sendgrid"
    title = "SendGrid"
    fields = (
        Field(
            name="api_key",
            label=_("API key"),
            help=_("In SendGrid: Settings, “API Keys”. It needs the right “Mail Send”."),
            secret=True,
        ),
        Field(
            name="region",
            label=_("Region"),
            required=False,
            choices=(("global", _("Worldwide")), ("eu", _("European Union"))),
        ),
    )

    def own_url(self) -> str:
        """By region."""
        return _PLACES.get(self.values.get("region", ""), _PLACES["global"])

    def request(self, parcel: Parcel) -> dict[str, Any]:
        """POST /mail/send."""
        message = anymail_message(parcel, key_name=KEY_NAME)
        # An account may add links of its own to every letter; ours has one already.
        message.esp_extra = {  # type: ignore[attr-defined]  # one of Anymail's own attributes
            "tracking_settings": {"subscription_tracking": {"enable": False}}
        }
        with warnings.catch_warnings():  # Anymail no longer tries it out against SendGrid; we do
            warnings.simplefilter("ignore", AnymailNotSupportedWarning)
            backend = EmailBackend(
                api_key=self.values["api_key"], api_url=self.url, generate_message_id=False
            )
        return request_of(backend, message)

    def message_id(self, answer: Answer) -> str | None:
        """202 and its name in a header; there is no body."""
        return answer.headers.get("X-Message-Id") if answer.status == 202 else None

    def meaning(self, answer: Answer) -> tuple[ProviderOutcome, str] | None:
        """By the field that it complains about."""
        first = _first_error(answer)
        field, words = str(first.get("field") or ""), self.words(answer).lower()
        if answer.status == 401 and "credits" in words:
            return ProviderOutcome.ROAD, "out-of-credit"
        if answer.status not in {400, 403}:
            return None
        if field.startswith("from"):
            return ProviderOutcome.ROAD, "sender-refused"
        if field.startswith("personalizations") and ".to" in field:
            return ProviderOutcome.REFUSED, "bad-address"
        return None

    def words(self, answer: Answer) -> str:
        """Of its first error."""
        return str(_first_error(answer).get("message") or "")

    def wait_of(self, answer: Answer) -> timedelta | None:
        """It says when the next minute of its limit begins."""
        waits = super().wait_of(answer)
        return waits or wait_until(answer.headers.get("X-RateLimit-Reset", ""))

    def probe(self, sender: str) -> dict[str, Any]:
        """What the key may do."""
        return {
            "method": "GET",
            "url": f"{self.url}scopes",
            "headers": {"Authorization": f"Bearer {self.values['api_key']}"},
        }

    def probed(self, answer: Answer) -> tuple[ProviderOutcome, str] | None:
        """A key that may not send."""
        scopes = answer.says("scopes")
        if isinstance(scopes, list) and "mail.send" not in scopes:
            return ProviderOutcome.ROAD, "no-permission"
        return None


def _first_error(answer: Answer) -> dict[str, Any]:
    errors = answer.says("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    return first if isinstance(first, dict) else {}
