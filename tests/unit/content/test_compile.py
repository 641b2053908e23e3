"""From a draft to a letter that can be merged: what is refused, what is added, what cannot be removed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hatobin.common.errors import Invalid
from hatobin.content.compile import compile_letter
from hatobin.content.footer import UNSUBSCRIBE
from hatobin.content.letters import CompiledLetter, LegalFooter, LetterDraft
from hatobin.content.merge import Merger

FOOTER = LegalFooter(
    organisation="さくら市役所", postal_address="さくら市中央1-1", contact="広報課 00-0000"
)
FIELDS = ("氏名", "会社 名", "会員番号", "URL")
DRAFT = LetterDraft(subject="{{ 氏名 }}様", html="<p>{{ 氏名 }} 様</p><p>こんにちは。</p>")
LINK = "https://hatobin.example/u/" + "x" * 38


def compiled(**changes: Any) -> CompiledLetter:
    return compile_letter(
        replace(DRAFT, **changes),
        kind="notice",
        language="ja",
        field_names=FIELDS,
        footer=FOOTER,
    )


def refusal(**changes: Any) -> Invalid:
    with pytest.raises(Invalid) as caught:
        compiled(**changes)
    return caught.value


def test_both_parts_end_with_the_footer_of_the_law() -> None:
    letter = compiled()
    for part in (letter.text, letter.html):
        for fact in ("さくら市役所", "さくら市中央1-1", "広報課 00-0000"):
            assert fact in part
        statement = part.index("配信を停止できます。")
        # The link stands directly behind the statement that one may refuse.
        assert 0 < part.index(UNSUBSCRIBE, statement) - statement < 40


@pytest.mark.parametrize(
    "html",
    [
        "<p>本文</p><div style='display:none'>",
        "<p>本文</p><!--",
        "<p>本文</p><textarea>",
        "<p>本文</p><style>a{display:none}",
        "<table><tr><td>本文",
        "<p>本文</p></body></html><template>",
        "<p>本文</p>{% comment %}",
    ],
    ids=["hidden block", "comment", "textarea", "style", "table", "template", "liquid comment"],
)
def test_nothing_in_the_letter_swallows_the_footer(html: str) -> None:
    try:
        letter = compiled(html=html)
    except Invalid:
        assert "{%" in html  # refused whole: nothing leaves without its footer
        return
    made = Merger(letter).merge({"氏名": "山田"}, unsubscribe_url=LINK)
    body, _mark, footer = made.html.rpartition("<hr")
    assert LINK in footer
    for tag in ("div", "p", "table", "td"):
        assert body.count(f"<{tag}") - body.count(f"</{tag}>") <= (1 if tag == "div" else 0), tag


def test_braces_in_the_footer_are_no_merge_field() -> None:
    odd = replace(FOOTER, contact="{{ 氏名 }}")
    letter = compile_letter(DRAFT, kind="notice", language="ja", field_names=FIELDS, footer=odd)
    made = Merger(letter).merge({"氏名": "山田"}, unsubscribe_url=LINK)
    assert "｛｛ 氏名 ｝｝" in made.text


@pytest.mark.parametrize("missing", ["organisation", "postal_address", "contact"])
def test_without_a_legal_fact_there_is_no_letter(missing: str) -> None:
    with pytest.raises(Invalid) as caught:
        compile_letter(
            DRAFT,
            kind="marketing",
            language="ja",
            field_names=FIELDS,
            footer=replace(FOOTER, **{missing: " "}),
        )
    assert caught.value.code == "footer-incomplete"


def test_a_letter_needs_a_subject_and_a_body() -> None:
    assert (refusal(subject=" ").code, refusal(subject=" ").field) == ("subject-missing", "subject")
    for nothing in ("", "<p> </p>", "<p><br></p>", "<script>x</script>"):
        assert (refusal(html=nothing).code, refusal(html=nothing).field) == ("letter-empty", "html")
    assert refusal(mode="plain", html="", text=" \n").field == "text"


@pytest.mark.parametrize("bad", ["two\nlines", "nul\0", "line\u2028separator", "c1\x85"])
@pytest.mark.parametrize("where", ["subject", "preheader"])
def test_a_line_break_in_a_header_is_refused_and_named(bad: str, where: str) -> None:
    found = refusal(**{where: bad})
    assert (found.code, found.field) == ("control-character", where)


@pytest.mark.parametrize(
    ("where", "text"),
    [("subject", "{{ 指名 }}様"), ("html", "<p>{{ 指名 }}</p>"), ("preheader", "{{指名}}")],
)
def test_an_unknown_merge_name_is_refused_with_the_one_that_was_meant(
    where: str, text: str
) -> None:
    found = refusal(**{where: text})
    assert (found.code, found.field) == ("unknown-merge-name", where)
    assert "氏名" in str(found)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{{ 氏名 | nosuch }}", "unknown-filter"),
        ("{{ 氏名 | }}", "bad-merge-tag"),
        ("{% if 氏名 %}", "bad-merge-tag"),
        ("{% include 'x' %}", "bad-merge-tag"),
        ("{{ 氏名 ", "bad-merge-tag"),
    ],
)
def test_a_broken_merge_field_never_reaches_a_reader(text: str, code: str) -> None:
    found = refusal(subject="x", html=f"<p>{text}</p>")
    assert (found.code, found.field) == (code, "html")


def test_the_plain_part_follows_the_formatted_one_unless_written_by_hand() -> None:
    follows = compiled(html='<h2>題</h2><p>くわしくは <a href="https://a.example/x">こちら</a></p>')
    assert "題" in follows.text
    assert "https://a.example/x" in follows.text
    by_hand = compiled(text="手で書いた文", text_edited=True)
    assert by_hand.text.startswith("手で書いた文")
    assert "こんにちは" not in by_hand.text


def test_a_plain_letter_has_no_html_part() -> None:
    letter = compiled(mode="plain", text="こんにちは {{ 氏名 }} 様")
    assert letter.html == ""
    made = Merger(letter).merge({"氏名": "山田"}, unsubscribe_url=LINK)
    assert made.html == ""
    assert made.text.startswith("こんにちは 山田 様")


def test_a_compiled_letter_survives_its_json() -> None:
    letter = compiled()
    assert CompiledLetter.from_json(letter.to_json()) == letter
