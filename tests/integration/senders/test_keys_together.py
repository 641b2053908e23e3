"""Several at once: one new key of a kind, and one key that signs."""

from __future__ import annotations

import pytest
from django.db import connections
from tests.factories import make_workspace
from tests.integration.senders.test_saving import at_once
from tests.samples.dkim_keys import rsa_pem

from hatobin.accounts.services.access import actor_of_operator
from hatobin.common.errors import Conflict
from hatobin.senders.models import DkimKey, KeyState
from hatobin.senders.services.domains import add_domain
from hatobin.senders.services.key_making import generate_key, import_key
from hatobin.senders.services.key_use import activate
from hatobin.wire.dkim import record_text

pytestmark = pytest.mark.django_db(transaction=True)


def test_six_who_ask_for_a_key_at_once_get_one() -> None:
    alice = actor_of_operator(make_workspace().pk, "alice")
    domain = add_domain(alice, name="sakura.example")

    def asked(_number: int) -> str:
        try:
            return generate_key(alice, domain.pk, algorithm="ed25519").selector
        except Conflict as error:
            return error.code

    found = at_once(asked)
    assert found.count("key-waiting") == 5
    assert DkimKey.objects.of(alice.workspace_id).count() == 1


def test_a_key_that_is_started_and_taken_back_by_turns_never_leaves_two_that_sign() -> None:
    alice = actor_of_operator(make_workspace().pk, "alice")
    domain = add_domain(alice, name="sakura.example")
    keys = []
    for number in range(2):
        key = import_key(alice, domain.pk, private_key=rsa_pem(number))
        activate(alice, domain.pk, key.pk, published=[record_text("rsa", key.public)])
        keys.append(key)

    def started(number: int) -> None:
        key = keys[number % 2]
        activate(alice, domain.pk, key.pk, published=[record_text("rsa", key.public)])

    at_once(started)
    states = DkimKey.objects.of(alice.workspace_id).values_list("state", flat=True)
    assert sorted(states) == [KeyState.ACTIVE, KeyState.RETIRING]
    connections.close_all()
