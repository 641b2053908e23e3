"""Which workspace a command means, and who acts: the person at the terminal."""

from __future__ import annotations

from hatobin.accounts.rules import Actor
from hatobin.cli.shared import Runtime, fail
from hatobin.common.terminal import gettext as _


def operator_actor(runtime: Runtime, name: str, *, create_as: str = "") -> Actor:
    """The operator in the named workspace; without a name in the only one.

    Where there is none at all, ``create_as`` makes one (its owner can be added later).
    """
    from hatobin.accounts.models import Workspace
    from hatobin.accounts.services.access import actor_of_operator
    from hatobin.accounts.services.workspaces import first_workspace

    found = list(Workspace.objects.filter(name=name) if name else Workspace.objects.all()[:2])
    if not found and create_as and not name:
        found = [first_workspace(create_as)]
    if not found and not Workspace.objects.exists():
        text = _("There is no workspace yet. Make one with: %(command)s")
        fail(text % {"command": "hatobin createowner"}, code="no-workspace")
    if len(found) != 1:
        known = ", ".join(Workspace.objects.values_list("name", flat=True)) or "–"
        text = _("Say which workspace with --workspace. There is: %(names)s") % {"names": known}
        fail(text, code="which-workspace")
    return actor_of_operator(found[0].pk, runtime.operator())
