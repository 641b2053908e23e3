"""A small campaign over a bad world, its senders killed at random: nobody is lost, nobody gets a second letter.

``make faults`` runs the long form: ``long_form.py``.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.faults.campaign import campaign

pytestmark = [pytest.mark.alone, pytest.mark.django_db(transaction=True)]


def test_a_few_kills_in_a_small_campaign(tmp_path: Path) -> None:
    found = campaign(tmp_path, people=300, kills=5, pause=(0.1, 0.7), pace="0.1-0.3")
    assert found.verdict.in_doubt, "a world in which nothing is ever in doubt proves nothing"
