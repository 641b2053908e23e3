"""The office with a domain."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.integration.senders.domain_stage import DomainStage, domain_stage


@pytest.fixture
def stage(db: None) -> Iterator[DomainStage]:
    with domain_stage() as made:
        yield made
