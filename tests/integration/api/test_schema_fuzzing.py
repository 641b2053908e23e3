"""Requests that nobody thought of, made from the OpenAPI file: no crash, and every answer as documented."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.integration.api.caller import V1, make_caller
from tests.integration.campaigns.stage import Stage

django_application = get_wsgi_application()


def application(environ: dict[str, Any], start_response: Any) -> Any:
    """The product's own, which leaves the test's transaction open, as Django's test client does."""
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    try:
        return list(django_application(environ, start_response))
    finally:
        request_started.connect(close_old_connections)
        request_finished.connect(close_old_connections)


SCHEMA = schemathesis.openapi.from_wsgi(f"{V1}/openapi.json", application)
OPERATIONS: list[Any] = [found.ok() for found in SCHEMA.get_all_operations()]  # type: ignore[union-attr]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 5


@pytest.mark.parametrize("mode", GenerationMode, ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_no_request_crashes_it_and_every_answer_is_documented(
    stage: Stage, operation: Any, mode: GenerationMode
) -> None:
    headers = {"Authorization": f"Bearer {make_caller(stage).key}"}
    real = real_ids(stage)
    seen = []

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def story(case: Any) -> None:
        if mode is GenerationMode.POSITIVE:  # things that are there, so that it goes deeper
            case.path_parameters.update(
                {name: real.get(name, value) for name, value in case.path_parameters.items()}
            )
        case.headers.update(headers)  # a wrong key would hide everything behind it
        response = case.call()
        seen.append(response.status_code)
        case.validate_response(response, checks=CHECKS)

    story()
    assert seen
    assert mode is GenerationMode.NEGATIVE or 401 not in seen


def real_ids(stage: Stage) -> dict[str, Any]:
    return {
        "list_id": str(stage.people.pk),
        "campaign_id": str(stage.draft().id),
        "sender_id": str(stage.identity.pk),
        "egress_id": str(stage.egress.pk),
        "import_id": str(uuid.UUID(int=0)),
    }
