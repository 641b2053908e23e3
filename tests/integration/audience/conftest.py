"""The office of these stories."""

from __future__ import annotations

import pytest
from tests import factories

from hatobin.accounts.models import Workspace
from hatobin.accounts.rules import Actor


@pytest.fixture
def workspace(db: None) -> Workspace:
    return factories.make_workspace()


@pytest.fixture
def actor(workspace: Workspace) -> Actor:
    return factories.make_actor(workspace)


@pytest.fixture
def stranger(db: None) -> Actor:
    """The owner of another workspace of the same installation."""
    other = factories.make_workspace("もみじ商店")
    return factories.make_actor(other, email="owner@other.example")
