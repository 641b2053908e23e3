"""A shaping file is read whole or named wrong, line by line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.delivery.shaping.samples import SHIPPED, shaping

from hatobin.delivery.rules.shaping import Problem
from hatobin.delivery.rules.shaping.document import TEXT_MAX, read_layer
from hatobin.delivery.rules.shaping.scan import lines_of


def problems(text: str, layer: str = "installation") -> list[Problem]:
    return read_layer(text, layer=layer, file="my.toml").problems


def only(text: str) -> Problem:
    (found,) = problems(text)
    return found


def test_the_shipped_file_is_without_fault() -> None:
    assert problems(SHIPPED, layer="shipped") == []


@pytest.mark.parametrize(
    ("text", "line", "key", "code"),
    [
        ("[default]\nconnections = 0", 2, "default.connections", "count"),
        ("[default]\nconnections = true", 2, "default.connections", "count"),
        ("[default]\nconnections = '5'", 2, "default.connections", "count"),
        ("[default]\n\nrate = '5 per second'", 3, "default.rate", "rate"),
        ("[default]\nrate = '0/s'", 2, "default.rate", "rate-zero"),
        ("[default]\nrate = 5", 2, "default.rate", "rate"),
        ("[default]\ntls = 'always'", 2, "default.tls", "choice"),
        ("[default]\nretry_then = '4'", 2, "default.retry_then", "duration"),
        ("[default]\nretry_then = '31 d'", 2, "default.retry_then", "duration-range"),
        ("[default]\nretry = []", 2, "default.retry", "durations"),
        ("[default]\nretry = [\n '5 min',\n 7,\n]", 2, "default.retry", "durations"),
        ("default = 3", 1, "default", "not-a-table"),
        ("group = 3", 1, "group", "not-a-table"),
        ("[group]\ngoogle = 3", 2, "group.google", "not-a-table"),
        ("[group.'Big One']\nmx = ['a.jp']", 1, "group.Big One", "group-name"),
        ("[group.a]\nmx = ['a b']", 2, "group.a.mx", "names"),
        ("[group.a]\nmx = 'a.jp'", 2, "group.a.mx", "names"),
        ("[egress.carrier-pigeon]\nconnections = 1", 1, "egress.carrier-pigeon", "unknown-egress"),
        ("[rule]\nname = 'x'", 1, "rule", "rule-not-list"),
        ("[group.a]\nexpiry = '1 h'", 2, "group.a.expiry", "unknown-key"),
    ],
)
def test_a_wrong_value_is_named_with_its_line(text: str, line: int, key: str, code: str) -> None:
    found = only(text)
    assert (found.file, found.line, found.key, found.code) == ("my.toml", line, key, code)


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("[defualt]\nconnections = 1", "default"),
        ("[default]\nconections = 1", "connections"),
        ("[default]\nmessages-per-connection = 1", "messages_per_connection"),
        ("[egress.smtp]\nconnections = 1", "smtp-relay"),
        ("[[rule]]\nname='x'\nmatch='^4'\naction='none'\ntriggr='3/hour'", "trigger"),
        ("[default]\nzzz = 1", ""),
    ],
)
def test_an_unknown_word_gets_the_nearest_known_one(text: str, near: str) -> None:
    assert only(text).params["near"] == near


RULE = "[[rule]]\nname = 'a'\nmatch = '^4'\naction = 'suspend'\nduration = '1 min'\n"


@pytest.mark.parametrize(
    ("old", "new", "key", "code"),
    [
        ("duration = '1 min'\n", "", "rule[1]", "missing-key"),
        ("match = '^4'\n", "", "rule[1]", "missing-key"),
        ("name = 'a'\n", "", "rule[1]", "missing-key"),
        ("action = 'suspend'\n", "", "rule[1]", "missing-key"),
        ("'suspend'", "'bounce'", "rule[1].action", "choice"),
        ("'suspend'", "['suspend', 'none']", "rule[1].action", "choice"),
        ("'suspend'", "'set-rate'", "rule[1]", "set-rate-without-rate"),
        ("'1 min'\n", "'1 min'\nrate = '1/s'\n", "rule[1]", "rate-without-set-rate"),
        ("'1 min'\n", "'1 min'\ntrigger = 'sometimes'\n", "rule[1].trigger", "trigger"),
        ("'^4'", "'^4('", "rule[1].match", "pattern"),
    ],
)
def test_a_rule_says_what_it_lacks(old: str, new: str, key: str, code: str) -> None:
    assert problems(RULE) == []
    found = only(RULE.replace(old, new, 1))
    assert (found.key, found.code) == (key, code)


def test_no_rule_can_make_a_letter_fail() -> None:
    assert "bounce" not in str(only(RULE.replace("suspend", "bounce")).params["choices"])


def test_two_rules_of_one_name_are_refused_at_the_second() -> None:
    found = only(RULE + RULE)
    assert (found.line, found.code, found.params["first"]) == (7, "rule-twice", 1)


def test_every_fault_is_told_at_once_and_in_order() -> None:
    text = "[default]\nrate = 'x'\nconnections = 0\n" + RULE.replace("^4", "(") + "[egress.a]\n"
    assert [each.line for each in problems(text)] == [2, 3, 6, 9]


@pytest.mark.parametrize(
    ("text", "line", "key", "code"),
    [
        ("[default]\nrate = 5/s\n", 2, "rate", "no-quotes"),
        ("[default]\nconnections 5\n", 2, "connections", "no-equals"),
        ("[default]\nconnections ＝ 5\n", 2, "connections", "wide-sign"),
        ("[default]\nrate = “5/s”\n", 2, "rate", "wide-sign"),
        ("[default]\nrate = '1/s'\nrate = '2/s'\n", 3, "rate", "twice"),
        ("[default]\nrate = '1/s'\n[default]\n", 3, "default", "twice"),
        ("[default\nrate = '1/s'\n", 1, "default", "syntax"),
        ("[default]\nrate = '1/s\n", 2, "rate", "syntax"),
    ],
)
def test_what_is_no_toml_is_named_with_its_line(text: str, line: int, key: str, code: str) -> None:
    found = only(text)
    assert (found.line, found.key, found.code) == (line, key, code)


def test_a_list_that_is_never_closed_is_named_within_the_file() -> None:
    text = "[default]\nretry = ['5 min',\n# nothing more\n"
    assert 2 <= only(text).line <= 3


def test_a_huge_text_and_deep_brackets_are_refused() -> None:
    assert only("#" * (TEXT_MAX + 1)).code == "too-large"
    assert only("x = " + "[" * 5000).code == "syntax"


def test_the_scanner_is_not_led_astray_by_strings_and_comments() -> None:
    text = (
        '# [default]\n"a" = """\n[b]\nc = 1\n"""\n'
        "'x.y'.z = '[[not]]' # = 3\n"
        "[t . u]\r\nlist = [ 1, # ]\n  '2]',\n  { in = 1 },\n]\nlast = { p = 1, q.r = '}' }\n"
        "[[many]]\nk = 1\n[[many]]\nk = '''\n[[many]]'''\n[many.sub]\nd = 1"
    )
    assert lines_of(text) == {
        ("a",): 2,
        ("x.y",): 6,
        ("x.y", "z"): 6,
        ("t",): 7,
        ("t", "u"): 7,
        ("t", "u", "list"): 8,
        ("t", "u", "list", 0): 8,
        ("t", "u", "list", 1): 9,
        ("t", "u", "list", 2): 10,
        ("t", "u", "list", 2, "in"): 10,
        ("t", "u", "last"): 12,
        ("t", "u", "last", "p"): 12,
        ("t", "u", "last", "q"): 12,
        ("t", "u", "last", "q", "r"): 12,
        ("many",): 13,
        ("many", 0): 13,
        ("many", 0, "k"): 14,
        ("many", 1): 15,
        ("many", 1, "k"): 16,
        ("many", 1, "sub"): 18,
        ("many", 1, "sub", "d"): 19,
    }


_PIECES = st.one_of(
    st.sampled_from(["[default]", "[[rule]]", "rate", "'1/s'", '"', "'''", "\n"]),
    st.sampled_from("[]{}=#., 5\\é"),
)


@given(st.lists(_PIECES, max_size=40).map("".join))
def test_any_text_is_read_or_told_within_its_lines(text: str) -> None:
    lines = lines_of(text)
    count = text.count("\n") + 1
    assert all(1 <= line <= count for line in lines.values())
    assert all(1 <= each.line <= count for each in problems(text))


def test_a_layer_with_a_fault_is_left_out_whole() -> None:
    found = shaping("[default]\nconnections = 3\nrate = 'x'\n")
    assert [each.code for each in found.problems] == ["rate"]
    assert found.for_lane("example.jp").connections == 10
