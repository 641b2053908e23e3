"""The documentation is held against the product: links, pictures, commands, settings, addresses, names."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
import polib
import pytest

from hatobin.config import commands, env

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted(
    path
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "src/hatobin/delivery/STATES.md")
    if path.is_file()
)  # fmt: skip
IMAGES = ROOT / "docs" / "images"
LARGEST = 200_000  # bytes of a picture

_FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`[^`\n]+`")
_LINK = re.compile(r"(!?)\[[^\]]*\]\(([^)\s]+)\)")
_TAG = re.compile(r'<img src="([^"]+)"')
_HEADING = re.compile(r"^(#+) +(.+)$", re.MULTILINE)
_COMMAND = re.compile(r"\bhatobin ([a-z]+)\b(.*)")
_FLAG = re.compile(r"(?<![\w-])(--[a-z][a-z-]*|-h)\b")
_SETTING = re.compile(r"\bHATOBIN_[A-Z][A-Z_]*[A-Z]\b")
_ADDRESS = re.compile(r"/api/v1/[\w{}$./-]*[\w}]")
_LABEL = re.compile(r"\*\*([^*\n]+)\*\*")
_FOREIGN = re.compile(r"/work/|/Users/|/home/\w|/root/|[A-Z]:\\")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def prose_of(path: Path) -> str:
    """The page without its code blocks."""
    return _FENCE.sub("", text_of(path))


def code_lines(path: Path) -> Iterator[str]:
    """What stands as code: lines of blocks (continued lines in one) and pieces inside sentences."""
    text = text_of(path)
    blocks = [*_FENCE.findall(text), *re.findall(r"^(?: {4}.+\n?)+", text, re.MULTILINE)]
    for block in blocks:
        yield from block.replace("\\\n", " ").splitlines()
    yield from (piece.strip("`") for piece in _INLINE.findall(_FENCE.sub("", text)))


def anchors_of(path: Path) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    return {
        re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        for _level, title in _HEADING.findall(prose_of(path))
    }


def links_of(path: Path) -> list[str]:
    prose = prose_of(path)
    found = [*(target for _image, target in _LINK.findall(prose)), *_TAG.findall(prose)]
    return [target for target in found if "://" not in target and not target.startswith("mailto:")]


def pictures_of(path: Path) -> list[str]:
    prose = prose_of(path)
    return [*(target for image, target in _LINK.findall(prose) if image), *_TAG.findall(prose)]


@pytest.fixture(scope="module")
def group() -> click.Group:
    from hatobin.cli.main import hatobin

    commands.add_to(hatobin)
    assert isinstance(hatobin, click.Group)
    return hatobin


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in links_of(page):
        name, _sign, anchor = target.partition("#")
        there = (page.parent / name).resolve() if name else page
        assert there.exists(), target
        if anchor and there.suffix == ".md":
            assert anchor in anchors_of(there), target


def test_every_page_can_be_found_from_the_index() -> None:
    index = ROOT / "docs" / "README.md"
    reached, waiting = set(), [index]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        for target in links_of(page):
            there = (page.parent / target.partition("#")[0]).resolve()
            if there.suffix == ".md" and there not in reached:
                waiting.append(there)
    lost = [name_of(page) for page in PAGES if "docs" in page.parts and page not in reached]
    assert lost == []


def test_pictures_are_small_and_all_of_them_are_shown() -> None:
    shown = {
        (page.parent / target).resolve() for page in PAGES for target in pictures_of(page)
    }  # fmt: skip
    stored = set(IMAGES.iterdir())
    assert {name_of(path) for path in stored - shown} == set()
    assert {name_of(path): n for path in stored if (n := path.stat().st_size) > LARGEST} == {}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_and_option_is_there(page: Path, group: click.Group) -> None:
    for line in code_lines(page):
        for name, rest in _COMMAND.findall(line):
            command = group.commands.get(name)
            assert command is not None, line
            parts = [command, *getattr(command, "commands", {}).values()]
            known = {flag for part in parts for option in part.params for flag in option.opts}
            known |= {"--help", "-h"}
            given = set(_FLAG.findall(re.split(r"[;|&)]|  #", rest)[0]))
            assert given <= known, (line, given - known)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_setting_is_read_by_the_product(page: Path) -> None:
    files = {f"HATOBIN_{name.upper()}_FILE" for name in env._SECRETS}
    known = {f"HATOBIN_{name.upper()}" for name in env.Settings.model_fields} | files
    for source in (ROOT / "src").rglob("*.py"):
        known |= set(_SETTING.findall(text_of(source)))
    assert set(_SETTING.findall(text_of(page))) <= known


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_api_address_is_one(page: Path) -> None:
    from hatobin.api.urls import api

    paths = {re.sub(r"{\w+}", "*", path) for path in api.get_openapi_schema()["paths"]}
    paths |= {"/api/v1/openapi.json"}
    for found in _ADDRESS.findall(text_of(page)):
        assert re.sub(r"{\w+}|\$\w+", "*", found) in paths, found


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_page_names_a_folder_of_somebodys_machine(page: Path) -> None:
    assert _FOREIGN.findall(text_of(page)) == []


@pytest.mark.parametrize(
    "page",
    [path for path in PAGES if path.parent.name in {"start", "how-to"}],
    ids=name_of,
)
def test_what_is_printed_bold_stands_on_a_screen(page: Path) -> None:
    catalogue = polib.pofile(str(ROOT / "src/hatobin/locale/ja/LC_MESSAGES/django.po"))
    japanese = page.name.endswith(".ja.md")
    words = {entry.msgstr if japanese else entry.msgid for entry in catalogue} | {
        "日本語",
        "English",
    }
    assert set(_LABEL.findall(prose_of(page))) <= words


@pytest.mark.parametrize(
    ("english", "japanese"),
    [("README.md", "README.ja.md"), ("docs/start/first-letter.md", "docs/start/first-letter.ja.md")],
)  # fmt: skip
def test_both_languages_tell_the_same(english: str, japanese: str) -> None:
    pair = ROOT / english, ROOT / japanese
    one, other = (shape_of(path) for path in pair)
    assert one == other


def shape_of(path: Path) -> dict[str, Any]:
    """What a translation must not change: levels of headings, blocks, rows, pictures."""
    prose = prose_of(path)
    return {
        "headings": [len(level) for level, _title in _HEADING.findall(prose)],
        "blocks": [block.partition("\n")[0] for block in _FENCE.findall(text_of(path))],
        "rows": len(re.findall(r"^\|", prose, re.MULTILINE)),
        "points": len(re.findall(r"^- ", prose, re.MULTILINE)),
        "pictures": [re.sub(r"-(en|ja)\.png$", "", target) for target in pictures_of(path)],
    }


def test_pages_named_in_the_code_are_there() -> None:
    named = {
        page
        for folder in ("src", "tests", "tools", "deploy")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix in {".py", ".sql", ".html", ".css", ".service", ".conf", ""}
        and "vendor" not in path.parts and "__pycache__" not in path.parts
        for page in re.findall(r"\bdocs/[\w/.-]+\.md\b", text_of(path))
    }  # fmt: skip
    assert named
    assert {page for page in named if not (ROOT / page).exists()} == set()


def test_the_architecture_names_what_is_there() -> None:
    section = text_of(ROOT / "ARCHITECTURE.md").partition("## Who calls what")[2]
    rows = re.findall(r"^\| (\w+) \| (.+) \|$", section.partition("\n## ")[0], re.MULTILINE)
    calls = {
        (room, name): call for room, cell in rows if room != "room" for name, call in names_in(cell)
    }
    assert len(calls) > 80
    assert {at: call for at, call in calls.items() if not is_there(*at)} == {}


def names_in(cell: str) -> Iterator[tuple[str, str]]:
    """``a.b.c`` as it is, and ``d`` after it as ``a.b.d``."""
    place = ""
    for name in re.findall(r"`([\w.]+)`", cell):
        place = name.rpartition(".")[0] if "." in name else place
        yield f"{place}.{name.rpartition('.')[2]}", name


def is_there(room: str, name: str) -> bool:
    module, _dot, attribute = f"hatobin.{room}.{name}".rpartition(".")
    return hasattr(importlib.import_module(module), attribute)


def test_the_decisions_are_numbered_without_gaps() -> None:
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs/decisions").glob("0*.md"))
    assert numbers
    assert all(after - before == 1 for before, after in pairwise(numbers))


def test_deploy_files_name_settings_that_exist() -> None:
    known = {f"HATOBIN_{name.upper()}" for name in env.Settings.model_fields}
    known |= {f"{name}_FILE" for name in known}
    for path in (ROOT / "deploy").rglob("*"):
        if path.is_file():
            assert os.access(path, os.R_OK)
            assert set(_SETTING.findall(text_of(path))) <= known, path
