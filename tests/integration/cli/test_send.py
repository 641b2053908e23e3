"""``hatobin send``: what it asks, says, refuses and answers."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path

import pytest
from tests.doubles.ports import free_port
from tests.doubles.service import until
from tests.doubles.wire_tap import WireTap
from tests.integration.cli.terminal import Done, Terminal

from hatobin.intake.sink import Answer, Close, Delay, Rule, SinkThread

PEOPLE = "氏名,会社名,メールアドレス\r\n花子,㈱見本,hanako@example.jp\r\n次郎,,jiro@example.jp\r\n"
SUMS = (
    "audience", "accepted", "bounced", "expired", "suppressed", "cancelled", "in_doubt", "waiting",
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def files(terminal: Terminal) -> None:
    terminal.folder.parent.mkdir(exist_ok=True)
    terminal.write("people.csv", PEOPLE + "三郎,,broken@\r\n", "cp932")
    terminal.write("body.txt", "{{ 氏名 }} 様\n\n12月の予定です。\n")
    terminal.write("body.html", "<p>{{ 氏名 }} 様</p><p>12月の予定です。</p>")


def line(terminal: Terminal, port: int, **changes: str) -> list[str]:
    """The command line without --yes; an empty value leaves the option out."""
    beside = terminal.folder.parent
    options = {
        "list-file": str(beside / "people.csv"),
        "from": "さくら市 <kouhou@sakura-city.example>",
        "postal-address": "さくら市中央1-1",
        "contact": "広報課 00-0000-0000",
        "kind": "notice",
        "subject": "{{ 氏名 }} 様へ",
        "text-file": str(beside / "body.txt"),
        "egress": f"smtp://127.0.0.1:{port}",
        "wait": "2",
    } | changes
    return ["send", *(word for k, v in options.items() if v for word in (f"--{k}", v))]


def send(terminal: Terminal, port: int, *more: str, **changes: str) -> Done:
    return terminal.run(*line(terminal, port, **changes), "--yes", "--json", *more)


def test_each_person_gets_a_letter_and_the_object_has_the_promised_keys(
    terminal: Terminal,
) -> None:
    with WireTap() as tap:
        done = send(terminal, tap.port, **{"html-file": str(terminal.folder.parent / "body.html")})
        assert done.status == 0, done.err
        assert tuple(done.json)[:8] == SUMS
        assert {name: done.json[name] for name in SUMS} == dict.fromkeys(SUMS, 0) | {
            "audience": 2,
            "accepted": 2,
        }
        ((row, reason),) = [each.values() for each in done.json["refused_rows"]]
        assert row == 4
        assert reason
        assert {each.rcpts[0] for each in tap.taken} == {"hanako@example.jp", "jiro@example.jp"}


def test_the_profile_is_taken_from_the_workspace_where_it_is_stored(terminal: Terminal) -> None:
    with WireTap() as tap:
        stored = {"postal-address": "", "contact": "", "organisation": ""}
        assert send(terminal, tap.port, **stored).status == 0
        body = tap.taken[0].message().get_body(("plain",))
        assert body is not None
        assert "さくら市中央1-1" in body.get_content()


def test_without_yes_it_shows_the_check_and_asks(terminal: Terminal) -> None:
    with WireTap() as tap:
        words = line(terminal, tap.port)
        no = terminal.run(*words, answers="n\n")
        assert no.status == 2
        assert "People: 2, letters: 2" in no.err
        assert "row 4" in no.err
        assert "Send 2 letters?" in no.err
        nobody = terminal.run(*words, "--json")
        assert nobody.error["code"] == "not-confirmed"
        assert "--yes" in nobody.err
        assert tap.taken == []
        yes = terminal.run(*words, answers="y\n")
        assert yes.status == 0, yes.err
        assert "Accepted: 2" in yes.out
        assert len(tap.taken) == 2


@pytest.mark.parametrize(
    ("change", "option", "said"),
    [
        ({"subject": "two\nlines"}, "--subject", "line break"),
        ({"subject": "{{ 指名 }} 様"}, "", "--subject"),
        ({"from": "nobody"}, "--from", "mail address"),
        ({"from": "a <a@example.jp>, b <b@example.jp>"}, "--from", "mail address"),
        ({"from": "a\r\nBcc: x@example.jp <a@example.jp>"}, "--from", "line break"),
        ({"reply-to": "nobody"}, "--reply-to", "mail address"),
        ({"contact": "a\nb"}, "--contact", "line break"),
        ({"egress": "ftp://127.0.0.1"}, "--egress", "smtp"),
        ({"egress": "smtp://127.0.0.1:70000"}, "--egress", "smtp"),
        ({"fallback": "no sign"}, "--fallback", "name=value"),
        ({"map": "無い列=氏名"}, "--map", "無い列"),
        ({"workspace": "みどり町"}, "", "--workspace"),
    ],
)
def test_a_refusal_names_the_option_and_nothing_leaves(
    terminal: Terminal, change: dict[str, str], option: str, said: str
) -> None:
    with WireTap() as tap:
        done = send(terminal, tap.port, **change)
        assert done.status == 2, done.out
        assert done.error.get("option", "") == option
        assert said in done.err
        assert tap.taken == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("nobody.csv", "氏名,メールアドレス\r\n花子,\r\n".encode()),
        ("photo.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256))),
    ],
)
def test_a_file_without_people_is_refused(terminal: Terminal, name: str, content: bytes) -> None:
    path = terminal.folder.parent / name
    path.write_bytes(content)
    done = send(terminal, free_port(), **{"list-file": str(path)})
    assert done.status == 2, done.out
    assert done.error["message"]


def test_the_address_of_a_colleague_in_every_row_is_not_taken_for_the_customers(
    terminal: Terminal,
) -> None:
    rows = "".join(f"staff@example.jp,顧客{n},c{n}@example.jp\r\n" for n in range(4))
    path = terminal.write("staff.csv", "担当者メール,氏名,メールアドレス\r\n" + rows)
    with WireTap() as tap:
        done = send(terminal, tap.port, **{"list-file": path})
        assert (done.status, done.json["audience"]) == (0, 4), done.err
        assert {each.rcpts[0] for each in tap.taken} == {f"c{n}@example.jp" for n in range(4)}
        unclear = send(
            terminal,
            tap.port,
            **{"list-file": terminal.write("two.csv", "氏名,PCメール,携帯\r\n" + TWICE)},
        )
        assert unclear.status == 2, unclear.out
        assert unclear.error["option"] == "--map"
        assert "PCメール" in unclear.err
        assert len(tap.taken) == 4


TWICE = "花子,a@example.jp,b@example.jp\r\n太郎,c@example.jp,d@example.jp\r\n"


def test_duplicates_are_told_on_stderr_with_json_too(terminal: Terminal) -> None:
    rows = "花子,a@example.jp\r\n子,A@example.jp\r\n次郎,a@example.jp\r\n"
    path = terminal.write("again.csv", "氏名,メール\r\n" + rows)
    with WireTap() as tap:
        done = send(terminal, tap.port, **{"list-file": path})
        assert (done.status, len(tap.taken)) == (0, 1), done.err
        assert "2 rows have an address that stands in the file already" in done.err
    once = terminal.write("once.csv", "氏名,メール\r\n花子,a@example.jp\r\n子,A@example.jp\r\n")
    with WireTap() as tap:
        said = send(terminal, tap.port, **{"list-file": once}).err
        assert "1 row has an address that stands in the file already; it gets no letter." in said
    with WireTap() as tap:
        assert "stands in the file already" not in send(terminal, tap.port).err


def test_without_a_row_that_can_be_taken_the_rows_are_named(terminal: Terminal) -> None:
    rows = "".join(f"花子{n},誰でもない{n}\r\n" for n in range(30))
    path = terminal.write("nobody.csv", "氏名,メール\r\n" + rows)
    done = send(terminal, free_port(), **{"list-file": path, "map": "メール=@"})
    assert (done.status, done.error["code"]) == (2, "no-valid-rows"), done.err
    assert [each["row"] for each in done.json["refused_rows"]] == list(range(2, 32))
    assert "row 21: " in done.err
    assert "row 22: " not in done.err
    assert "and 10 more refused rows" in done.err


def test_a_letter_that_cannot_be_made_for_some_names_their_rows(terminal: Terminal) -> None:
    rows = '花子,一行,a@example.jp\r\n次郎,"二\r\n行",b@example.jp\r\n'
    path = terminal.write("note.csv", "氏名,備考,メール\r\n" + rows)
    done = send(terminal, free_port(), **{"list-file": path, "subject": "{{ 備考 }}"})
    assert (done.status, done.error["code"]) == (2, "merge-failed"), done.err
    assert "Rows of the file: 3" in done.error["message"]


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (["send", "--json"], "--list-file"),
        (["send", "--json", "--subjekt", "x"], "--subjekt"),
        (["import", "--json", "/nowhere.csv", "--list", "x", "--basis", "given"], "FILE"),
        (["sned", "--json"], ""),
    ],
)
def test_a_wrong_command_line_is_told_as_an_object_too(
    terminal: Terminal, words: list[str], option: str
) -> None:
    done = terminal.run(*words)
    assert (done.status, done.error["code"]) == (2, "bad-usage"), done.err
    assert done.error.get("option", "") == option
    assert terminal.run(*[word for word in words if word != "--json"]).out == ""


def test_with_a_closed_keyboard_nobody_said_yes(terminal: Terminal) -> None:
    done = terminal.shell('"$@" <&-', *line(terminal, free_port()), "--json")
    assert (done.status, done.error["code"]) == (2, "not-confirmed"), done.err
    assert "--yes" in done.err


@pytest.mark.parametrize("option", ["--subject", "--from", "--contact", "--map", "--workspace"])
def test_words_that_are_not_utf_8_are_refused(terminal: Terminal, option: str) -> None:
    words = line(terminal, free_port())
    bad = {"--from": "$'\\xff <a@example.jp>'", "--map": "$'\\xff=x'"}.get(option, "$'\\xff'")
    done = terminal.shell(f'"$@" {option} {bad}', *words, "--yes", "--json")
    assert (done.status, done.error["code"]) == (2, "not-utf-8"), done.err
    assert done.error["option"] == option
    assert "not UTF-8" in done.error["message"]


def test_a_file_whose_name_is_not_utf_8_is_read(terminal: Terminal) -> None:
    folder = terminal.folder.parent
    name = b"\x96\xbc\x95\xeb.csv"  # 名簿 as an old disk has it
    Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(PEOPLE.encode())
    with WireTap() as tap:
        words = line(terminal, tap.port, **{"list-file": ""})
        given = "--list-file \"$(printf '%s/\\x96\\xbc\\x95\\xeb.csv' " + f"'{folder}')\""
        done = terminal.shell(f'"$@" {given}', *words, "--yes", "--json")
        assert (done.status, len(tap.taken)) == (0, 2), done.err


def test_a_text_in_another_encoding_is_refused(terminal: Terminal) -> None:
    path = terminal.write("sjis.txt", "日本語", "cp932")
    done = send(terminal, free_port(), **{"text-file": path})
    assert (done.status, done.error["code"]) == (2, "not-utf-8")
    assert done.error["option"] == "--text-file"


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        (Rule(stage="rcpt", action=Answer(550, "5.1.1 no such user"), times=1), "bounced"),
        (Rule(stage="rcpt", action=Answer(450, "4.2.0 later"), recipient="jiro@*"), "waiting"),
        (Rule(stage="dot", action=Close(keep=True), times=1), "in_doubt"),
    ],
)
def test_the_exit_status_is_0_only_when_everybody_was_reached(
    terminal: Terminal, rule: Rule, key: str
) -> None:
    with SinkThread() as sink:
        sink.misbehave(rule)
        done = send(terminal, sink.port)
        assert done.status == 1, done.out
        assert done.json[key] == 1
        assert done.json["audience"] == sum(done.json[name] for name in SUMS[1:]) == 2


def test_ctrl_c_finishes_what_must_not_be_cut_and_prints_the_sums(
    terminal: Terminal, tmp_path: Path
) -> None:
    people = "メール\r\n" + "".join(f"p{n}@example.jp\r\n" for n in range(300))
    path = terminal.write("many.csv", people)
    body = terminal.write("plain.txt", "お知らせです。\n")
    changes = {"list-file": path, "text-file": body, "subject": "お知らせ"}
    with SinkThread() as sink:
        sink.misbehave(Rule(stage="mail", action=Delay(0.1)))
        running = terminal.start(*line(terminal, sink.port, **changes), "--yes", "--json")
        until(lambda: sink.counters.messages > 3, "the first letters", within=60)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
        report = json.loads(out)
        assert running.returncode == 1, err
        assert "Traceback" not in err
        assert report["in_doubt"] == 0
        assert report["accepted"] == sink.counters.messages < 300
        assert report["accepted"] + report["waiting"] == 300


def test_the_words_are_japanese_on_a_japanese_terminal(terminal: Terminal) -> None:
    japanese = Terminal(terminal.folder, language="ja_JP.UTF-8")
    done = japanese.run(*line(terminal, free_port(), subject="a\nb"), "--yes", "--json")
    assert done.status == 2
    assert re.search("[ぁ-ん]", done.error["message"])


def test_a_letter_is_given_up_after_the_time_and_tried_again_at_the_times_that_were_named(
    terminal: Terminal, sink: SinkThread
) -> None:
    sink.misbehave(Rule(stage="rcpt", recipient="hanako*", action=Answer(451, "4.3.0 Not now")))
    soon = send(terminal, sink.port, **{"give-up-after": "5 min", "retry": "4 min, then 1 h"})
    assert (soon.status, soon.json["waiting"], soon.json["expired"]) == (1, 1, 0)
    last = send(terminal, sink.port, **{"give-up-after": "5 min"})
    assert (last.status, last.json["waiting"], last.json["expired"]) == (1, 1, 0), "a last try"


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("give-up-after", "10 d", "5 minutes to 7 days"),
        ("give-up-after", "soon", "a number with min, h or d"),
        ("retry", "often", "These times cannot be read."),
        ("retry", "3 d", "never tried again"),
    ],
)
def test_times_that_cannot_be_used_send_nothing_and_name_their_option(
    terminal: Terminal, sink: SinkThread, option: str, value: str, said: str
) -> None:
    done = send(terminal, sink.port, **{option: value})
    assert done.status == 2
    assert f"--{option}" in done.err
    assert said in done.err
    assert sink.envelopes == []
