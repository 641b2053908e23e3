"""What the parts of a page decide: steps, meters, page numbers, fields."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django import forms
from django.template import Context, Template
from django.utils import translation
from django.utils.safestring import mark_safe

from hatobin.campaigns.rules import Steps
from hatobin.console import parts
from hatobin.console.templatetags import hatobin_ui


class LetterForm(forms.Form):
    subject = forms.CharField(label="Subject", help_text="Short")
    note = forms.CharField(label="Note", required=False)
    kind = forms.ChoiceField(choices=(("a", "A"), ("b", "B")), widget=forms.RadioSelect)
    file = forms.FileField(required=False)
    secret = forms.CharField(widget=forms.HiddenInput)


def steps(**done: bool) -> Steps:
    every = dict.fromkeys(("people", "letter", "check", "send", "result"), False)
    return Steps(**(every | done))


def html(source: str, **context: Any) -> str:
    return Template("{% load hatobin_ui %}" + source).render(Context(context))


def test_a_draft_opens_only_the_steps_that_make_sense() -> None:
    opened = {each.key: each.open for each in parts.steps("people", steps())}
    assert not any(opened.values()), "nothing is chosen yet, and one is here already"
    opened = {
        each.key: each.open for each in parts.steps("letter", steps(people=True, letter=True))
    }
    assert opened == {"people": True, "letter": False, "check": True, "send": True, "result": False}


def test_a_clean_check_is_complete_and_closes_nothing() -> None:
    done = steps(people=True, letter=True, check=True)
    shown = {each.key: each for each in parts.steps("send", done)}
    assert shown["check"].done
    assert [key for key, each in shown.items() if each.open] == ["people", "letter", "check"]


def test_a_released_letter_opens_only_its_result() -> None:
    done = steps(people=True, letter=True, check=True, send=True)
    assert [each.key for each in parts.steps("check", done) if each.open] == ["result"]


def test_a_meter_adds_up_and_survives_nothing() -> None:
    found = parts.segments(10, ("good", "Accepted", 9, "bad", "Refused", 1))
    assert [(s.start, s.width) for s in found] == [("0.000%", "90.000%"), ("90.000%", "10.000%")]
    assert parts.segments(0, ("good", "Accepted", 0))[0].width == "0%"
    shown = html('{% meter 1000 "good" "Accepted" 999 "bad" "Refused" 1 %}')
    assert "999 + 1 = 1,000" in shown
    assert "style=" not in shown


@pytest.mark.parametrize(
    ("page", "pages", "expected"),
    [
        (1, 1, [1]),
        (1, 3, [1, 2, 3]),
        (4, 25, [1, 2, 3, 4, 5, 0, 25]),
        (12, 25, [1, 0, 11, 12, 13, 0, 25]),
        (25, 25, [1, 0, 24, 25]),
    ],
)
def test_page_numbers_show_the_ends_and_the_neighbours(
    page: int, pages: int, expected: list[int]
) -> None:
    assert parts.page_numbers(page, pages) == expected


def test_a_field_says_its_help_and_its_error_to_a_screen_reader() -> None:
    form = LetterForm({"kind": "a", "secret": "x"})
    assert not form.is_valid()
    shown = html("{% field form.subject %}", form=form)
    assert 'aria-describedby="id_subject_help id_subject_error"' in shown
    assert 'aria-invalid="true"' in shown
    assert 'id="id_subject_error"' in shown
    fine = html("{% field form.note %}", form=form)
    assert "aria-invalid" not in fine
    assert "required" not in fine


def test_each_widget_gets_its_own_shape() -> None:
    form = LetterForm()
    kinds = {name: parts.field_kind(form[name]) for name in form.fields}
    assert kinds == {
        "subject": "control",
        "note": "control",
        "kind": "choices",
        "file": "drop",
        "secret": "hidden",
    }
    assert "<legend" in html("{% field form.kind %}", form=form)


def test_the_error_list_names_fields_and_keeps_quiet_for_a_fresh_form() -> None:
    assert html("{% form_errors form %}", form=LetterForm()).strip() == ""
    shown = html("{% form_errors form %}", form=LetterForm({"kind": "a", "secret": "x"}))
    assert 'href="#id_subject"' in shown
    assert "data-focus" in shown


def test_an_error_of_a_hidden_field_is_still_said() -> None:
    form = LetterForm({"subject": "x", "kind": "a"})
    shown = html("{% form_errors form %}", form=form)
    assert str(form.errors["secret"][0]) in shown
    assert "<a " not in shown


def test_text_from_people_is_never_markup() -> None:
    shown = html('{% tab "/x" label %}{% crumbs label "/y" label %}', label="<b>花子</b>")
    assert "<b>" not in shown


def test_dates_are_written_as_the_language_writes_them() -> None:
    moment = datetime(2026, 11, 24, 5, 5, tzinfo=UTC)
    with translation.override("ja"):
        assert "2026年11月24日(火) 14:05<" in hatobin_ui.when(moment)
    with translation.override("en"):
        assert "Tue 24 Nov 2026, 14:05<" in hatobin_ui.when(moment)
    assert hatobin_ui.when(None) == ""


def test_every_state_of_a_letter_has_a_look() -> None:
    from hatobin.audience.models import ImportState
    from hatobin.campaigns.rules import Status
    from hatobin.delivery.models import DeliveryState

    for value in [*Status, *DeliveryState.values, *ImportState.values]:
        assert parts.state_look(value)[2] != value, value


def test_sentences_in_a_row_have_no_gap_after_a_japanese_one() -> None:
    shown = "{% in_a_row first second link %}"
    link = mark_safe('<a href="/">x</a>')
    assert (
        html(shown, first="終わり。", second="<b>", link=link)
        == '終わり。&lt;b&gt; <a href="/">x</a>'
    )
    assert html(shown, first="One.", second="Two.", link="") == "One. Two."
