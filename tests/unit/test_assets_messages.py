"""The translation tool: what it finds, what it keeps, what it refuses to pass."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def tool(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up by name
    spec.loader.exec_module(module)
    return module


words = tool("messages")

PYTHON = """
from django.utils import translation
from django.utils.translation import gettext_lazy as _, ngettext, pgettext_lazy as named

TITLE = _("Lists " "and people")
STEP = named("step", "Check")

def many(n):
    return ngettext("%(n)s letter", "%(n)s letters", n), translation.gettext("Direct")

def other(text):
    return _(text)
"""
HTML = """{% load i18n %}<h1>{% translate "Welcome" %}</h1>
{% blocktranslate trimmed count counter=n %}
  One person
{% plural %}
  {{ counter }} people
{% endblocktranslate %}
{% include "x.html" with title=_("In an argument") %}
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package with one Python file and one template."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "views.py").write_text(PYTHON, encoding="utf-8")
    (tmp_path / "templates" / "page.html").write_text(HTML, encoding="utf-8")
    return tmp_path


def merge(package: Path, texts: dict[str, str]) -> None:
    file = package / "words.json"
    file.write_text(json.dumps(texts), encoding="utf-8")
    assert words.merge(package, file) == 0


def test_texts_are_found_in_python_and_templates(package: Path) -> None:
    found = {(m.context, m.msgid, m.plural) for m in words.messages(package)}
    assert found == {
        ("", "Lists and people", ""),
        ("step", "Check", ""),
        ("", "%(n)s letter", "%(n)s letters"),
        ("", "Direct", ""),
        ("", "Welcome", ""),
        ("", "One person", "%(counter)s people"),
        ("", "In an argument", ""),
    }


def test_a_complete_catalogue_passes_and_is_the_same_after_another_extract(package: Path) -> None:
    words.extract(package)
    merge(
        package,
        {
            "Lists and people": "配信リストと読者",
            "step\u0004Check": "確認",
            "%(n)s letter|||%(n)s letters": "%(n)s通",
            "Direct": "直接",
            "Welcome": "ようこそ",
            "One person|||%(counter)s people": "%(counter)s人",
            "In an argument": "引数の中",
        },
    )
    assert list(words.problems(package)) == []
    catalogue = package / "locale/ja/LC_MESSAGES/django.po"
    before = catalogue.read_text(encoding="utf-8")
    words.extract(package)
    assert catalogue.read_text(encoding="utf-8") == before
    assert "POT-Creation-Date" not in before
    assert "page.html" not in before


def test_words_that_are_gone_leave_and_the_others_stay(package: Path) -> None:
    words.extract(package)
    merge(package, {"Welcome": "ようこそ", "Direct": "直接"})
    page = package / "templates" / "page.html"
    page.write_text('{% load i18n %}{% translate "Hello" %}', encoding="utf-8")
    words.extract(package)
    kept = {entry.msgid: entry.msgstr for entry in words.load(package, "ja")}
    assert "Welcome" not in kept
    assert kept["Direct"] == "直接"
    assert kept["Hello"] == ""


def test_what_is_missing_or_differs_is_named(package: Path) -> None:
    words.extract(package)
    merge(package, {"%(n)s letter|||%(n)s letters": "%(count)s通", "Welcome": "%(who)sさん"})
    said = "\n".join(words.problems(package))
    assert "no Japanese for: 'Direct'" in said
    assert "placeholders differ (%(count)s): '%(n)s letter'" in said
    assert "placeholders differ (%(who)s): 'Welcome'" in said


def test_a_japanese_msgid_is_refused(package: Path) -> None:
    page = package / "templates" / "page.html"
    page.write_text('{% load i18n %}{% translate "ようこそ" %}', encoding="utf-8")
    assert "msgid is not English: 'ようこそ'" in "\n".join(words.problems(package))


def test_a_broken_file_is_told_and_changes_nothing(
    package: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (package / "words.json").write_text("{", encoding="utf-8")
    assert words.merge(package, package / "words.json") == 1
    assert "words.json" in capsys.readouterr().err
    assert not (package / "locale").exists()


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("<p>Welcome</p>", "Welcome"),
        ("<p>ようこそ</p>", "ようこそ"),
        ('<img alt="A dove">', "A dove"),
        ('<input placeholder="名前">', "名前"),
        ('<button aria-label="Close">x</button>', "Close"),
        ('{% include "x.html" with title="Welcome" %}', "Welcome"),
    ],
)
def test_bare_words_in_a_template_are_found(template: str, expected: str) -> None:
    assert list(words.bare_words(template)) == [(1, expected)]


@pytest.mark.parametrize(
    "template",
    [
        '<p>{% translate "Welcome" %}</p>',
        "<p>{% blocktranslate %}Welcome {{ name }}{% endblocktranslate %}</p>",
        '<img alt="{% translate "A dove" %}">',
        '<p translate="no">Hatobin <b>鳩便</b></p>',
        "{# a note #}{% comment %}Words{% endcomment %}",
        '{% include "x.html" with title=_("Welcome") url="#here" %}',
        '<button title="{% translate "Bold" %} (Ctrl+B)">B</button> (CSV)',
        '<input placeholder="https://www.example.jp/">',
        "<code>smtp.example.jp</code> 1,000 / 2 &nbsp;",
        "{% if a %}<a href='x'>{% else %}<span>{% endif %}{{ b }}{% if a %}</a>{% else %}</span>{% endif %}",
    ],
)
def test_words_that_are_translated_or_meant_as_they_are_pass(template: str) -> None:
    assert list(words.bare_words(template)) == []


def test_compiling_makes_what_django_reads(package: Path) -> None:
    words.extract(package)
    merge(package, {"Welcome": "ようこそ"})
    assert words.compile_all(package) == 0
    for language in ("ja", "en"):
        folder = package / "locale" / language / "LC_MESSAGES"
        assert {path.name for path in folder.iterdir()} == {"django.po", "django.mo"}
