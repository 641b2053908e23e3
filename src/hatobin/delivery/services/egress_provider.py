"""Ways of sending by a mail service's API: what is not secret is shown, keys are sealed."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services import audit
from hatobin.accounts.services.access import check_right
from hatobin.accounts.services.sealing import SealBroken, vault_of
from hatobin.common.errors import Invalid
from hatobin.delivery.egress.providers import PROVIDERS, Field
from hatobin.delivery.models import Egress, EgressKind, TlsMode
from hatobin.delivery.seals import credentials_context
from hatobin.delivery.services.egress_rows import KEPT, Fallback, row_to_save, store
from hatobin.delivery.services.opening import credentials_of

# They become parts of addresses and header fields of requests.
_SETTING = re.compile(r"[A-Za-z0-9._-]{1,200}")
_SECRET = re.compile(r"[\x21-\x7e]{1,500}")


@transaction.atomic
def save_provider(
    actor: Actor,
    *,
    name: str,
    provider: str,
    settings: Mapping[str, str] | None = None,
    credentials: Mapping[str, str] | None = None,
    egress_id: uuid.UUID | None = None,
    make_default: bool = False,
    fallback_id: Fallback = KEPT,
    connections: int | None = None,
) -> Egress:
    """Adds or changes a mail service. Credentials that are left empty stay as they are stored, for the
    same service.

    Raises Invalid (field such as ``settings.domain`` or ``credentials.api_key``), NotFound, Conflict.
    """
    check_right(actor, Right.MANAGE)
    shown = check_settings(provider, settings or {})
    given = check_credentials(provider, credentials or {})
    row = row_to_save(actor, egress_id, EgressKind.PROVIDER, name)
    stored = stored_credentials(row, provider)
    keys = stored | given
    _all_there(provider, keys, "credentials", secret=True)
    if keys != stored:  # the same ones typed again change nothing, not even a check's seal
        sealed = vault_of(row.workspace_id).seal(
            json.dumps(keys, sort_keys=True).encode(), credentials_context(row.pk)
        )
        row.sealed_credentials = sealed
    row.provider, row.settings, row.tls = provider, shown, TlsMode.TLS
    row.connections = connections or row.connections
    store(row, fallback_id=fallback_id, make_default=make_default)
    audit.record(
        actor, "egress.saved", subject=str(row.pk), kind=row.kind, provider=provider, **shown
    )
    return row


def check_settings(provider: str, given: Mapping[str, str]) -> dict[str, str]:
    """What is not secret, complete and as it is stored. Raises Invalid."""
    known = _fields(provider, secret=False)
    made = _only_known(known, given, "settings", _SETTING)
    for name, field in known.items():
        if not field.choices:
            continue
        value = made.setdefault(name, field.choices[0][0])
        if value not in dict(field.choices):
            raise Invalid(
                "bad-choice",
                _("This must be one of: %(expected)s."),
                field=f"settings.{name}",
                params={"expected": ", ".join(dict(field.choices))},
            )
    _all_there(provider, made, "settings", secret=False)
    return made


def check_credentials(provider: str, given: Mapping[str, str]) -> dict[str, str]:
    """The secrets that were filled in. Raises Invalid."""
    return _only_known(_fields(provider, secret=True), given, "credentials", _SECRET)


def stored_credentials(row: Egress, provider: str) -> dict[str, str]:
    """Those of the row, for the service they were entered for; none where they do not open any more."""
    if row.provider != provider or row.sealed_credentials is None:
        return {}
    try:
        return credentials_of(
            id=row.pk, workspace_id=row.workspace_id, sealed_credentials=row.sealed_credentials
        )
    except SealBroken:  # typed anew they can be saved
        return {}


def check_whole(provider: str, values: Mapping[str, str]) -> None:
    """Raises Invalid, naming the first field that a request needs and that is empty."""
    _all_there(provider, values, "settings", secret=False)
    _all_there(provider, values, "credentials", secret=True)


def _fields(provider: str, *, secret: bool) -> dict[str, Field]:
    if provider not in PROVIDERS:
        raise Invalid(
            "unknown-service",
            _("Choose one of the mail services: %(names)s."),
            field="provider",
            params={"names": ", ".join(PROVIDERS)},
        )
    return {each.name: each for each in PROVIDERS[provider].fields if each.secret is secret}


def _only_known(
    known: Mapping[str, Field], given: Mapping[str, str], where: str, shape: re.Pattern[str]
) -> dict[str, str]:
    made = {}
    for name, value in given.items():
        if name not in known:
            raise Invalid(
                "unknown-value",
                _("This mail service has no such value. It has: %(names)s."),
                field=f"{where}.{name}",
                params={"names": ", ".join(known) or "–"},
            )
        text = value.strip()
        if text and not shape.fullmatch(text):
            raise Invalid(
                "bad-value",
                _("This has characters that do not belong here."),
                advice=_("Copy it again from the mail service's own page."),
                field=f"{where}.{name}",
            )
        if text:
            made[name] = text
    return made


def _all_there(provider: str, made: Mapping[str, str], where: str, *, secret: bool) -> None:
    for name, field in _fields(provider, secret=secret).items():
        if field.required and not made.get(name):
            raise Invalid("missing", _("This must be filled in."), field=f"{where}.{name}")
