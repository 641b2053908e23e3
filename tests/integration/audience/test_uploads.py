"""Uploading: what is no list is refused at once, what is one is kept sealed until its columns are confirmed."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.conf import settings
from tests.integration.audience.story import csv_file, dump, many_people, staged

from hatobin.accounts.rules import Actor
from hatobin.audience.models import Field, Import, ImportState, UploadChunk
from hatobin.audience.services.uploads import KEEP_STAGED, preview, purge_uploads, stage_upload
from hatobin.audience.sheets import Override
from hatobin.common import clock
from hatobin.common.errors import Conflict, Invalid, NotFound

HANAKO = csv_file([("hanako@example.jp", "山田花子")])


def test_a_file_is_stored_in_sealed_pieces_of_one_mebibyte(actor: Actor) -> None:
    data = many_people(60_000)
    assert len(data) > 1024 * 1024
    upload = stage_upload(actor, file_name="C:\\机\\会員.csv", data=io.BytesIO(data))

    assert upload.state == ImportState.STAGED
    assert UploadChunk.objects.of(actor.workspace_id).count() == -(-len(data) // (1024 * 1024))
    assert "p59999@example.jp" not in dump()
    assert preview(actor, upload.pk).file_name == "会員.csv"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty-file"),
        ("メールアドレス,氏名\r\n".encode(), "no-rows"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "wrong-type"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "wrong-type"),
    ],
)
def test_what_is_no_list_is_refused_with_a_sentence_and_nothing_is_stored(
    actor: Actor, data: bytes, code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        staged(actor, data)

    assert (refused.value.code, refused.value.field) == (code, "file")
    assert refused.value.message
    assert refused.value.advice
    assert not Import.objects.of(actor.workspace_id).exists()


def test_a_file_over_the_limit_is_refused_before_it_is_read_to_its_end(actor: Actor) -> None:
    class Endless(io.RawIOBase):
        taken = 0

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            self.taken += size
            return b"a" * size

    stream = Endless()
    with pytest.raises(Invalid) as refused:
        stage_upload(actor, file_name="big.csv", data=stream)  # type: ignore[arg-type]

    limit = settings.HATOBIN.upload_limit_mb
    assert refused.value.code == "too-large"
    assert str(limit) in refused.value.message
    assert stream.taken == limit * 1024 * 1024 + 1


def test_the_preview_shows_real_rows_and_proposes_columns(actor: Actor) -> None:
    data = csv_file(
        [("1", "hanako@example.jp", "山田花子", "ﾔﾏﾀﾞ ﾊﾅｺ")],
        header=("No.", "メールアドレス", "氏名", "フリガナ"),
    )
    shown = preview(actor, staged(actor, data).pk)

    assert shown.preview.rows[0].cells[2] == "山田花子"
    assert shown.proposal.address == 1
    plans = {plan.label: plan for plan in shown.proposal.columns}
    assert (plans["氏名"].use, plans["氏名"].name, plans["氏名"].personal) == (True, "氏名", True)
    assert plans["フリガナ"].kind == "kana"
    assert not plans["メールアドレス"].use


def test_a_column_named_like_a_field_becomes_that_field(actor: Actor) -> None:
    Field.objects.create(
        workspace_id=actor.workspace_id, name="会員区分", kind="company", personal=False
    )
    data = csv_file([("hanako@example.jp", "正会員")], header=("メール", "会員区分"))
    plan = preview(actor, staged(actor, data).pk).proposal.columns[1]

    assert (plan.existing, plan.kind, plan.personal) == (True, "company", False)


def test_labels_that_cannot_be_merge_names_are_proposed_without_what_is_wrong(actor: Actor) -> None:
    header = ("メール", "氏名\n(漢字)", "{{x}}", "", "hatobin")
    data = csv_file([("hanako@example.jp", "花子", "a", "b", "c")], header=header)
    names = [plan.name for plan in preview(actor, staged(actor, data).pk).proposal.columns]

    assert names[1:] == ["氏名 (漢字)", "x", names[3], "列5"]
    assert len(set(names)) == len(names)


def test_the_person_corrects_how_the_file_is_read(actor: Actor) -> None:
    text = "山田会\r\n氏名;メール\r\n髙橋①;taro@example.jp\r\n"
    upload = staged(actor, text.encode("cp932"))
    override = Override(encoding="cp932", delimiter=";", header_row=2)
    shown = preview(actor, upload.pk, override)

    assert [column.label for column in shown.preview.columns] == ["氏名", "メール"]
    assert shown.preview.rows[0].cells == ("髙橋①", "taro@example.jp")
    with pytest.raises(Invalid) as refused:
        preview(actor, upload.pk, Override(encoding="utf-8"))
    assert refused.value.code == "undecodable"


def test_another_workspace_finds_no_such_upload(actor: Actor, stranger: Actor) -> None:
    upload = staged(actor, HANAKO)
    with pytest.raises(NotFound):
        preview(stranger, upload.pk)


def test_an_upload_that_nobody_confirms_is_forgotten_after_a_day(actor: Actor) -> None:
    old, new, failed = (staged(actor, HANAKO) for _ in range(3))
    rows = Import.objects.of(actor.workspace_id)
    rows.filter(pk=failed.pk).update(state=ImportState.FAILED)
    past = clock.now() - KEEP_STAGED - timedelta(minutes=1)
    rows.exclude(pk=new.pk).update(created_at=past)

    assert purge_uploads() == 2
    assert set(rows.values_list("pk", flat=True)) == {new.pk, failed.pk}
    assert set(UploadChunk.objects.of(actor.workspace_id).values_list("upload", flat=True)) == {
        new.pk
    }
    with pytest.raises(NotFound):
        preview(actor, old.pk)
    with pytest.raises(Conflict) as gone:
        preview(actor, failed.pk)
    assert gone.value.code == "upload-gone"
