"""What applies: the shipped file, the installation's, a workspace's text; read anew only when changed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from hatobin.common.errors import Unavailable
from hatobin.delivery.models import ShapingOverride
from hatobin.delivery.rules.shaping import Problem, Shaping, read_shaping
from hatobin.delivery.rules.shaping.document import Rule
from hatobin.delivery.rules.shaping_problems import problem_line

SHIPPED = "shaping.toml"
OWN = "workspace"
_File = tuple[str, str]  # name, text


class ShapingBroken(Unavailable):
    """The installation's file cannot be used: nothing may be sent by other limits than it asks for."""


def shaping_of(workspace_id: uuid.UUID) -> Shaping:
    """What applies in a workspace: for the engine, which asks again every few seconds.

    One query; equal answers are one object. A stored text that no longer fits is left out, and
    ``problems`` say why. Raises ShapingBroken.
    """
    return with_text(stored(workspace_id)[0])


def with_text(text: str) -> Shaping:
    """What would apply with this text of a workspace. Raises ShapingBroken."""
    return _usable(_laid(_installation(), text))


def expiry_of(workspace_id: uuid.UUID) -> timedelta:
    """For how long a letter is tried that does not say it itself. Raises ShapingBroken."""
    return timedelta(seconds=shaping_of(workspace_id).for_lane("").expiry)


def demands_tls(workspace_id: uuid.UUID, domain: str, site: str) -> bool:
    """Whether letters sent directly to a domain must be encrypted; False where nothing may be sent at all."""
    try:
        return shaping_of(workspace_id).for_lane(domain, site).tls == "required"
    except ShapingBroken:
        return False


def rules_of(workspace_id: uuid.UUID) -> Mapping[str, Rule]:
    """The reply rules by name; none where the installation's file cannot be used."""
    try:
        return {rule.name: rule for rule in shaping_of(workspace_id).rules}
    except ShapingBroken:
        return {}


def stored(workspace_id: uuid.UUID) -> tuple[str, int]:
    """The workspace's own text and its revision; empty and 0 where it never had one."""
    rows = ShapingOverride.objects.of(workspace_id)
    return rows.values_list("text", "revision").first() or ("", 0)


def problems_of_file(text: str, file: str) -> list[Problem]:
    """What is wrong with a text as the installation's file."""
    return read_shaping(_shipped(), (file, text)).problems


def installation_file() -> str:
    """The path of the installation's file; empty without one."""
    path: Path | None = settings.HATOBIN.shaping_file
    return str(path.absolute()) if path else ""


def _usable(found: Shaping) -> Shaping:
    broken = next((problem for problem in found.problems if problem.file != OWN), None)
    if broken:
        raise ShapingBroken(
            "shaping-file",
            _("The installation's shaping file cannot be used: %(problem)s"),
            advice=_("Ask whoever runs the installation."),
            params={"problem": problem_line(broken)},
        )
    return found


def _installation() -> _File | None:
    name = installation_file()
    if not name:
        return None
    try:
        found = Path(name).stat()
        return name, _read(name, found.st_mtime_ns, found.st_size)
    except (OSError, UnicodeDecodeError) as error:
        raise ShapingBroken(
            "shaping-file",
            _("The installation's shaping file cannot be read: %(file)s (%(words)s)"),
            advice=_("Ask whoever runs the installation."),
            params={"file": name, "words": getattr(error, "strerror", None) or "UTF-8"},
        ) from error


@lru_cache(maxsize=4)
def _read(name: str, _changed: int, _size: int) -> str:
    return Path(name).read_text(encoding="utf-8-sig")


@lru_cache(maxsize=1)
def _shipped() -> _File:
    text = files("hatobin.delivery").joinpath(SHIPPED).read_text(encoding="utf-8")
    return SHIPPED, text


@lru_cache(maxsize=64)
def _laid(installation: _File | None, text: str) -> Shaping:
    return read_shaping(_shipped(), installation, (OWN, text) if text else None)
