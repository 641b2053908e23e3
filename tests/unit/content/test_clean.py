"""HTML from people, made harmless; links and the plain part read from it."""

from __future__ import annotations

import pytest

from hatobin.content.analysis import html_from_text, links_of, text_from_html
from hatobin.content.clean import clean_document, clean_rich_html, is_document


@pytest.mark.parametrize(
    ("dirty", "gone"),
    [
        ("<p onclick='x()'>a</p>", "onclick"),
        ("<script>x</script><p>a</p>", "script"),
        ("<iframe src='https://x.example'></iframe><p>a</p>", "iframe"),
        ("<form action='/x'><input name=a></form><p>a</p>", "form"),
        ("<p style='position:fixed'>a</p>", "position"),
        ("<p style='background:url(https://x.example)'>a</p>", "url("),
        ("<a href='javascript:x'>a</a>", "javascript"),
        ("<a href='JaVaScRiPt&#58;x'>a</a>", "JaVaScRiPt"),
        ("<img src='http://x.example/a.png' alt='a'>", "http:"),
        ("<img src='cid:x' alt='a'>", "cid"),
        ("<svg><script>x</script></svg><p>a</p>", "svg"),
        ("<!--[if mso]>x<![endif]--><p>a</p>", "mso"),
        ("<meta http-equiv='refresh' content='0;url=x'><p>a</p>", "meta"),
        ("<base href='https://x.example'><p>a</p>", "base"),
        ("<link rel=stylesheet href=x><p>a</p>", "link"),
    ],
)
def test_what_could_harm_a_reader_is_taken_out(dirty: str, gone: str) -> None:
    for cleaned in (clean_rich_html(dirty), clean_document(f"<table><tr><td>{dirty}</table>")):
        assert gone not in cleaned
        assert "a" in cleaned or "img" in dirty


def test_the_small_set_of_formats_survives() -> None:
    html = (
        "<h2>題</h2><p><strong>b</strong><em>i</em><u>u</u></p><ul><li>一</li></ul>"
        '<blockquote>引用</blockquote><p><a href="https://a.example/">a</a></p>'
    )
    assert clean_rich_html(html) == html


def test_a_document_keeps_its_layout_with_its_style_sheet_inlined() -> None:
    html = "<html><head><style>td{color:#333333}</style></head><body><table><tr><td>a</td></tr></table>"
    assert is_document(html)
    cleaned = clean_document(html)
    assert "<table>" in cleaned
    assert "color" in cleaned
    assert "<style" not in cleaned


@pytest.mark.parametrize(
    ("html", "problem"),
    [
        ('<a href="https://a.example/">こちら</a>', None),
        ('<a href="https://a.example/">https://a.example/x</a>', None),
        ('<a href="https://www.a.example/">a.example</a>', None),
        ('<a href="https://evil.example/">https://bank.example/</a>', "other-target"),
        ('<a href="http://a.example/">x</a>', "not-secure"),
        ('<a href="https://">x</a>', "broken"),
        ('<a href="https://a b.example/">x</a>', "broken"),
        ('<a href="#top">x</a>', "broken"),
        ('<a href="mailto:a@b.example">x</a>', None),
        ('<a href="tel:">x</a>', "broken"),
        ('<a href="{{ URL }}">x</a>', None),
    ],
)
def test_each_link_says_what_is_wrong_with_it(html: str, problem: str | None) -> None:
    (link,) = links_of(html, "")
    assert link.problem == problem


def test_links_of_the_plain_part_end_before_japanese_punctuation() -> None:
    links = links_of("", "くわしくは https://a.example/x。（https://b.example/）")
    assert [link.url for link in links] == ["https://a.example/x", "https://b.example/"]


def test_the_plain_part_shows_structure_and_where_links_lead() -> None:
    text = text_from_html(
        '<h2>題</h2><p>一行目<br>二行目</p><ul><li>一</li><li>二</li></ul><p><a href="https://a.example/">詳細</a></p>'
    )
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    assert lines[:3] == ["題", "一行目", "二行目"]
    assert "詳細 ( https://a.example/ )" in text
    assert "\n\n\n" not in text


def test_plain_text_becomes_paragraphs_and_stays_text() -> None:
    assert html_from_text("a <b>\nc\n\nd") == "<p>a &lt;b&gt;<br>c</p><p>d</p>"
