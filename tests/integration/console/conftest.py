"""An owner at the screen; a file with another cast brings its own."""

from __future__ import annotations

import pytest
from django.test import Client
from tests.factories import make_owner, make_workspace
from tests.integration.console.asks import browser_of

from hatobin.accounts.models import User, Workspace
from hatobin.delivery.services.egress import ensure_sandbox


@pytest.fixture
def workspace() -> Workspace:
    found = make_workspace("Springfield")
    ensure_sandbox(found.pk)
    return found


@pytest.fixture
def hanako(workspace: Workspace) -> User:
    return make_owner(workspace)


@pytest.fixture
def owner(hanako: User) -> Client:
    return browser_of(hanako)
