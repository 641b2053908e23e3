"""Words are tested too: both languages are complete, and Japanese is written the way the house writes it."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "src" / "hatobin"


def messages_tool() -> Any:
    path = ROOT / "tools" / "messages.py"
    spec = importlib.util.spec_from_file_location("messages", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["messages"] = module
    spec.loader.exec_module(module)
    return module


tool = messages_tool()
CATALOGUE = {
    (entry.msgctxt or "", entry.msgid): tool._japanese(entry) for entry in tool.load(PACKAGE, "ja")
}

# What a word is called stands in docs/glossary/words.md; these were other words for the same things.
OTHER_WORDS = {
    "送信経路": "配信経路",
    "送り方": "配信経路",
    "お試し受信箱": "サンドボックス受信箱",
    "取りやめ": "取り消し",
    "購読者": "読者",
    "宛名リスト": "配信リスト",
    "サインイン": "ログイン",
    "Eメール": "メール",
    "下さい": "ください",
    "御座": "ございます",
}


def test_every_text_has_its_japanese() -> None:
    assert list(tool.problems(PACKAGE)) == []


@pytest.mark.parametrize("other", sorted(OTHER_WORDS))
def test_one_thing_has_one_name(other: str) -> None:
    using = [key for key, text in CATALOGUE.items() if other in text]
    assert using == [], f"write {OTHER_WORDS[other]}"


def test_japanese_has_japanese_punctuation_and_no_half_width_kana() -> None:
    half_width_kana = re.compile(r"[\uff61-\uff9f]")
    full_width_letters = re.compile(r"[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]")
    western = re.compile(r"[\u3041-\u9fff][,.;:!?](?:\s|$)|[\u3041-\u9fff]\(|\)[\u3041-\u9fff]")
    for pattern in (half_width_kana, full_width_letters, western):
        wrong = {key: text for key, text in CATALOGUE.items() if pattern.search(text)}
        assert wrong == {}, pattern.pattern


def test_a_sentence_in_english_is_a_sentence_in_japanese() -> None:
    wrong = {
        english: text
        for (_context, english), text in CATALOGUE.items()
        if re.search(r"[a-z]\.$", english) and english.count(" ") > 3
        if text and "。" not in text and not re.search(r"[：:]|%\(\w+\)s$|例：|アドレス$", text)
    }
    assert wrong == {}


def test_numbers_of_people_are_followed_by_their_counter() -> None:
    bare = {
        key: text
        for key, text in CATALOGUE.items()
        if re.search(r"%\((?:people|count|now|before|after)\)s\s*$", text)
    }
    assert bare == {}


def test_every_act_in_the_audit_log_has_a_sentence() -> None:
    from hatobin.console.settings.acts import ACTS

    assert set(recorded_acts()) == set(ACTS)


def recorded_acts() -> set[str]:
    """Codes given to ``audit.record`` and its like, and the constants that hold one."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        constants = {
            target.id: node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("audit.record"):
                code = node.args[1]
                if isinstance(code, ast.Name):
                    code = constants[code.id]
                assert isinstance(code, ast.Constant), f"{path}:{node.lineno}"
                found.add(str(code.value))
    return found
