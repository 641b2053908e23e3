"""Several people at once: one address has one invitation that works."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections
from tests.factories import make_actor, make_workspace

from hatobin.accounts.services import members
from hatobin.common.errors import Invalid

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 4


def test_four_invitations_for_one_address_leave_one_that_works() -> None:
    hanako = make_actor(make_workspace())
    gate = Barrier(AT_ONCE)

    def invite(number: int) -> str:
        try:
            gate.wait(timeout=30)
            return members.invite(hanako, email=f"{'Tt'[number % 2]}aro@example.jp", role="viewer")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        tokens = list(pool.map(invite, range(AT_ONCE)))
    assert len(set(tokens)) == AT_ONCE
    assert len(members.open_invitations(hanako)) == 1
    assert sum(map(_works, tokens)) == 1


def _works(token: str) -> bool:
    try:
        members.access_invitation(token)
    except Invalid:
        return False
    return True
