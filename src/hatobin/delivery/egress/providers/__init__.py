"""Mail services that are spoken to over their own API. To add one: ADDING.md."""

from __future__ import annotations

from collections.abc import Mapping

from hatobin.delivery.egress.providers.amazon_ses import AmazonSes
from hatobin.delivery.egress.providers.brevo import Brevo
from hatobin.delivery.egress.providers.client import Field, HttpTimeouts, ProviderClient
from hatobin.delivery.egress.providers.mailgun import Mailgun
from hatobin.delivery.egress.providers.postmark import Postmark
from hatobin.delivery.egress.providers.reply import ProviderOutcome, ProviderReply
from hatobin.delivery.egress.providers.sendgrid import SendGrid

__all__ = [
    "PROVIDERS",
    "Field",
    "HttpTimeouts",
    "ProviderClient",
    "ProviderOutcome",
    "ProviderReply",
    "client_for",
]

PROVIDERS: Mapping[str, type[ProviderClient]] = {
    each.name: each for each in (AmazonSes, SendGrid, Mailgun, Postmark, Brevo)
}


def client_for(
    provider: str,
    values: Mapping[str, str],
    *,
    api_url: str = "",
    connections: int = 5,
    timeouts: HttpTimeouts | None = None,
) -> ProviderClient:
    """A client of the service of this name; ``values`` are settings and secrets together."""
    made = PROVIDERS[provider]
    return made(values, api_url=api_url, connections=connections, timeouts=timeouts)
