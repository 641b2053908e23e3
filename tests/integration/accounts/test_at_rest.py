"""What a thief of the database learns about fifty people: nothing (promise P6).

Everything that an office does with its readers is done once, by screen, service and wire. Then every
table is copied out, and the log is read, looking for any reader's address, local part or name in any
of the forms in which a database could hold them.
"""

from __future__ import annotations

import base64
import logging
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from tests.factories import user_of
from tests.integration.campaigns.stage import Stage, deliveries, make_stage, token_of
from tests.integration.console.desk import Desk, proposed, words_of

from hatobin.accounts.models import Member, SetupToken, User
from hatobin.audience.models import Contact, ContactList, Import
from hatobin.audience.services.imports import run_import
from hatobin.delivery.models import Dispatch, EgressKind, TlsMode
from hatobin.delivery.runner import send_until_settled
from hatobin.delivery.sandbox import services as sandbox
from hatobin.intake.sink import Rule, SinkOptions, SinkThread, parse_rule
from hatobin.suppression.services import add_by_staff

pytestmark = pytest.mark.django_db(transaction=True)

FAMILY = ("早乙女", "蓬莱", "鷹司", "一色", "雲井", "朽木", "鵜飼", "鴨下", "駒形", "鷺沢")
GIVEN = ("千鶴子", "燕太郎", "雁之助", "鶯子", "雲雀")
PEOPLE = [
    (f"kamome-{number:02}@reader{number % 7}.example", FAMILY[number % 10] + GIVEN[number // 10])
    for number in range(50)
]
REFUSED = ("yurikamome-at-nowhere", "不如帰鳴子")


def forms(text: str) -> Iterator[bytes]:
    """A text as it could stand in a copied table: plain, escaped, as hex of a blob, in base64."""
    yield text.encode()
    yield text.encode("unicode_escape")
    yield text.encode("unicode_escape").replace(b"\\", b"\\\\")
    for encoding in ("utf-8", "cp932", "utf-16-le"):
        raw = text.encode(encoding)
        yield raw.hex().encode()
        for shift in range(3):
            encoded = base64.b64encode(b"\0" * shift + raw)
            yield encoded[4:-4] if len(encoded) > 16 else encoded[2:-3]


def found_in(dump: bytes, texts: list[str]) -> list[str]:
    return sorted({text for text in texts if any(form in dump for form in forms(text))})


def dump() -> dict[str, bytes]:
    """Every table of the database as text, as COPY writes it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        tables = [name for (name,) in cursor.fetchall()]
        copied = {}
        for table in tables:
            with cursor.copy(f"COPY {table} TO STDOUT") as copy:
                copied[table] = b"".join(bytes(piece) for piece in copy)
    return copied


def secrets() -> list[str]:
    addresses = [address for address, _name in PEOPLE]
    local_parts = [address.partition("@")[0] for address in addresses]
    return [*addresses, *local_parts, *(name for _address, name in PEOPLE), *REFUSED]


def spreadsheet() -> bytes:
    rows = [f"{address},{name}" for address, name in PEOPLE]
    rows += [",".join(REFUSED), rows[0]]
    return "\r\n".join(["メールアドレス,氏名", *rows]).encode("cp932")


def refusals() -> Iterator[Rule]:
    """Servers repeat the address in many ways; one says it for now only."""
    for (address, _name), words in zip(
        PEOPLE[10:14],
        (
            "550 5.1.1 <{0}>: user unknown",
            "550 5.1.1 {1} unknown here, see https://mx.example/?to={0}",
            "552 5.2.2 mailbox of {2} is full",
            "451 4.2.0 greylisted {0}, try again",
        ),
        strict=True,
    ):
        said = words.format(address, address.partition("@")[0], address.upper())
        yield parse_rule(f"rcpt/{address}*1={said}")


def office(stage: Stage) -> Desk:
    from django.test import Client

    user = User.objects.get(pk=Member.objects.of(stage.workspace.pk).get().user_id)
    client = Client()
    client.force_login(user)
    client.cookies["hatobin_language"] = "ja"
    return Desk(workspace=stage.workspace, actor=stage.alice, client=client)


def bring_in(desk: Desk) -> ContactList:
    """By the screens: an upload, the preview, the import; and a second file that stays staged."""
    preview = desk.staged(spreadsheet(), "名簿.csv")
    wanted = proposed(desk.client.get(preview)) | {"list_name": "会員名簿"}
    confirmed = desk.client.post(preview, wanted)
    assert confirmed.status_code == 302, words_of(confirmed)
    check_nothing_is_known("while the import waits in the queue")
    run_import(Import.objects.of(desk.workspace.pk).latest("id").pk)
    result = desk.client.get(confirmed["Location"])
    assert REFUSED[1] in words_of(result), "the screen shows the refused row"
    desk.staged(spreadsheet(), "もう一度.csv")
    return ContactList.objects.of(desk.workspace.pk).get(name="会員名簿")


def look_around(desk: Desk, people: ContactList) -> None:
    """Searches, a person's page with a correction, files."""
    address, name = PEOPLE[3]
    listed = desk.client.get(f"/lists/{people.pk}/", {"q": name})
    assert address in words_of(listed)
    contact = Contact.objects.of(desk.workspace.pk).order_by("pk")[0]
    desk.client.get(f"/lists/person/{contact.pk}/")
    changed = {"field-0": PEOPLE[0][1] + "様", "revision": contact.revision}
    assert desk.client.post(f"/lists/person/{contact.pk}/", changed).status_code == 302
    desk.client.get("/suppression/", {"q": address})


def write_to_them(desk: Desk, stage: Stage, people: ContactList) -> Dispatch:
    """A letter by a relay that names the address in its refusals; copies into the sandbox."""
    stage.egress.kind, stage.egress.tls = EgressKind.SMTP_RELAY, TlsMode.NONE
    stage.egress.host = "127.0.0.1"
    with SinkThread(SinkOptions(rules=tuple(refusals()))) as sink:
        stage.egress.port = sink.port
        stage.egress.save()
        row = Stage(**{**stage.__dict__, "people": people}).draft()
        # Left unread: the words stay in the session.
        desk.client.post(f"/letters/{row.id}/test/", {"recipient": PEOPLE[7][0]})
        dispatch = Stage(**{**stage.__dict__, "people": people}).release(row, timedelta())
        send_until_settled(dispatch.pk, timedelta(seconds=60))
        for each in sink.envelopes:
            sandbox.store(stage.workspace.pk, each.mail_from, each.rcpts, each.helo, each.data)
    assert Dispatch.objects.of(stage.workspace.pk).filter(kind="test").exists()
    return dispatch


def check_nothing_is_known(when: str) -> None:
    for table, text in dump().items():
        assert found_in(text, secrets()) == [], f"{table}, {when}"


def test_a_stolen_database_and_its_logs_name_none_of_fifty_readers(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    stage = make_stage(people=())
    desk = office(stage)
    people = bring_in(desk)
    assert Contact.objects.of(stage.workspace.pk).count() == len(PEOPLE)
    look_around(desk, people)
    dispatch = write_to_them(desk, stage, people)
    rows = deliveries(dispatch)
    desk.client.get(f"/sandbox/?q={PEOPLE[5][1]}")
    b"".join(desk.client.get(f"/letters/{_letter_of(dispatch)}/result.csv").streaming_content)  # type: ignore[attr-defined]
    for row in rows[:2]:
        desk.client.post(f"/u/{token_of(row)}", {"unsubscribe": "1"})
    desk.client.post(f"/u/{token_of(rows[0])}", {"undo": "1"})
    add_by_staff(stage.alice, PEOPLE[9][0])

    check_nothing_is_known("at the end")
    assert caplog.records, "the engine and the web log something"
    log = caplog.text.encode()
    for path in Path(os.environ["HATOBIN_DATA_DIR"]).rglob("*.log"):
        log += path.read_bytes()
    assert found_in(log, secrets()) == []


def test_the_search_above_would_find_them() -> None:
    stage = make_stage(people=())
    SetupToken.objects.create(token_hash=PEOPLE[0][1].encode("cp932"))
    tables = dump()
    owner = user_of(stage.alice).email
    assert found_in(tables["public.accounts_user"], [owner]) == [owner]
    assert found_in(tables["public.accounts_setuptoken"], secrets()) == [PEOPLE[0][1]]
    packed = base64.b64encode(b'{"to": "' + PEOPLE[4][0].encode() + b'"}')
    assert PEOPLE[4][0] in found_in(packed, secrets())
    assert len(tables) > 20


def _letter_of(dispatch: Dispatch) -> object:
    from hatobin.campaigns.models import Campaign

    return Campaign.objects.of(dispatch.workspace_id).get(dispatch=dispatch).pk
