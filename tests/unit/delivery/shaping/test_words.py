"""Every fault and every reason has its sentence, in both languages."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import get_args

import pytest
from django.utils.translation import override
from tests.unit.delivery.shaping.samples import PAUSE, lane, reply, shaping

from hatobin.delivery.rules import shaping_problems, shaping_words
from hatobin.delivery.rules.shaping import Problem, RetrySchedule
from hatobin.delivery.rules.shaping.document import read_layer
from hatobin.delivery.rules.shaping.keys import DEFAULT_ONLY, VALUES
from hatobin.delivery.rules.shaping.retry import STANDARD
from hatobin.delivery.rules.shaping.values import Rate, Trigger
from hatobin.delivery.rules.shaping.why import WhyCode

PACKAGE = Path(shaping_problems.__file__).parent / "shaping"
PLACES = {"NotReadable": 0, "_say": 1, "_problem": 0}  # which argument is the code


def codes() -> set[str]:
    """Every code that the package gives a fault."""
    found: set[str] = set()
    for path in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if name in PLACES and len(node.args) > PLACES[name]:
                    found |= texts(node.args[PLACES[name]])
                if name in {"Problem", "_unknown"}:
                    found |= {
                        t for kw in node.keywords if kw.arg == "code" for t in texts(kw.value)
                    }
            returned = node.value if isinstance(node, ast.Return) else None
            if isinstance(returned, ast.Tuple) and path.name == "syntax.py":
                found |= texts(returned.elts[0])
    return found


def texts(node: ast.expr) -> set[str]:
    if isinstance(node, ast.IfExp):
        return texts(node.body) | texts(node.orelse)
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


def test_every_fault_has_a_sentence_and_every_sentence_a_fault() -> None:
    assert codes() | {"schedule"} == shaping_problems.CODES


FAULTS = """[defualt]
[default]
rate = "fast"
connections = 0
tls = "x"
retry = [1]
retry_then = "40 d"
[egress.pigeon]
[group.'A b']
[[rule]]
name = "a"
match = "(a+)+"
action = "bounce"
trigger = 3
groups = ["gogle"]
duration = "soon"
"""


@pytest.mark.parametrize("language", ["en", "ja"])
def test_sentences_are_filled_and_name_what_to_write(language: str) -> None:
    problems = read_layer(FAULTS, layer="installation", file="my.toml").problems
    assert len(problems) >= 10
    with override(language):
        for problem in problems:
            line = shaping_problems.problem_line(problem)
            assert "my.toml" in line
            assert "%(" not in line
            assert (language == "ja") == bool(re.search("[ぁ-ん]", line)), line
        (rate,) = [each for each in problems if each.key == "default.rate"]
        assert 'rate = "5/s"' in shaping_problems.problem_words(rate).advice


def test_a_ceiling_is_told_with_its_place() -> None:
    (problem,) = shaping(workspace="[default]\nconnections = 11\n").problems
    with override("en"):
        assert "at most 10 (shaping.toml:9)" in shaping_problems.problem_words(problem).text


def test_a_sign_from_a_japanese_keyboard_is_named() -> None:
    problem = Problem(code="wide-sign", file="a", line=1, params={"sign": "＝", "plain": "="})
    with override("ja"):
        assert shaping_problems.problem_words(problem).text == "「＝」は全角の記号です。"


@pytest.mark.parametrize("language", ["en", "ja"])
def test_values_and_rules_read_as_a_person_would_say_them(language: str) -> None:
    found = shaping()
    keys = (VALUES | DEFAULT_ONLY).keys() - {"burst", "retry_then"}
    assert set(shaping_words.VALUE_LABELS) == keys
    with override(language):
        policy = found.for_lane("gmail.com")
        for key in keys:
            text = shaping_words.value_words(key, getattr(policy, key))
            assert text
            assert "%" not in text
        for rule in found.rules:
            words = [shaping_words.rule_meaning(rule), *shaping_words.action_words(rule)]
            assert all(words)
            assert (language == "ja") == all(re.search("[ぁ-ん一-龠]", each) for each in words), (
                words
            )


def test_numbers_have_their_units() -> None:
    with override("en"):
        assert shaping_words.rate_words(Rate(1, 1)) == "1 letter a second"
        assert shaping_words.rate_words(Rate(3000, 3600)) == "3,000 letters an hour"
        assert shaping_words.rate_words(None) == "No limit"
        assert shaping_words.duration_words(90) == "90 seconds"
        assert shaping_words.trigger_words(Trigger(3, 3600)) == "3 times within 1 hour"
        waits = shaping_words.value_words("retry", STANDARD)
        assert waits.endswith("75 minutes, 2 hours; from then on every 4 hours")
    with override("ja"):
        assert shaping_words.rate_words(Rate(5, 1)) == "毎秒5通"
        assert shaping_words.value_words("retry", RetrySchedule((300,), 3600)).startswith("5分。")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_why_a_lane_is_slow_is_one_sentence(language: str) -> None:
    assert set(get_args(WhyCode)) == shaping_words.WHY_CODES
    rules = {rule.name: rule for rule in shaping().rules}
    state = lane(domain="gmail.com")
    state.on_reply(reply(PAUSE), 0)
    why = state.why_slow(1)
    assert why is not None
    with override(language):
        said = shaping_words.why_text(why.code, why.params, rules)
        everything = {"connections": 1, "most": 5, "part": 2, "kind": "refused", "per_second": 5.0}
        for code in get_args(WhyCode):
            text = shaping_words.why_text(
                code, {"rule": "gone", "said": "421", **everything}, rules
            )
            assert "%(" not in text
    assert "421 4.7.28" in said
    assert "Gmail" in said
