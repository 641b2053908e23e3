"""The office of every story here, and a program that holds a key for everything."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from tests.integration.api.caller import Caller, make_caller
from tests.integration.campaigns.stage import Stage, make_stage


@pytest.fixture
def stage(db: None) -> Stage:
    cache.clear()
    return make_stage()


@pytest.fixture
def caller(stage: Stage) -> Caller:
    return make_caller(stage)
