"""The test of a mail service: whether it would take letters with this key. It sends none to anybody."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from hatobin.delivery.egress.providers import PROVIDERS, HttpTimeouts, ProviderOutcome
from hatobin.delivery.models import EgressKind
from hatobin.delivery.services.egress_report import (
    CONNECT,
    OFFER,
    SIGN_IN,
    EgressTest,
    failed_test,
    steps_until,
)
from hatobin.delivery.services.opening import service_client

_PATIENCE = HttpTimeouts(connect=8, answer=12, whole_answer=20)
_STEPS = (CONNECT, SIGN_IN, OFFER)
_AT_SIGN_IN = frozenset({"key-refused", "no-permission"})
# The service itself was reached, and the key was good.
_AT_OFFER = frozenset(
    {
        "account-paused", "bad-address", "bad-setting", "domain-unknown", "out-of-credit",
        "request-refused", "sender-refused", "throttled", "trial-account",
    }
)  # fmt: skip


def examine_service(provider: str, values: Mapping[str, str], sender: str) -> EgressTest:
    """Asks the service with these values whether it takes letters of ``sender`` (may be empty)."""
    client = service_client(provider, values, connections=1, timeouts=_PATIENCE)
    try:
        reply = client.check(sender)
    finally:
        client.close()
    details = {CONNECT: PROVIDERS[provider].title}
    if reply.outcome is not ProviderOutcome.ACCEPTED:
        steps = steps_until(_STEPS, failed=_step(reply.code), details=details)
        return failed_test(reply.code, EgressKind.PROVIDER, words=reply.words, steps=steps)
    return EgressTest(
        ok=True,
        code="",
        text=_("The mail service answers and accepts the key."),
        advice=_("Whether a letter looks right, a test to yourself shows."),
        words="",
        steps=steps_until(_STEPS, details=details),
    )


def _step(code: str) -> str:
    if code in _AT_SIGN_IN:
        return SIGN_IN
    return OFFER if code in _AT_OFFER else CONNECT
