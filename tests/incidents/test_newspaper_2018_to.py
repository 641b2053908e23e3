"""A newspaper, 2018: somebody pasted 400 addresses into the To field. Everybody saw everybody.

Here there is no To field. The few places that take an address take one; a list of people is a list, and
each of them gets a letter of their own.
"""

from __future__ import annotations

from dataclasses import fields

import pytest
from tests.incidents.office import assert_alone, letter_to, readers, relay, send
from tests.integration.campaigns.stage import make_stage

from hatobin.campaigns.services import testing
from hatobin.common.errors import Invalid
from hatobin.content.letters import LetterDraft
from hatobin.delivery.models import Delivery
from hatobin.senders.services import save_identity

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = readers(400)


def test_a_letter_has_no_field_for_recipients() -> None:
    names = {each.name for each in fields(LetterDraft)}
    assert not names & {"to", "cc", "bcc", "recipients"}


@pytest.mark.parametrize("separator", [", ", "; ", "\r\n", " ", "、"])
def test_pasting_400_addresses_where_one_is_expected_is_refused(separator: str) -> None:
    stage = make_stage(PEOPLE[:3])
    pasted = separator.join(address for address, _fields in PEOPLE)
    letter = letter_to(stage)
    with pytest.raises(Invalid) as refused:
        testing.send_test(stage.alice, letter.id, recipient=pasted)
    assert refused.value.code == "bad-address"
    own = "news@office.example"
    for address, reply_to in ((pasted, ""), (own, pasted)):
        with pytest.raises(Invalid):
            save_identity(stage.alice, display_name="報道部", address=address, reply_to=reply_to)
    assert not Delivery.objects.of(stage.workspace.pk).exists()


def test_the_400_get_a_letter_each_and_nobody_sees_anybody() -> None:
    stage = make_stage(PEOPLE)
    with relay(stage) as sink:
        send(stage, letter_to(stage))
        assert len(sink.envelopes) == 400
        assert_alone(sink.envelopes, PEOPLE)
        assert sink.counters.most_recipients == 1
