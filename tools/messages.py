"""Keeps the translation catalogue: English is the msgid, Japanese is the translation.

    python tools/messages.py extract           collect msgids from templates and Python
    python tools/messages.py merge FILE.json   set Japanese: {"English": "日本語"}; plurals as
                                               "singular|||plural", contexts as "context\\u0004text"
    python tools/messages.py check             exit status 1 and a list of what is not right
    python tools/messages.py compile           .po > .mo

No gettext programs are needed. Catalogues have no dates and no line numbers and are sorted, so that
a change of words is a small difference. Several people may run this at once.
"""

from __future__ import annotations

import argparse
import ast
import fcntl
import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polib

sys.path.insert(0, str(Path(__file__).resolve().parent))
from template_words import bare_words

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "hatobin"
PLURALS = {"ja": "nplurals=1; plural=0;", "en": "nplurals=2; plural=(n != 1);"}

# Modules whose gettext functions mark a text, in Python files.
_MODULES = {"django.utils.translation", "hatobin.common.terminal"}
_TRANSLATES = re.compile(r"django\.utils(?:\.| import )translation|common\.terminal")
JAPANESE = re.compile(r"[\u3041-\u30ff\u3400-\u9fff\uff66-\uff9f]")
_PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|(?<!%)%[sd]")
_LITERAL = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_CALL = re.compile(
    rf"\b(_|gettext|ngettext|pgettext|npgettext)\(\s*u?({_LITERAL}(?:\s*,\s*u?{_LITERAL})*)",
    re.DOTALL,
)
# Which arguments hold what: context, singular, plural.
_SHAPES: dict[str, tuple[str, ...]] = {
    "gettext": ("msgid",),
    "ngettext": ("msgid", "plural"),
    "pgettext": ("context", "msgid"),
    "npgettext": ("context", "msgid", "plural"),
}


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Message:
    """One thing to translate; ``plural`` and ``context`` are empty for most."""

    msgid: str
    plural: str = ""
    context: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What identifies it in a catalogue."""
        return self.msgid, self.context


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; exit status 1 only from ``check`` and for a file that cannot be read."""
    parser = argparse.ArgumentParser(description="Translation catalogue.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("extract", "check", "compile"):
        commands.add_parser(name)
    commands.add_parser("merge").add_argument("file", type=Path)
    options = parser.parse_args(arguments)
    with _only_one():
        match options.command:
            case "extract":
                return extract(PACKAGE)
            case "merge":
                return merge(PACKAGE, options.file)
            case "check":
                return report(problems(PACKAGE))
            case _:
                return compile_all(PACKAGE)


def extract(package: Path) -> int:
    """Brings both catalogues up to what the source says; translations that fit are kept."""
    found = messages(package)
    for language in PLURALS:
        catalogue = load(package, language)
        wanted = found if language == "ja" else set()
        gone = drop_gone(catalogue, {message.key for message in wanted})
        for message in sorted(wanted):
            _ensure(catalogue, message)
        save(package, language, catalogue)
        for text in gone:
            print(f"{language}: removed {text!r}")
    missing = sum(not entry.translated() for entry in load(package, "ja"))
    print(f"{len(found)} texts, {missing} without Japanese")
    return 0


def drop_gone(catalogue: polib.POFile, keys: set[tuple[str, str]]) -> list[str]:
    """Takes out what the source no longer says; returns the msgids."""
    gone = [entry for entry in catalogue if (entry.msgid, entry.msgctxt or "") not in keys]
    for entry in gone:
        catalogue.remove(entry)
    return [entry.msgid for entry in gone]


def merge(package: Path, file: Path) -> int:
    """Sets Japanese texts from a JSON object; a text the source does not have yet is added."""
    try:
        words: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        print(f"messages: {file}: {error}", file=sys.stderr)
        return 1
    catalogue = load(package, "ja")
    for key, japanese in words.items():
        context, _mark, text = key.rpartition("\u0004")
        singular, _bars, plural = text.partition("|||")
        message = Message(msgid=singular, plural=plural, context=context)
        _set_japanese(_ensure(catalogue, message), japanese)
    save(package, "ja", catalogue)
    print(f"{len(words)} texts merged")
    return 0


def compile_all(package: Path) -> int:
    """Writes a .mo beside every .po; a running server keeps the one it has open."""
    for language in PLURALS:
        target = _path(package, language).with_suffix(".mo")
        beside = target.with_suffix(f".{os.getpid()}")
        load(package, language).save_as_mofile(str(beside))
        beside.replace(target)
    return 0


def problems(package: Path) -> Iterator[str]:
    """Each thing that would show on a screen in the wrong language, in one line."""
    catalogue = {(entry.msgid, entry.msgctxt or ""): entry for entry in load(package, "ja")}
    found = messages(package)
    for message in sorted(found):
        if JAPANESE.search(message.msgid):
            yield f"msgid is not English: {message.msgid!r}"
        entry = catalogue.get(message.key)
        if entry is None or not _japanese(entry):
            yield f"no Japanese for: {message.msgid!r}"
        elif entry.fuzzy:
            yield f"marked fuzzy: {message.msgid!r}"
        else:
            yield from _wrong_placeholders(entry)
    for key in sorted(catalogue.keys() - {message.key for message in found}):
        yield f"not used any more (run extract): {key[0]!r}"
    for path in templates(package):
        if path.suffix == ".html":
            for line, words in bare_words(path.read_text(encoding="utf-8")):
                yield f"{path.relative_to(package)}:{line}: not in a translate tag: {words!r}"


def report(lines: Iterator[str]) -> int:
    """Prints problems; exit status 1 when there is one."""
    count = 0
    for count, line in enumerate(lines, start=1):  # noqa: B007
        print(line)
    print(f"translations: {count} problems" if count else "translations: complete")
    return 1 if count else 0


def messages(package: Path) -> set[Message]:
    """Everything that templates and Python files ask to be translated, one per msgid and context."""
    found = [*_from_python(package), *_from_templates(package)]
    by_key: dict[tuple[str, str], Message] = {}
    for message in sorted(found):
        # A plural form anywhere makes the entry a plural one.
        if message.msgid and (message.key not in by_key or message.plural):
            by_key[message.key] = message
    return set(by_key.values())


def templates(package: Path) -> list[Path]:
    """Template files of all rooms."""
    return sorted(
        path for path in package.glob("**/templates/**/*") if path.suffix in {".html", ".txt"}
    )


def _from_templates(package: Path) -> Iterator[Message]:
    from django.conf import settings
    from django.utils.translation.template import templatize

    if not settings.configured:
        settings.configure()
    for path in templates(package):
        for kind, literals in _CALL.findall(templatize(path.read_text(encoding="utf-8"))):
            values = [ast.literal_eval(text) for text in re.findall(_LITERAL, literals)]
            yield _message("gettext" if kind == "_" else kind, values)


def _from_python(package: Path) -> Iterator[Message]:
    for path in sorted(package.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "migrations" in path.parts or not _TRANSLATES.search(text):
            continue
        tree = ast.parse(text, str(path))
        names = dict(_aliases(tree))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and (kind := _kind(node.func, names)):
                values = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
                texts = [value for value in values if isinstance(value, str)]
                if len(texts) >= len(_SHAPES[kind]):
                    yield _message(kind, texts)


def _aliases(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Local name to gettext function, from the imports of a file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in _MODULES:
            for name in node.names:
                plain = name.name.removesuffix("_lazy").removesuffix("_noop")
                if plain in _SHAPES:
                    yield name.asname or name.name, plain


def _kind(function: ast.expr, names: dict[str, str]) -> str:
    """The gettext function a call means, or "" for any other call."""
    if isinstance(function, ast.Name):
        return names.get(function.id, "")
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        plain = function.attr.removesuffix("_lazy").removesuffix("_noop")
        return plain if function.value.id == "translation" and plain in _SHAPES else ""
    return ""


def _message(kind: str, values: list[str]) -> Message:
    return Message(**dict(zip(_SHAPES[kind], values, strict=False)))


def load(package: Path, language: str) -> polib.POFile:
    """A catalogue, or an empty one."""
    path = _path(package, language)
    found = polib.pofile(str(path), wrapwidth=0) if path.exists() else polib.POFile(wrapwidth=0)
    found.metadata = {
        "Project-Id-Version": "Hatobin",
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": PLURALS[language],
    }
    found.metadata_is_fuzzy = []
    return found


def save(package: Path, language: str, catalogue: polib.POFile) -> None:
    """Sorted, without places and dates, whole or not at all."""
    catalogue.sort(key=lambda entry: (entry.msgid, entry.msgctxt or ""))
    for entry in catalogue:
        entry.occurrences, entry.comment, entry.tcomment = [], "", ""
        entry.flags = _flags(entry)
    path = _path(package, language)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(f".{os.getpid()}")
    catalogue.save(str(beside))
    beside.replace(path)


def _flags(entry: polib.POEntry) -> list[str]:
    kept = [flag for flag in entry.flags if flag == "fuzzy"]
    return kept + (
        ["python-format"] if _PLACEHOLDER.search(entry.msgid + entry.msgid_plural) else []
    )


def _path(package: Path, language: str) -> Path:
    return package / "locale" / language / "LC_MESSAGES" / "django.po"


def _ensure(catalogue: polib.POFile, message: Message) -> polib.POEntry:
    """The entry of a message, made or brought to its shape (plural or not)."""
    entry = catalogue.find(message.msgid, msgctxt=message.context or False)
    if entry is None:
        entry = polib.POEntry(msgid=message.msgid, msgctxt=message.context or None)
        catalogue.append(entry)
    if message.plural != entry.msgid_plural:
        japanese = _japanese(entry)
        entry.msgid_plural = message.plural
        entry.msgstr, entry.msgstr_plural = "", {}
        _set_japanese(entry, japanese)
    return entry


def _japanese(entry: polib.POEntry) -> str:
    """Japanese has one form for any number."""
    return str(entry.msgstr_plural.get(0, "") if entry.msgid_plural else entry.msgstr)


def _set_japanese(entry: polib.POEntry, text: str) -> None:
    if entry.msgid_plural:
        entry.msgstr_plural = {0: text}
    else:
        entry.msgstr = text
    entry.flags = [flag for flag in entry.flags if flag != "fuzzy"]


def _wrong_placeholders(entry: polib.POEntry) -> Iterator[str]:
    """A translation names what the original names; a number may be left out of a plural."""
    here = {match[0] for match in _PLACEHOLDER.finditer(_japanese(entry))}
    there = {match[0] for match in _PLACEHOLDER.finditer(entry.msgid + entry.msgid_plural)}
    missing = there - here if not entry.msgid_plural else set()
    if here - there or missing:
        wrong = ", ".join(sorted((here - there) | missing))
        yield f"placeholders differ ({wrong}): {entry.msgid!r}"


@contextmanager
def _only_one() -> Iterator[None]:
    with Path(__file__).open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main())
