"""The house rules that a linter does not know: sizes, and the road to a workspace's rows."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "src" / "hatobin"

FILE_LIMIT, FUNCTION_LIMIT, TEMPLATE_LIMIT, SCRIPT_LIMIT = 500, 80, 250, 1500
SOFT_FILE, SOFT_FUNCTION = 300, 40
# May only shrink: how many files and functions are over the soft limit today.
FILES_OVER_SOFT, FUNCTIONS_OVER_SOFT = 6, 12

WORKSPACE_MODELS = {
    "Member", "Invitation", "ApiKey", "AuditEntry", "DataKey", "SenderIdentity", "SenderProfile",
    "Suppression", "Field", "Contact", "ContactList", "Subscription", "Import", "UploadChunk",
    "ImportProblem", "Egress", "Dispatch", "Delivery", "SandboxLetter", "Campaign",
    "ShapingOverride", "SendingDomain", "DkimKey", "EmergencyStop",
}  # fmt: skip
ALLOWED_FIRST = {
    "of",
    "across_workspaces",
    "create",
    "bulk_create",
    "update_or_create",
    "get_or_create",
}


def python_files() -> list[Path]:
    return [path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts]


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{path.relative_to(ROOT)}:{node.name}", (node.end_lineno or 0) - node.lineno + 1


def test_no_file_is_one_that_people_dread() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in python_files()}
    assert {str(path): n for path, n in lengths.items() if n > FILE_LIMIT} == {}
    over = [str(path.relative_to(ROOT)) for path, n in lengths.items() if n > SOFT_FILE]
    assert len(over) <= FILES_OVER_SOFT, over


def test_no_function_is_longer_than_a_page() -> None:
    lengths = dict(pair for path in python_files() for pair in functions(path))
    assert {name: n for name, n in lengths.items() if n > FUNCTION_LIMIT} == {}
    over = [name for name, n in lengths.items() if n > SOFT_FUNCTION]
    assert len(over) <= FUNCTIONS_OVER_SOFT, over


def test_templates_and_scripts_stay_small() -> None:
    templates = {
        p: len(p.read_text(encoding="utf-8").splitlines())
        for p in PACKAGE.rglob("templates/**/*.html")
    }
    assert templates
    assert {str(p): n for p, n in templates.items() if n > TEMPLATE_LIMIT} == {}
    scripts = [
        p
        for p in PACKAGE.rglob("static/**/*.js")
        if "vendor" not in p.parts and "editor" not in p.parts
    ]
    assert sum(len(p.read_text(encoding="utf-8").splitlines()) for p in scripts) <= SCRIPT_LIMIT


@pytest.mark.parametrize("path", python_files(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_rows_of_a_workspace_are_reached_only_by_naming_it(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Attribute):
            continue
        manager = node.value
        if manager.attr != "objects" or not isinstance(manager.value, ast.Name):
            continue
        if manager.value.id in WORKSPACE_MODELS:
            assert node.attr in ALLOWED_FIRST, (
                f"{path}:{node.lineno} {manager.value.id}.objects.{node.attr}"
            )


def test_no_template_carries_a_script_or_a_style_of_its_own() -> None:
    for path in PACKAGE.rglob("templates/**/*.html"):
        if path.parts[-2] == "mail":
            continue  # a letter's own frame: mail programs read only inline styles
        text = path.read_text(encoding="utf-8")
        assert " style=" not in text, path
        assert " onclick=" not in text, path
        assert "<style" not in text, path
        assert "<script>" not in text, path


def test_every_status_value_carries_a_sentence() -> None:
    from django.db.models import TextChoices

    from hatobin.audience.models import ImportState
    from hatobin.delivery.models import DeliveryState, DispatchState

    kinds: list[type[TextChoices]] = [DeliveryState, DispatchState, ImportState]
    for kind in kinds:
        for value, label in kind.choices:
            assert str(label).strip(), (kind, value)
