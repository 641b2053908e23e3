"""Use cases that look at the DNS: checking a sending domain, and putting a key to use."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services.access import check_right
from hatobin.common import clock
from hatobin.common.errors import Unavailable
from hatobin.deliverability import queries
from hatobin.deliverability.look_up import look_up
from hatobin.deliverability.rules import Asked, judge, questions, takes_bounces
from hatobin.deliverability.views import DomainView
from hatobin.senders.models import KeyState, SendingDomain
from hatobin.senders.problems import no_key
from hatobin.senders.queries import domains as rows
from hatobin.senders.services import domains, key_use


def check_domain(actor: Actor, domain_id: uuid.UUID) -> DomainView:
    """Asks the DNS about everything that receivers look at, and keeps the answer. Raises NotFound.

    Takes some seconds at most; no transaction is open meanwhile.
    """
    check_right(actor, Right.MANAGE)
    row = rows.domain(actor, domain_id)
    envelope = row.return_path or row.name
    keys = _asked(row)
    answers = look_up(questions(row.name, envelope, keys))
    findings = judge(row.name, envelope, keys, answers)
    bounces = next(takes_bounces(each) for each in findings if each.about == "mx")
    domains.store_check(
        actor,
        domain_id,
        return_path=row.return_path,
        findings=[each.to_json() for each in findings],
        takes_bounces=bounces,
        at=clock.now(),
    )
    return queries.domain(actor, domain_id)


def activate_key(actor: Actor, domain_id: uuid.UUID, key_id: uuid.UUID) -> DomainView:
    """Signs with a key from now on, once the DNS was seen to publish it.

    Raises NotFound, Conflict (not published, out of use, Ed25519 alone), Unavailable when the name
    service gave no answer.
    """
    check_right(actor, Right.MANAGE)
    row = rows.domain(actor, domain_id)
    key = next((each for each in row.keys.all() if each.pk == key_id), None)
    if key is None:
        raise no_key()
    published = look_up([(key.record_name, "TXT")]).of(key.record_name, "TXT")
    if published is None:
        raise Unavailable(
            "name-service",
            _("The name service gave no answer."),
            advice=_(
                "Try again in a few minutes. If it stays, ask whoever runs this installation."
            ),
        )
    key_use.activate(actor, domain_id, key_id, published=published)
    return check_domain(actor, domain_id)


def _asked(row: SendingDomain) -> list[Asked]:
    return [
        Asked(id=str(key.pk), name=key.record_name, algorithm=key.algorithm, public=key.public)
        for key in row.keys.all()
        if key.state != KeyState.RETIRED
    ]
