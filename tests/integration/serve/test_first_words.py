"""What the terminal says of where letters go, when everything has started."""

from __future__ import annotations

from pathlib import Path

import pytest

from hatobin.accounts.models import Workspace
from hatobin.config import first_start
from hatobin.config.env import Settings
from hatobin.delivery.services.egress import save_relay
from tests.factories import make_actor

pytestmark = pytest.mark.django_db


def test_it_is_promised_that_nothing_leaves_only_while_there_is_no_other_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HATOBIN_LANGUAGE", "en")
    settings = Settings(data_dir=tmp_path)
    (tmp_path / "secrets").mkdir()
    said = first_start.prepare(settings, demo=True)
    assert "Nothing leaves this machine until you add another way of sending" in said
    alice = make_actor(Workspace.objects.get())
    save_relay(alice, name="Office relay", host="smtp.example.jp", port=587, tls="none",
               make_default=False)  # fmt: skip
    said = first_start.prepare(settings, demo=True)
    assert "Nothing leaves" not in said
    assert "Letters can leave this machine" in said
