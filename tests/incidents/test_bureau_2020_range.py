"""A city bureau, 2020: a range of cells was picked by hand, one row off; 55 people were affected.

Here nobody picks a range. A file is read whole, the preview says how many rows there are, every row is
accounted for after the import, and the number is asked for once more before anything leaves.
"""

from __future__ import annotations

import pytest
from tests.incidents.office import as_csv, letter_to, parsed, readers, relay, send
from tests.integration.campaigns.stage import Stage, make_stage

from hatobin.audience import queries as audience
from hatobin.audience.services import imports, uploads
from hatobin.audience.services.imports import ImportChoice
from hatobin.campaigns.services import checks, drafts, release
from hatobin.common.errors import Invalid
from hatobin.delivery.models import Delivery

pytestmark = pytest.mark.django_db(transaction=True)

WHOLE = readers(300, "citizens.example")


def imported(stage: Stage, data: bytes, name: str) -> audience.ImportStatus:
    upload = uploads.stage_upload(stage.alice, file_name="名簿.csv", data=data)
    shown = uploads.preview(stage.alice, upload.pk)
    choice = ImportChoice(mapping=shown.proposal.mapping(), basis="consent", list_name=name)
    imports.start_import(stage.alice, upload.pk, choice, queue=False)
    imports.run_import(upload.pk)
    return audience.import_status(stage.alice, upload.pk)


def test_every_row_of_the_file_is_accounted_for() -> None:
    stage = make_stage(readers(1))
    extra = "not an address,誤りさん\r\n" + f"{WHOLE[0][0].upper()},重複さん\r\n"
    done = imported(stage, as_csv(WHOLE) + extra.encode("cp932"), "市民")
    assert (done.rows, done.added, done.duplicates, done.refused) == (302, 300, 1, 1)
    assert done.rows == done.added + done.changed + done.unchanged + done.duplicates + done.refused


def test_name_and_address_of_one_row_stay_together_on_the_wire() -> None:
    stage = make_stage(readers(1))
    done = imported(stage, as_csv(WHOLE), "市民")
    row = letter_to(stage)
    assert done.list_id is not None
    row = drafts.save_people(stage.alice, row.id, row.revision, done.list_id)
    with relay(stage) as sink:
        send(stage, row)
        names = {address: fields["氏名"] for address, fields in WHOLE}
        got = {each.rcpts[0]: each for each in sink.envelopes}
        assert got.keys() == names.keys()
        for address, envelope in got.items():
            body = parsed(envelope).get_body(("plain",))
            assert body is not None
            assert body.get_content().startswith(f"{names[address]} 様")


def test_a_file_cut_to_55_rows_does_not_pass_for_the_300_that_were_meant() -> None:
    stage = make_stage(readers(1))
    cut = imported(stage, as_csv(WHOLE[100:155]), "市民")
    assert cut.list_id is not None
    row = letter_to(stage)
    row = drafts.save_people(stage.alice, row.id, row.revision, cut.list_id)
    check = checks.check(stage.alice, row.id)
    assert check.sendable == 55
    with pytest.raises(Invalid) as refused:
        release.release(stage.alice, row.id, typed_number=300, seal=check.seal)
    assert refused.value.params == {"typed": "300", "sendable": "55"}
    assert not Delivery.objects.of(stage.workspace.pk).exists()
