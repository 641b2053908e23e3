"""``hatobin domain``: what an operator types, from nothing to a signing key."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from tests.doubles.name_thread import serving
from tests.doubles.names import NameServer
from tests.integration.cli.terminal import Done, Terminal
from tests.samples.dkim_keys import locked_pem, rsa_pem

pytestmark = pytest.mark.slow
NAME = "sakura.example"


@pytest.fixture(scope="module")
def office(terminal: Terminal) -> Terminal:
    words = ("--email", "hanako@office.example", "--workspace", "Office")
    made = terminal.run("createowner", *words, HATOBIN_OWNER_PASSWORD="hato-no-yubin-810")
    assert made.status == 0, made.err
    return terminal


@pytest.fixture
def names() -> Iterator[NameServer]:
    with serving({NAME: {"MX": [f"10 mx.{NAME}."]}}) as server:
        yield server


def test_from_nothing_to_a_signing_key_and_away(office: Terminal, names: NameServer) -> None:
    def domain(*words: str, **more: str) -> Done:
        asked = {"HATOBIN_DNS_SERVERS": names.host, "HATOBIN_DNS_PORT": str(names.port)}
        return office.run("domain", *words, **(asked | more))

    assert "Make a DKIM key" in domain("add", "Sakura.EXAMPLE").out
    assert domain("add", NAME, "--json").error["option"] == "NAME"
    file = office.write("key.pem", rsa_pem())
    shown = domain("import", NAME, file, "--selector", "hato")
    assert shown.status == 0, shown.err
    (name, strings) = re.findall(r"^  (\S+)\. IN TXT (.+)$", shown.out, re.MULTILINE)[0]
    refused = domain("activate", NAME, "--json")
    assert (refused.status, refused.error["code"]) == (2, "key-missing")
    names.zone[name] = {"TXT": [strings]}
    checked = domain("check", NAME, "--json").json
    assert checked["next_step"]["code"] == "activate"
    assert [each["code"] for each in checked["findings"]] == [
        "published", "missing", "found", "missing",
    ]  # fmt: skip
    assert "is signed" not in domain("show", NAME).out
    assert domain("activate", NAME).status == 0
    japanese = domain("list", HATOBIN_LANGUAGE="ja").out
    assert japanese.startswith(f"{NAME}: ")
    assert "署名" in japanese
    assert domain("remove", NAME, "--json").error["code"] == "domain-in-use"
    assert domain("retire", NAME, "--json").error["code"] == "which-key"
    assert domain("retire", NAME, "--selector", "hato", "--at-once").status == 0
    assert domain("change", NAME, "--return-path", f"b.{NAME}", "--json").json["return_path"]
    assert domain("remove", NAME).out.strip() == f"{NAME} is removed."
    assert domain("list", "--json").json == {"domains": []}


def test_a_key_that_cannot_be_used_is_named(office: Terminal) -> None:
    office.run("domain", "add", "momiji.example")
    file = office.write("locked.pem", locked_pem())
    refused = office.run("domain", "import", "momiji.example", file, "--json")
    assert (refused.status, refused.error["code"], refused.error["option"]) == (
        2, "passphrase", "FILE",
    )  # fmt: skip
    unknown = office.run("domain", "show", "other.example", "--json")
    assert unknown.error["code"] == "no-domain"
    made = office.run("domain", "generate", "momiji.example", "--ed25519", "--json").json
    assert made["keys"][0]["algorithm"] == "ed25519"
