"""Lines of a letter: what nobody sees is refused, what people write with is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hatobin.campaigns.rules import check_draft, checked_name
from hatobin.common.errors import Invalid
from hatobin.content.letters import LetterDraft

DRAFT = LetterDraft(mode="plain", subject="春のお知らせ", text="こんにちは")


@pytest.mark.parametrize(
    "hidden", ["\u202e", "\u2066", "\u200e", "\u200b", "\ufeff", "\u200d", "\n"]
)
def test_hidden_characters_stand_in_no_subject_and_no_name(hidden: str) -> None:
    line = f"春の{hidden}お知らせ"
    for draft, field in (
        (replace(DRAFT, subject=line), "subject"),
        (replace(DRAFT, preheader=line), "preheader"),
        (replace(DRAFT, fallbacks={"氏名": line}), "fallbacks"),
    ):
        with pytest.raises(Invalid) as refused:
            check_draft(draft)
        assert (refused.value.code, refused.value.field) == ("control-character", field)
    with pytest.raises(Invalid):
        checked_name(line)


def test_a_family_and_a_flag_may_stand_in_a_subject() -> None:
    line = "👨\u200d👩\u200d👧 ご家族向け 🏳️\u200d🌈"
    check_draft(replace(DRAFT, subject=line))
    assert checked_name(line) == line
