"""What may be typed as an address to send from."""

from __future__ import annotations

import pytest

from hatobin.common.errors import Invalid
from hatobin.delivery.rules.sources import check_sources, ehlo_name


def row(
    address: str = "192.0.2.1", name: str = "mail.example.jp", weight: object = 1
) -> dict[str, object]:
    return {"address": address, "ehlo_name": name, "weight": weight}


def refused(*rows: dict[str, object], on_this_machine: bool = False) -> tuple[str, str | None]:
    with pytest.raises(Invalid) as error:
        check_sources(rows, on_this_machine=on_this_machine)
    return error.value.code, error.value.field


def test_sources_get_one_form() -> None:
    made = check_sources([row(" 192.0.2.1 ", "Mail.Example.JP."), row("2001:DB8:0::1", weight=3)])
    assert made == [
        {"address": "192.0.2.1", "ehlo_name": "mail.example.jp", "weight": 1},
        {"address": "2001:db8::1", "ehlo_name": "mail.example.jp", "weight": 3},
    ]
    assert check_sources([row("")])[0]["address"] == ""


def test_a_japanese_server_name_becomes_what_mail_can_carry() -> None:
    assert ehlo_name("メール.例え.jp") == "xn--4dkua4c.xn--r8jz45g.jp"


@pytest.mark.parametrize(
    "name",
    ["", "mail", "localhost", "mail.localhost", "mail.local", "192.0.2.1", "[192.0.2.1]", "mail_1.example.jp",
     "-a.example.jp", "a b.example.jp", "mail.example.jp\r\nRSET", "." * 300, "a" * 64 + ".jp", "::1"],
)  # fmt: skip
def test_only_the_full_name_of_a_server_introduces_itself(name: str) -> None:
    assert refused(row(name=name)) == ("bad-ehlo-name", "sources.0.ehlo_name")


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("mail.example.jp", "bad-address"),
        ("192.0.2.256", "bad-address"),
        ("192.0.2.0/24", "bad-address"),
        ("0.0.0.0", "unusable-address"),  # noqa: S104
        ("::", "unusable-address"),
        ("224.0.0.1", "unusable-address"),
        ("169.254.1.1", "unusable-address"),
        ("fe80::1%eth0", "unusable-address"),
        ("127.0.0.1", "unusable-address"),
        ("::1", "unusable-address"),
    ],
)
def test_an_address_must_lead_out(address: str, code: str) -> None:
    assert refused(row("192.0.2.1"), row(address)) == (code, "sources.1.address")


def test_loopback_serves_for_a_server_on_this_machine_and_nothing_else_changes() -> None:
    assert check_sources([row("127.0.0.11")], on_this_machine=True)[0]["address"] == "127.0.0.11"
    assert refused(row("224.0.0.1"), on_this_machine=True)[0] == "unusable-address"


def test_what_is_wrong_with_several_rows_names_the_row() -> None:
    assert refused() == ("no-sources", "sources")
    assert refused(*[row(f"10.0.0.{n}") for n in range(65)]) == ("too-many-sources", "sources")
    assert refused(row(), row()) == ("same-address", "sources.1.address")
    assert refused(row(), row("")) == ("missing", "sources.1.address")
    assert refused(row(weight=0)) == ("no-weight", "sources.0.weight")
    for weight in (-1, 101, "2", None, 1.5):
        assert refused(row(), row("192.0.2.2", weight=weight)) == ("bad-weight", "sources.1.weight")
