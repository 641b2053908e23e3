"""The wrong file was picked: another office's list, with the same columns and the same look.

Here real rows are shown before anything is stored, the letters of real people are shown before anything
is sent, a letter that was checked for one list cannot be released for another, and the number that the
person has in mind must be the number of letters.
"""

from __future__ import annotations

import pytest
from tests.incidents.office import as_csv, letter_to, readers
from tests.integration.campaigns.stage import Stage, make_stage

from hatobin.audience import queries as audience
from hatobin.audience.models import Contact
from hatobin.audience.services import imports, uploads
from hatobin.audience.services.imports import ImportChoice
from hatobin.campaigns.services import checks, drafts, release
from hatobin.common.errors import Conflict, Invalid
from hatobin.delivery.models import Delivery

pytestmark = pytest.mark.django_db

OURS = readers(120, "library.example")
THEIRS = [
    (f"patient{i}@clinic.example", {"氏名": f"通院{'甲乙丙丁'[i % 4]}{i}"}) for i in range(1003)
]


def staged(stage: Stage, data: bytes) -> uploads.UploadPreview:
    upload = uploads.stage_upload(stage.alice, file_name="名簿.csv", data=data)
    return uploads.preview(stage.alice, upload.pk)


def imported(stage: Stage, shown: uploads.UploadPreview) -> audience.ImportStatus:
    choice = ImportChoice(mapping=shown.proposal.mapping(), basis="consent", list_name="送り先")
    imports.start_import(stage.alice, shown.import_id, choice, queue=False)
    imports.run_import(shown.import_id)
    return audience.import_status(stage.alice, shown.import_id)


def test_the_preview_shows_other_names_and_another_size_before_anything_is_stored() -> None:
    stage = make_stage(OURS)
    before = Contact.objects.of(stage.workspace.pk).count()
    ours, theirs = staged(stage, as_csv(OURS)), staged(stage, as_csv(THEIRS))
    assert "山田花子000" in str(ours.preview)
    assert "通院甲0" in str(theirs.preview)
    assert "山田花子000" not in str(theirs.preview)
    assert ours.preview.total_rows != theirs.preview.total_rows
    assert Contact.objects.of(stage.workspace.pk).count() == before


def test_the_check_shows_the_others_letters_and_their_number() -> None:
    stage = make_stage(OURS)
    wrong = imported(stage, staged(stage, as_csv(THEIRS)))
    assert wrong.list_id is not None
    letter = letter_to(stage)
    letter = drafts.save_people(stage.alice, letter.id, letter.revision, wrong.list_id)
    check = checks.check(stage.alice, letter.id)
    assert check.sendable == 1003
    first = checks.preview(stage.alice, letter.id, 0)
    assert first.address == "patient0@clinic.example"
    assert "通院甲0 様" in first.text
    with pytest.raises(Invalid) as refused:
        release.release(stage.alice, letter.id, typed_number=120, seal=check.seal)
    assert refused.value.params == {"typed": "120", "sendable": "1,003"}
    assert not Delivery.objects.of(stage.workspace.pk).exists()


def test_a_letter_checked_for_one_list_is_not_released_for_another() -> None:
    stage = make_stage(OURS)
    letter = letter_to(stage)
    check = checks.check(stage.alice, letter.id)
    wrong = imported(stage, staged(stage, as_csv(THEIRS)))
    assert wrong.list_id is not None
    drafts.save_people(stage.alice, letter.id, letter.revision, wrong.list_id)
    with pytest.raises(Conflict) as refused:
        release.release(stage.alice, letter.id, typed_number=120, seal=check.seal)
    assert refused.value.params == {"before": "120", "after": "1,003"}
    assert not Delivery.objects.of(stage.workspace.pk).exists()


def test_another_offices_people_added_to_our_list_are_noticed_at_the_release() -> None:
    stage = make_stage(OURS)
    letter = letter_to(stage)
    check = checks.check(stage.alice, letter.id)
    shown = staged(stage, as_csv(THEIRS[:3]))
    choice = ImportChoice(
        mapping=shown.proposal.mapping(), basis="consent", list_id=stage.people.pk
    )
    imports.start_import(stage.alice, shown.import_id, choice, queue=False)
    imports.run_import(shown.import_id)
    with pytest.raises(Conflict) as refused:
        release.release(stage.alice, letter.id, typed_number=120, seal=check.seal)
    assert refused.value.params == {"before": "120", "after": "123"}
