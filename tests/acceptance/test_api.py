"""The whole job by HTTP: a Japanese office's CP932 list, one letter each, read on the wire."""

from __future__ import annotations

import csv
import io
import urllib.request
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from hatobin.accounts.rules import SCOPE_RIGHTS
from hatobin.audience.demo_people import OfficeSample, as_csv, office_people
from tests.acceptance import office_letter
from tests.doubles.api_program import Program, make_key
from tests.doubles.service import Service, until
from tests.doubles.wire_tap import Taken, WireTap

OFFICE = "さくら市役所"
STATES = ("accepted", "bounced", "expired", "suppressed", "cancelled", "in_doubt", "waiting")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("api") / "data"
    with Service(folder, HATOBIN_OWNER_PASSWORD="hato-no-yubin-810") as running:
        words = ("--email", "hanako@sakura-city.example", "--workspace", OFFICE)
        done = running.run("createowner", *words)
        assert done.returncode == 0, done.stderr
        yield running


@pytest.fixture(scope="module")
def program(service: Service) -> Program:
    return Program(service.url, make_key(service, OFFICE, list(SCOPE_RIGHTS)))


@pytest.fixture(scope="module")
def sample() -> OfficeSample:
    return office_people()


def prepare_sending(program: Program, tap: WireTap) -> tuple[str, str]:
    """Sender, legal facts and a relay; their ids."""
    sender = program.good(
        "POST",
        "/senders",
        {"display_name": "さくら市 広報課", "address": "kouhou@sakura-city.example"},
    )
    facts = {"organisation": OFFICE, "postal_address": "さくら市中央1-1", "contact": "広報課"}
    program.good("PUT", "/sender-profile", facts)
    relay = {"name": "庁内リレー", "host": "127.0.0.1", "port": tap.port, "tls": "none"}
    egress = program.good("POST", "/egresses", relay)
    assert program.good("POST", f"/egresses/{egress['id']}/test")["ok"] is True
    return sender["id"], egress["id"]


def bring_people(program: Program, sample: OfficeSample) -> str:
    """Imports the office's file; the list's id."""
    form = {"list_name": "広報メール会員", "basis": "consent"}
    status, started = program.upload("会員名簿.csv", as_csv(sample), **form)
    assert status == 202, started
    path = f"/imports/{started['id']}"
    until(lambda: program.good("GET", path)["state"] not in {"queued", "running"}, "the import")
    done = program.good("GET", path)
    assert done["state"] == "done", done
    assert [done[name] for name in ("rows", "added", "duplicates", "refused")] == [
        1021,
        1000,
        12,
        9,
    ]
    refused = program.good("GET", f"{path}/problems")
    assert {each["row"]: each["reason"] for each in refused["items"]} == dict(sample.broken)
    file = program.good("GET", f"{path}/refused.csv")
    assert len(list(csv.reader(io.StringIO(file.decode("utf-8-sig"), newline="")))) == 10
    return str(done["list_id"])


def test_a_thousand_people_get_a_letter_each_and_the_wire_shows_it(
    program: Program, sample: OfficeSample
) -> None:
    with WireTap() as tap:
        sender, egress = prepare_sending(program, tap)
        body = {
            "name": "12月号",
            "list_id": bring_people(program, sample),
            "sender_id": sender,
            "egress_id": egress,
            "letter": {
                "subject": office_letter.SUBJECT,
                "text": office_letter.TEXT,
                "html": office_letter.HTML,
                "fallbacks": office_letter.FALLBACKS,
            },
        }
        letter = f"/campaigns/{program.good('POST', '/campaigns', body)['id']}"
        check = program.good("POST", f"{letter}/check")
        assert (check["people"], check["sendable"], check["can_send"]) == (1000, 1000, True)
        first = program.good("GET", f"{letter}/preview?index=0")
        assert sample.expected_valid[0].name in first["text"]
        assert_refused(program, letter, check)
        tested = send_test(program, letter, tap)
        release = {"number": 1000, "seal": check["seal"], "hold_seconds": 0}
        once = program.good("POST", f"{letter}/release", release)
        again = program.good("POST", f"{letter}/release", release)
        assert once["id"] == again["id"]
        until(lambda: settled(program, letter), "every letter's end", within=180)
        sums = program.good("GET", f"{letter}/result")["sums"]
        assert (sums["audience"], sums["accepted"]) == (1000, 1000)
        assert sums["audience"] == sum(sums[name] for name in STATES)
        sent = tap.taken[tested:]
        office_letter.assert_each_alone(sent, sample)
        assert_results(program, letter, sample)
        unsubscribe(program, sent[0])


