"""What the DNS says, judged without a name server; and everything that may be found has its words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatobin.deliverability.rules import (
    UNKNOWN,
    Answers,
    Asked,
    Finding,
    judge,
    questions,
    takes_bounces,
)
from hatobin.deliverability.words import words_of
from hatobin.wire.authentication import parse_dmarc
from hatobin.wire.dkim import Publication, publication_of

KEY = Asked(id="k", name="h._domainkey.news.example.jp", algorithm="rsa", public="MIIB")
TEXTS = st.lists(
    st.text(max_size=40)
    | st.sampled_from(["v=DMARC1; p=none", "v=spf1 -all", "v=spf1 all", "v=DKIM1; p=MIIB", "0 ."]),
    max_size=3,
)


@given(st.lists(TEXTS | st.none(), min_size=7, max_size=7))
def test_whatever_is_answered_has_a_judgement_and_words(records: list[list[str] | None]) -> None:
    asked = list(dict.fromkeys(questions("news.example.jp", "b.example.jp", [KEY])))
    assert len(asked) == 7
    answers = Answers(
        found={each: tuple(texts) for each, texts in zip(asked, records, strict=True) if texts},
        failed=frozenset(each for each, texts in zip(asked, records, strict=True) if texts is None),
    )
    found = judge("news.example.jp", "b.example.jp", [KEY], answers)
    assert [each.about for each in found] == ["dkim", "spf", "mx", "dmarc"]
    for each in found:
        said = words_of(each)
        assert said.level in {"good", "care", "bad", "unknown"}
        assert str(said.text)
        assert said.advice or said.level == "good"
        assert "%(" not in f"{said.text}{said.advice}"
        assert (said.level == "unknown") == (each.code == UNKNOWN)
        assert Finding.from_json(each.to_json()) == each


def test_a_name_that_nobody_could_look_up_is_not_a_missing_one() -> None:
    asked = list(questions("example.jp", "example.jp", [KEY]))
    nobody = judge("example.jp", "example.jp", [KEY], Answers(failed=frozenset(asked)))
    assert {each.code for each in nobody} == {UNKNOWN}
    assert takes_bounces(nobody[2]) is None
    nothing = judge("example.jp", "example.jp", [KEY], Answers())
    assert {each.code for each in nothing} == {"missing"}
    assert takes_bounces(nothing[2]) is False


def test_an_address_takes_bounces_where_there_is_no_mx() -> None:
    answers = Answers(found={("example.jp", "AAAA"): ("2001:db8::1",)})
    mx = judge("example.jp", "example.jp", [], answers)[1]
    assert (mx.code, takes_bounces(mx)) == ("address", True)


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("v=DMARC1; p=none", "none"),
        ("v=DMARC1;P=Reject;", "reject"),
        (" v = DMARC1 ; p = quarantine ; rua=mailto:a@example.jp", "quarantine"),
        ("v=DMARC1", None),
        ("v=DMARC2; p=none", None),
        ("p=none; v=DMARC1", None),
        ("v=DMARC1; p=", None),
        ("", None),
    ],
)
def test_dmarc_is_read_as_receivers_do(text: str, policy: str | None) -> None:
    found = parse_dmarc(text)
    assert (found.policy if found else None) == policy


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (["v=DKIM1; k=rsa; p=MI IB"], Publication.PUBLISHED),
        (["p=MIIB"], Publication.PUBLISHED),
        (["v=DKIM1; t=y:s; p=MIIB"], Publication.TESTING),
        (["v=DKIM1; k=ed25519; p=MIIB"], Publication.DIFFERENT),
        (["v=DKIM1; p=miib"], Publication.DIFFERENT),
        (["v=DKIM1; p=MIIB; s=other"], Publication.UNUSABLE),
        (["v=DKIM1; p=MIIB; h=sha1"], Publication.UNUSABLE),
        (["v=DKIM1; p=MIIB", "v=DKIM1; p=MIIB; n=twice"], Publication.SEVERAL),
        (["v=DKIM1; k=rsa"], Publication.UNREADABLE),
        (['"v=DKIM1; p=MIIB"'], Publication.UNREADABLE),
        ([], Publication.MISSING),
    ],
)
def test_only_the_key_itself_counts_as_published(texts: list[str], found: Publication) -> None:
    assert publication_of(texts, "rsa", "MIIB") is found
    assert found.lets_sign == (found in {Publication.PUBLISHED, Publication.TESTING})
