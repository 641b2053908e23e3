"""``hatobin import``, ``createowner`` and ``resetpassword``."""

from __future__ import annotations

import pytest
from tests.integration.cli.terminal import Terminal

from hatobin.audience.demo_people import as_csv, office_people

PASSWORD = {"HATOBIN_OWNER_PASSWORD": "hato-no-yubin-810"}
OWNER = ["createowner", "--email", "Hanako@example.jp", "--workspace", "さくら市役所"]


@pytest.fixture(scope="module", autouse=True)
def owner(terminal: Terminal) -> None:
    before = terminal.run("import", __file__, "--list", "x", "--basis", "given", "--json")
    assert before.status == 2
    assert before.error["code"] == "no-workspace"
    assert "createowner" in before.err
    done = terminal.run(*OWNER, **PASSWORD)
    assert done.status == 0, done.err
    assert "hanako@example.jp" in done.out


def bring(terminal: Terminal, path: str, *more: str, name: str = "会員") -> list[str]:
    return ["import", path, "--list", name, "--basis", "consent", "--json", *more]


def test_the_office_list_with_every_refused_row_named(terminal: Terminal) -> None:
    sample = office_people()
    path = terminal.folder.parent / "会員名簿.csv"
    path.write_bytes(as_csv(sample))
    done = terminal.run(*bring(terminal, str(path)))
    assert done.status == 0, done.err
    names = ("rows", "added", "changed", "unchanged", "duplicates", "refused", "suppressed")
    assert [done.json[name] for name in names] == [1021, 1000, 0, 0, 12, 9, 0]
    assert {each["row"] for each in done.json["refused_rows"]} == set(sample.broken)
    assert all(each["reason"] for each in done.json["refused_rows"])
    again = terminal.run(*bring(terminal, str(path))).json
    assert (again["added"], again["unchanged"]) == (0, 1000)
    text = terminal.run("import", str(path), "--list", "会員", "--basis", "consent")
    assert "1,021 rows read" in text.out
    assert text.out.count("\n") == 10


@pytest.mark.parametrize(
    ("content", "more", "option"),
    [
        ("", (), "FILE"),
        ("氏名\r\n花子\r\n", (), "--map"),
        ("氏名,メール\r\n花子,a@example.jp\r\n", ("--map", "会社=x"), "--map"),
        ("氏名,メール\r\n花子,a@example.jp\r\n", ("--map", "会社"), "--map"),
    ],
)
def test_what_cannot_be_imported_is_refused_and_names_the_option(
    terminal: Terminal, content: str, more: tuple[str, ...], option: str
) -> None:
    path = terminal.write("bad.csv", content)
    done = terminal.run(*bring(terminal, path, *more, name="別の会員"))
    assert done.status == 2, done.out
    assert done.error["option"] == option


TWO = "氏名,PCメール,携帯メール\r\n花子,a@example.jp,b@example.jp\r\n太郎,c@example.jp,d@example.jp\r\n"


def test_of_two_address_columns_the_person_must_name_one(terminal: Terminal) -> None:
    path = terminal.write("two.csv", TWO)
    unclear = terminal.run(*bring(terminal, path, name="二列"))
    assert unclear.status == 2, unclear.out
    assert (unclear.error["option"], unclear.error["code"]) == ("--map", "which-address-column")
    assert "PCメール, 携帯メール" in unclear.error["message"]
    assert "“PCメール=@”" in unclear.error["message"]
    named = terminal.run(*bring(terminal, path, "--map", "携帯メール=@", name="二列"))
    assert (named.status, named.json["added"]) == (0, 2), named.err
    left_out = terminal.run(*bring(terminal, path, "--map", "PCメール=", name="二列"))
    assert (left_out.status, left_out.json["unchanged"] + left_out.json["changed"]) == (0, 2)
    both = terminal.run(*bring(terminal, path, "--map", "PCメール=@", "--map", "携帯メール=@"))
    assert (both.status, both.error["option"]) == (2, "--map")


@pytest.mark.parametrize("name", ["氏名2", ""])
def test_the_address_column_is_not_taken_for_something_else_in_silence(
    terminal: Terminal, name: str
) -> None:
    path = terminal.write("one.csv", "氏名,メール\r\n花子,a@example.jp\r\n")
    done = terminal.run(*bring(terminal, path, "--map", f"メール={name}"))
    assert done.status == 2, done.out
    assert done.error["option"] == "--map"
    assert "“メール=@”" in done.error["message"]


def test_an_owner_is_refused_with_the_option_that_is_wrong(terminal: Terminal) -> None:
    for words, environment, option in (
        (OWNER, PASSWORD, "--email"),
        ([*OWNER[:2], "nobody", *OWNER[3:]], PASSWORD, "--email"),
        (
            [*OWNER[:2], "b@example.jp", *OWNER[3:]],
            {"HATOBIN_OWNER_PASSWORD": "1234"},
            "--password",
        ),
    ):
        done = terminal.run(*words, **environment)
        assert (done.status, option in done.err) == (2, True), done.err
        assert "Traceback" not in done.err


def test_a_password_is_given_anew(terminal: Terminal) -> None:
    done = terminal.run("resetpassword", "--email", "HANAKO@example.jp", **PASSWORD)
    assert done.status == 0, done.err
    missing = terminal.run("resetpassword", "--email", "x@example.jp", **PASSWORD)
    assert missing.status == 2
    assert "x@example.jp" in missing.err
