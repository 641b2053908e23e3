"""Whatever can go wrong on a road has words of its own, and advice."""

from __future__ import annotations

import re

import pytest
from django.utils.translation import override

from hatobin.delivery.egress import errors
from hatobin.delivery.rules.troubles import trouble_advice, trouble_text

_KINDS = [
    (error.__name__, kind)
    for error in (
        errors.ConnectFailed,
        errors.GreetingRefused,
        errors.TlsFailed,
        errors.NoRoute,
        errors.NoSource,
        errors.AuthFailed,
        errors.ConnectionLost,
    )
    for kind in re.findall(r"``([a-z0-9-]+)``", (error.__doc__ or "").partition("Kind")[2])
    if kind not in {"temporary", "detail"}
]


def test_the_kinds_are_found_in_the_errors_own_words() -> None:
    found = {kind for _, kind in _KINDS}
    assert {"host-unknown", "unexpected-reply", "no-source", "mta-sts-tls", "mail-loop"} <= found


@pytest.mark.parametrize(("error", "kind"), _KINDS)
def test_every_kind_has_a_sentence_and_advice(error: str, kind: str) -> None:
    assert str(trouble_text(kind)) != str(trouble_text("no-such-kind")), error
    assert str(trouble_advice(kind))


# Every code with which a mail service, or the way to it, can be the road's trouble.
_OF_SERVICES = [
    "key-refused", "no-permission", "out-of-credit", "account-paused", "domain-unknown", "sender-refused",
    "not-the-service", "bad-setting", "trial-account", "package-missing", "proxy", "throttled",
    "service-trouble", "request-refused", "unreadable", "gateway", "host-unknown", "certificate", "refused",
    "unreachable", "timeout", "closed", "endless", "seal-broken",
]  # fmt: skip


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("code", _OF_SERVICES)
def test_a_mail_services_trouble_speaks_of_the_service_and_not_of_a_server(
    code: str, language: str
) -> None:
    with override(language):
        text, advice = str(trouble_text(code, "provider")), str(trouble_advice(code, "provider"))
        assert text != str(trouble_text("no-such-kind"))
        assert advice
        for word in ("mail server", "port 25", "メールサーバー", "25番"):
            assert word not in text + advice


def test_the_same_code_means_another_thing_on_another_road() -> None:
    texts = {str(trouble_text("timeout", kind)) for kind in ("smtp-relay", "direct", "provider")}
    assert len(texts) == 3


def test_no_trouble_has_no_words() -> None:
    assert trouble_text("") == trouble_advice("") == ""
