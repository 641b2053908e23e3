"""Two programs at once: what both look for and neither finds is added once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import TypeVar

import pytest
from django.db import connections
from tests.factories import make_workspace

from hatobin.accounts.models import Workspace
from hatobin.accounts.services.access import actor_of_operator
from hatobin.accounts.services.workspaces import first_workspace
from hatobin.delivery.models import Egress, EgressKind
from hatobin.delivery.services.egress_url import egress_by_url
from hatobin.senders import services
from hatobin.senders.models import SenderIdentity

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 6
T = TypeVar("T")


def at_once(call: Callable[[int], T]) -> list[T]:
    """``call(0)`` to ``call(5)``, all started in the same moment, each on its own connection."""
    gate = Barrier(AT_ONCE)

    def one(number: int) -> T:
        try:
            gate.wait(timeout=30)
            return call(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, range(AT_ONCE)))


def test_one_from_line_that_comes_six_times_at_once_is_stored_once() -> None:
    alice = actor_of_operator(make_workspace().pk, "alice")

    def saved(address: str, _number: int) -> SenderIdentity:
        return services.save_identity(alice, display_name="さくら市", address=address)

    for address in ("a@sakura.example", "b@sakura.example"):
        found = at_once(partial(saved, address))
        assert len({each.pk for each in found}) == 1
    rows = SenderIdentity.objects.of(alice.workspace_id)
    assert (rows.count(), rows.filter(is_default=True).count()) == (2, 1)


def test_the_first_profile_stays_and_the_others_are_told_so() -> None:
    alice = actor_of_operator(make_workspace().pk, "alice")
    found = at_once(
        lambda number: services.keep_first_profile(
            alice, organisation=f"課{number}", postal_address="1-1", contact="000"
        )
    )
    assert len({each.organisation for each in found}) == 1


def test_there_is_one_first_workspace() -> None:
    found = at_once(lambda number: first_workspace(f"課{number}"))
    assert len({each.pk for each in found}) == 1
    assert Workspace.objects.count() == 1


def test_one_url_names_one_road() -> None:
    alice = actor_of_operator(make_workspace().pk, "alice")
    found = at_once(lambda _number: egress_by_url(alice, "smtp://127.0.0.1:2525"))
    assert len({each.pk for each in found}) == 1
    roads = Egress.objects.of(alice.workspace_id).filter(kind=EgressKind.SMTP_RELAY)
    assert roads.count() == 1
