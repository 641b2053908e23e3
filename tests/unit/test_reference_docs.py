"""Every setting and every command with its options stands in the reference."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from hatobin.cli.main import hatobin
from hatobin.config import commands, env

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"
commands.add_to(hatobin)


@pytest.mark.parametrize("name", env.Settings.model_fields)
def test_every_setting_stands_in_the_reference_with_a_sentence(name: str) -> None:
    text = (REFERENCE / "settings.md").read_text(encoding="utf-8")
    (line,) = [each for each in text.splitlines() if each.startswith(f"| `HATOBIN_{name.upper()}`")]
    assert len(line.rsplit("|", 2)[1].split()) > 3, line


def test_the_defaults_in_the_reference_are_those_of_the_code() -> None:
    text = (REFERENCE / "settings.md").read_text(encoding="utf-8")
    for name, field in env.Settings.model_fields.items():
        if isinstance(field.default, int) and not isinstance(field.default, bool):
            assert f"| `HATOBIN_{name.upper()}` | `{field.default}` |" in text, name


@pytest.mark.parametrize("name", hatobin.commands)
def test_every_command_stands_in_the_reference_and_explains_itself(name: str) -> None:
    text = (REFERENCE / "commands.md").read_text(encoding="utf-8")
    command = hatobin.commands[name]
    assert f"`hatobin {name}`" in text
    assert command.help
    assert command.help.splitlines()[0].endswith(".")
    for param in command.params:
        if not isinstance(param, click.Option):
            continue
        assert param.help, f"{name} {param.opts}"
        option = max(param.opts, key=len)
        if name in {"send", "import", "sink", "doctor", "serve"}:
            assert option in text, f"{name} {option}"
