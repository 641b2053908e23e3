"""Roads as doors see them: never with a secret."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services.access import check_right
from hatobin.common.errors import NotFound
from hatobin.common.hosts import is_loopback
from hatobin.delivery.egress.providers import PROVIDERS
from hatobin.delivery.models import Egress, EgressKind
from hatobin.delivery.queries.troubles import is_in_trouble, next_try_of
from hatobin.delivery.rules.troubles import trouble_advice, trouble_text, words_label

_SHOWN = 3  # addresses of a direct road in one line


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceView:
    """An address that letters leave from; an empty one leaves the choice to the system."""

    address: str
    ehlo_name: str
    weight: int


@dataclass(frozen=True, kw_only=True, slots=True)
class EgressView:
    """A road. ``trouble``: a sentence, empty when it works, or nothing waits for it any more; ``trouble_words``:
    the server's own; ``resume_at``: its next try, where that is to come.

    ``place``: where letters go, in a few signs, such as ``smtp.example.jp:587`` or the service's name.
    ``settings``: of a mail service, what is not secret. ``has_password``: it, or a service's keys, are stored.
    """

    id: uuid.UUID
    name: str
    kind: str
    kind_text: str
    sandbox: bool
    place: str
    host: str
    port: int
    tls: str
    tls_text: str
    username: str
    has_password: bool
    sources: tuple[SourceView, ...]
    provider: str
    settings: Mapping[str, str]
    fallback_id: uuid.UUID | None
    fallback_name: str
    connections: int
    messages_per_connection: int
    is_default: bool
    trouble: str | Promise
    trouble_advice: str | Promise
    trouble_words: str
    words_label: str | Promise
    trouble_since: datetime | None
    resume_at: datetime | None

    @property
    def key(self) -> str:
        """Its id in an address."""
        return str(self.id)


def egresses(actor: Actor) -> tuple[EgressView, ...]:
    """The workspace's roads, the default first."""
    check_right(actor, Right.VIEW)
    rows = Egress.objects.of(actor.workspace_id).filter(removed_at=None)
    found = rows.select_related("fallback").order_by("-is_default", "created_at")
    return tuple(_view(row) for row in found)


def egress(actor: Actor, egress_id: uuid.UUID) -> EgressView:
    """One road; raises NotFound."""
    check_right(actor, Right.VIEW)
    rows = Egress.objects.of(actor.workspace_id).filter(removed_at=None)
    row = rows.select_related("fallback").filter(pk=egress_id).first()
    if row is None:
        raise NotFound("no-egress", _("This way of sending no longer exists."))
    return _view(row)


def leads_out() -> bool:
    """Whether any workspace of the installation has a way of sending besides the sandbox; for the terminal."""
    rows = Egress.objects.across_workspaces().filter(removed_at=None)
    return rows.exclude(kind=EgressKind.SANDBOX).exists()


def whereabouts(row: Egress) -> str:
    """All that decides who gets to see the letters of this road, its fall-backs included (promise P4).

    Of a secret only what tells that another one was entered: it may open another account.
    """
    return " > ".join(_where(each) for each in _chain(row))


def stays_here(row: Egress) -> bool:
    """Whether letters of this road go no further than this machine, also when it falls back."""
    return all(
        each.kind == EgressKind.SANDBOX or (bool(each.host) and is_loopback(each.host))
        for each in _chain(row)
    )


def goes_straight(row: Egress) -> Literal["always", "fall-back", "never"]:
    """Whether its letters go from here to the recipients' own servers, so that nobody signs them after us.

    A direct road to one named server is for trials, or leads to a server that passes letters on.
    """
    straight = [each.kind == EgressKind.DIRECT and not each.host for each in _chain(row)]
    return "always" if straight[0] else "fall-back" if any(straight) else "never"


def _chain(row: Egress) -> Iterator[Egress]:
    """The road, its fall-back, the fall-back of that. Saving sees to it that there is no circle."""
    met: set[uuid.UUID] = set()
    following: Egress | None = row
    while following is not None and following.pk not in met:
        yield following
        met.add(following.pk)
        following = following.fallback


def _where(row: Egress) -> str:
    sources = [f"{each['ehlo_name']}={each['address']}" for each in row.sources]
    settings = [f"{name}={value}" for name, value in sorted(row.settings.items())]
    keys = bytes(row.sealed_credentials or b"")
    parts = [f"{row.host}:{row.port}", row.tls, row.username]
    if row.kind == EgressKind.DIRECT:
        parts = ["direct", *parts, *sources]
    elif row.kind == EgressKind.PROVIDER:
        parts = [row.provider, *settings, hashlib.sha256(keys).hexdigest()]
    return " ".join(parts)


def _view(row: Egress) -> EgressView:
    troubled = is_in_trouble(row)
    return EgressView(
        id=row.pk,
        name=row.label,
        kind=row.kind,
        kind_text=row.get_kind_display(),
        sandbox=row.kind == EgressKind.SANDBOX,
        place=_place(row),
        host=row.host,
        port=row.port,
        tls=row.tls,
        tls_text=row.get_tls_display(),
        username=row.username,
        has_password=row.sealed_password is not None or row.sealed_credentials is not None,
        sources=tuple(SourceView(**each) for each in row.sources),
        provider=row.provider,
        settings=row.settings,
        fallback_id=row.fallback_id,
        fallback_name=row.fallback.label if row.fallback else "",
        connections=row.connections,
        messages_per_connection=row.messages_per_connection,
        is_default=row.is_default,
        trouble=trouble_text(row.trouble_code, row.kind) if troubled else "",
        trouble_advice=trouble_advice(row.trouble_code, row.kind) if troubled else "",
        trouble_words=row.trouble_text if troubled else "",
        words_label=words_label(row.trouble_code),
        trouble_since=row.trouble_since if troubled else None,
        resume_at=next_try_of(row) if troubled else None,
    )


def _place(row: Egress) -> str:
    if row.kind == EgressKind.PROVIDER:
        return _service(row)
    if row.kind == EgressKind.DIRECT and not row.host:
        shown = [each["address"] or each["ehlo_name"] for each in row.sources]
        return ", ".join(shown[:_SHOWN]) + (" …" if len(shown) > _SHOWN else "")
    return f"{row.host}:{row.port}" if row.host else ""


def _service(row: Egress) -> str:
    """``Mailgun (mg.example.jp)``: its name, and what was typed for it."""
    service = PROVIDERS.get(row.provider)
    if service is None:  # a newer version knew it
        return row.provider
    typed = [row.settings.get(each.name) for each in service.fields if not each.choices]
    details = ", ".join(filter(None, typed))
    return f"{service.title} ({details})" if details else service.title
