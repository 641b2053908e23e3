"""What must be true of the thousand letters, whichever door they went through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hatobin.audience.demo_people import OfficeSample, Person
from tests.doubles.wire_tap import Taken

SUBJECT = "{{ 氏名 }} 様へ 12月のお知らせ"
TEXT = "{{ 氏名 }} 様（{{ 会社名 }}）\n\n12月の予定をお知らせします。①㈱髙\n.行頭の点\n会員番号 {{ 会員番号 }}\n"
HTML = "<h1>お知らせ</h1><p>{{ 氏名 }} 様（{{ 会社名 }}）</p><p>会員番号 {{ 会員番号 }}</p>"
FALLBACKS = {"会社名": "個人"}


def assert_each_alone(taken: Iterable[Taken], sample: OfficeSample) -> None:
    """1,000 envelopes, one RCPT each, the right name in each, and nobody else's name or address."""
    by_address = {person_key(p.address): p for p in sample.expected_valid}
    letters = list(taken)
    assert len(letters) == len(sample.expected_valid) == 1000
    assert {len(each.rcpts) for each in letters} == {1}
    seen = {person_key(_unquoted(each.rcpts[0])): each for each in letters}
    assert seen.keys() == by_address.keys()
    numbers = {p.number for p in sample.expected_valid}
    for key, each in seen.items():
        assert_is_for(each, by_address[key], numbers, by_address)


def assert_is_for(
    each: Taken, person: Person, numbers: set[str], everybody: Mapping[str, Person]
) -> None:
    message = each.message()
    assert not message.defects
    for name in ("Cc", "Bcc", "Resent-To"):
        assert message[name] is None
    assert len(message.get_all("To") or []) == 1
    assert len(message.get_all("From") or []) == len(message.get_all("Date") or []) == 1
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    text = f"{message['Subject']}\n{plain.get_content()}\n{html.get_content()}"
    assert str(message["Subject"]).startswith(person.name)
    for part in (plain.get_content(), html.get_content()):
        assert person.name in part
        assert person.number in part
        assert "{{" not in part
    assert "\n.行頭の点" in plain.get_content()
    assert not [n for n in numbers - {person.number} if n in text]
    lower = each.raw.decode("ascii").lower()
    others = [
        k for k in everybody if k in lower and k != person_key(person.address) and k.isascii()
    ]
    assert not others
    header = str(message["List-Unsubscribe"])
    assert header.startswith("<http")
    assert header.endswith(">")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def unsubscribe_link(each: Taken) -> str:
    """The one-click link, as a mail program would read it from the raw header."""
    lines = each.raw.split(b"\r\n\r\n", 1)[0].replace(b"\r\n ", b" ").split(b"\r\n")
    (line,) = [line for line in lines if line.lower().startswith(b"list-unsubscribe:")]
    return line.split(b"<", 1)[1].rsplit(b">", 1)[0].decode("ascii")


def person_key(address: str) -> str:
    """Equal for addresses that are one person's: case does not matter, domains as A-labels."""
    local, _at, domain = address.strip().rpartition("@")
    return f"{local}@{domain.encode('idna').decode() if not domain.isascii() else domain}".lower()


def _unquoted(path: str) -> str:
    local, _at, domain = path.rpartition("@")
    return f"{local.strip(chr(34))}@{domain}"
