"""An office with a domain, and the DNS in which it publishes what it is shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from tests.doubles.name_thread import asked_by_the_product
from tests.doubles.names import NameServer
from tests.factories import make_actor, make_workspace
from tests.samples.dkim_keys import ed25519_pem, rsa_pem

from hatobin.accounts.models import Role, Workspace
from hatobin.accounts.rules import Actor
from hatobin.common.errors import Conflict
from hatobin.deliverability import queries, services
from hatobin.deliverability.views import DomainView, FindingView
from hatobin.senders.models import DkimKey, SendingDomain
from hatobin.senders.services.domains import add_domain
from hatobin.senders.services.key_making import import_key
from hatobin.wire.dkim import KeyKind, record_text, zone_strings


@dataclass(frozen=True, kw_only=True)
class DomainStage:
    """``stage.publish(key)``; then what the office does, and what it is shown."""

    workspace: Workspace
    alice: Actor
    domain: SendingDomain
    names: NameServer

    def rsa(self, number: int = 0, selector: str = "") -> DkimKey:
        """A key that the office brings along."""
        return self.bring(rsa_pem(number), selector)

    def ed25519(self) -> DkimKey:
        return self.bring(ed25519_pem(), "")

    def bring(self, pem: str, selector: str) -> DkimKey:
        return import_key(self.alice, self.domain.pk, private_key=pem, selector=selector)

    def publish(self, key: DkimKey) -> None:
        """The record as it is shown, cut into strings as providers do."""
        kind: KeyKind = "rsa" if key.algorithm == "rsa" else "ed25519"
        self.say(key.record_name, zone_strings(record_text(kind, key.public)))

    def say(self, name: str, *texts: str, kind: str = "TXT") -> None:
        """These records and no others, in presentation form."""
        self.names.zone.setdefault(name, {})[kind] = list(texts)

    def signing(self, number: int = 0) -> DkimKey:
        """A published key that signs."""
        key = self.rsa(number)
        self.publish(key)
        self.activate(key)
        key.refresh_from_db()
        return key

    def activate(self, key: DkimKey) -> DomainView:
        return services.activate_key(self.alice, self.domain.pk, key.pk)

    def check(self) -> DomainView:
        return services.check_domain(self.alice, self.domain.pk)

    def shown(self) -> DomainView:
        return queries.domain(self.alice, self.domain.pk)

    def finding(self, about: str) -> FindingView:
        """Of a fresh check."""
        (found,) = [each for each in self.check().findings if each.about == about]
        return found


@contextmanager
def refused(code: str) -> Iterator[None]:
    """The state does not allow it, and the code says why."""
    with pytest.raises(Conflict) as caught:
        yield
    assert caught.value.code == code


@contextmanager
def domain_stage(
    name: str = "sakura.example", workspace: str = "さくら市役所"
) -> Iterator[DomainStage]:
    """An office whose DNS knows nothing but a mail server yet."""
    office = make_workspace(workspace)
    alice = make_actor(office, Role.OWNER, email=f"alice-{office.pk}@office.example")
    with asked_by_the_product({name: {"MX": [f"10 mx.{name}."]}}) as names:
        yield DomainStage(
            workspace=office, alice=alice, domain=add_domain(alice, name=name), names=names
        )
