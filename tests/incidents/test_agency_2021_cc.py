"""A government agency, 2021: 400 press addresses stood in Cc instead of Bcc.

Here there is neither. Who tries to smuggle a Cc line in, through the subject, a sender's name or a cell
of the list, is refused before anything is stored; and what leaves is read back from the wire.
"""

from __future__ import annotations

import pytest
from tests.incidents.office import assert_alone, letter_to, readers, relay, send
from tests.integration.campaigns.stage import make_stage

from hatobin.audience.services import imports, uploads
from hatobin.audience.services.imports import ImportChoice
from hatobin.campaigns import queries
from hatobin.campaigns.services import drafts
from hatobin.common.errors import Invalid
from hatobin.content.letters import LetterDraft
from hatobin.senders.services import save_identity

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = readers(400)
CC = "Cc: " + ", ".join(address for address, _fields in PEOPLE)


@pytest.mark.parametrize("line_break", ["\r\n", "\n", "\r", "\u2028", "\x0b"])
def test_a_cc_line_in_the_subject_is_refused(line_break: str) -> None:
    stage = make_stage(PEOPLE[:3])
    row = drafts.create(stage.alice, "会見")
    smuggled = LetterDraft(mode="plain", subject=f"会見{line_break}{CC}", text="本文")
    with pytest.raises(Invalid):
        drafts.save_letter(stage.alice, row.id, row.revision, smuggled, stage.identity.pk, "notice")
    assert queries.campaign(stage.alice, row.id).letter.subject == ""


def test_a_cc_line_in_a_senders_name_is_refused() -> None:
    stage = make_stage(PEOPLE[:3])
    with pytest.raises(Invalid):
        save_identity(stage.alice, display_name=f"報道室\r\n{CC}", address="news@office.example")


def test_a_cc_line_in_a_cell_of_the_list_never_becomes_a_person() -> None:
    stage = make_stage(PEOPLE[:3])
    file = f'メールアドレス,氏名\r\nhanako@press.example,"花子\r\n{CC}"\r\n太郎,太郎\r\n'
    upload = uploads.stage_upload(stage.alice, file_name="press.csv", data=file.encode())
    shown = uploads.preview(stage.alice, upload.pk)
    choice = ImportChoice(mapping=shown.proposal.mapping(), basis="consent", list_name="記者")
    imports.start_import(stage.alice, upload.pk, choice, queue=False)
    imports.run_import(upload.pk)
    upload.refresh_from_db()
    assert (upload.state, upload.added, upload.refused) == ("failed", 0, 2)


def test_the_400_are_told_one_by_one_and_no_header_names_a_second_reader() -> None:
    stage = make_stage(PEOPLE)
    with relay(stage) as sink:
        send(stage, letter_to(stage))
        assert len(sink.envelopes) == 400
        assert_alone(sink.envelopes, PEOPLE)
        for envelope in sink.envelopes:
            head = envelope.data.split(b"\r\n\r\n", 1)[0].lower()
            assert b"\r\ncc:" not in head
            assert b"\r\nbcc:" not in head