def assert_refused(program: Program, letter: str, check: dict[str, Any]) -> None:
    """What does not fit the check sends nothing, and says why in Japanese."""
    good = {"number": 1000, "seal": check["seal"], "hold_seconds": 0}
    for change, status, code in (
        ({"number": 1009}, 422, "number-differs"),
        ({"seal": check["seal"][::-1]}, 422, "bad-seal"),
        ({"seal": check["seal"][:-4] + "zzzz"}, 409, "people-changed"),
        ({"seal": "made up"}, 422, "bad-seal"),
        ({"bcc": "x@example.jp"}, 422, "bad-request"),
    ):
        found, problem = program.call("POST", f"{letter}/release", good | change)
        assert (found, problem["code"]) == (status, code), problem
        assert not problem["detail"].isascii()
    assert program.call("GET", f"{letter}/status")[0] == 404


def send_test(program: Program, letter: str, tap: WireTap) -> int:
    """One letter to the office; how many are on the wire after it."""
    program.good("POST", f"{letter}/test", {"recipient": "kouhou@sakura-city.example"})
    until(lambda: tap.taken, "the test letter")
    (taken,) = tap.taken
    assert taken.rcpts == ["kouhou@sakura-city.example"]
    assert str(taken.message()["Subject"]).startswith("【テスト】")
    return 1


def settled(program: Program, letter: str) -> bool:
    """The sums add up whenever somebody looks."""
    progress = program.good("GET", f"{letter}/status")
    sums = progress["sums"]
    assert sums["audience"] == sum(sums[name] for name in STATES) == 1000
    return bool(progress["state"] == "done")


def assert_results(program: Program, letter: str, sample: OfficeSample) -> None:
    page = program.good("GET", f"{letter}/result/people?state=accepted&page=20")
    assert (page["total"], len(page["items"])) == (1000, 50)
    assert page["items"][-1]["words"]
    file = program.good("GET", f"{letter}/result.csv?state=accepted")
    lines = list(csv.reader(io.StringIO(file.decode("utf-8-sig"), newline="")))
    assert len(lines) == 1001
    assert sample.expected_valid[0].name in lines[1]


def unsubscribe(program: Program, taken: Taken) -> None:
    """RFC 8058: the mail program posts to the header's link, and that is all."""
    link = office_letter.unsubscribe_link(taken)
    request = urllib.request.Request(link, data=b"List-Unsubscribe=One-Click")  # noqa: S310
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        assert answer.status == 200
    (entry,) = program.good("GET", "/suppression")["items"]
    assert entry["reason"] == "unsubscribed"
    assert office_letter.person_key(entry["address"]) == office_letter.person_key(taken.rcpts[0])


@pytest.mark.parametrize(
    ("name", "content", "status", "code"),
    [
        ("empty.csv", b"", 422, "empty"),
        ("photo.jpg", b"\xff\xd8\xff\xe0" + bytes(range(256)) * 20, 422, ""),
        ("large.csv", b"hanako@example.jp\r\n" * 3_000_000, 413, "too-large"),
    ],
    ids=["empty", "a picture", "57 MB"],
)
def test_a_file_that_is_no_list_is_refused_with_a_reason(
    program: Program, name: str, content: bytes, status: int, code: str
) -> None:
    form = {"list_name": "まちがい", "basis": "consent"}
    found, problem = program.upload(name, content, **form)
    assert found == status, problem
    assert problem["detail"]
    assert code in problem["code"]
    assert "まちがい" not in [each["name"] for each in program.good("GET", "/lists")]


def test_a_merge_name_that_no_column_has_is_refused(program: Program) -> None:
    (members,) = program.good("GET", "/lists")
    body = {
        "name": "まちがい",
        "list_id": members["id"],
        "letter": {"subject": "{{ 指名 }} 様", "text": "本文"},
    }
    letter = f"/campaigns/{program.good('POST', '/campaigns', body)['id']}"
    check = program.good("POST", f"{letter}/check")
    assert check["can_send"] is False
    assert any("指名" in each["text"] for each in check["findings"])
    assert check["seal"] == ""


def test_a_key_without_the_scope_releases_nothing(service: Service, program: Program) -> None:
    writer = Program(service.url, make_key(service, OFFICE, ["read", "lists", "letters"]))
    (letter, *_others) = program.good("GET", "/campaigns")["items"]
    body = {"number": 1, "seal": "x"}
    status, problem = writer.call("POST", f"/campaigns/{letter['id']}/release", body)
    assert (status, problem["code"], problem["right"]) == (403, "not-allowed", "send")
    assert Program(service.url, writer.key[:-3]).call("GET", "/lists")[0] == 401


def test_while_the_database_is_away_the_answer_is_a_problem_that_says_so(
    service: Service, program: Program
) -> None:
    version = service.folder / "postgres" / "PG_VERSION"
    hidden = version.rename(version.with_name("PG_VERSION.away"))  # so that it is not started again
    pid = int((service.folder / "postgres" / "postmaster.pid").read_text().split()[0])
    psutil.Process(pid).kill()
    try:
        until(lambda: program.call("GET", "/lists")[0] == 503, "the answer of no database")
        problem = program.call("GET", "/lists")[1]
        assert (problem["code"], problem["retry"]) == ("no-database", True)
    finally:
        hidden.rename(version)
    until(lambda: program.call("GET", "/lists")[0] == 200, "the database again")
