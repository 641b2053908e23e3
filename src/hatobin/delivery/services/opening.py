"""From a stored egress to what drives it: the sources of a direct road, the client of a mail service.

Values come by the names of the columns, so that a row of SQL serves as well as an ``Egress``. A relay
and the sandbox are opened by ``endpoints.endpoint_of``.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings as installation

from hatobin.accounts.services.sealing import SealBroken, vault_of
from hatobin.delivery.egress.direct.sources import Source
from hatobin.delivery.egress.providers import HttpTimeouts, ProviderClient, client_for
from hatobin.delivery.seals import credentials_context
from hatobin.delivery.services.endpoints import helo_name


def sources_of(sources: Sequence[Mapping[str, Any]]) -> tuple[Source, ...]:
    """The sources of ``Egress.sources``; where there are none, the system chooses the address."""
    if not sources:
        return (Source(name="any", ehlo=helo_name()),)
    return tuple(_source(**each) for each in sources)


def credentials_of(
    *,
    id: uuid.UUID,  # noqa: A002 - the column's name
    workspace_id: uuid.UUID,
    sealed_credentials: bytes | memoryview | None,
) -> dict[str, str]:
    """The secrets by name. Raises SealBroken where they do not open with this installation's key."""
    if sealed_credentials is None:
        raise SealBroken
    opened = vault_of(workspace_id).open(sealed_credentials, credentials_context(id))
    return dict(json.loads(opened))


def provider_client_of(
    *,
    id: uuid.UUID,  # noqa: A002 - the column's name
    workspace_id: uuid.UUID,
    provider: str,
    settings: Mapping[str, str],
    sealed_credentials: bytes | memoryview | None,
    connections: int = 5,
    timeouts: HttpTimeouts | None = None,
    **_columns: object,
) -> ProviderClient:
    """A client with the keys opened: one for each egress and process; ``close`` it. Raises SealBroken."""
    keys = credentials_of(id=id, workspace_id=workspace_id, sealed_credentials=sealed_credentials)
    return service_client(
        provider, {**settings, **keys}, connections=connections, timeouts=timeouts
    )


def service_client(
    provider: str,
    values: Mapping[str, str],
    *,
    connections: int = 5,
    timeouts: HttpTimeouts | None = None,
) -> ProviderClient:
    """A client with values that need not be stored; towards the stand-in, where one is set."""
    return client_for(
        provider,
        values,
        api_url=installation.HATOBIN.mail_service_url,
        connections=connections,
        timeouts=timeouts,
    )


def _source(*, address: str, ehlo_name: str, weight: int = 1) -> Source:
    family = "ipv6" if ":" in address else "ipv4"
    name = address or "any"
    return Source(name=name, ehlo=ehlo_name, weight=weight, **{family: address})
