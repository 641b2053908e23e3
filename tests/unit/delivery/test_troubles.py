"""Whatever can go wrong on a road has words of its own, and advice."""

from __future__ import annotations

import re

import pytest

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


def test_no_trouble_has_no_words() -> None:
    assert trouble_text("") == trouble_advice("") == ""
