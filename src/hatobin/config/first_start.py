"""What ``serve`` does before it opens the doors: road, demo or owner's link, and what it prints."""

from __future__ import annotations

from hatobin.common.terminal import columns
from hatobin.common.terminal import gettext as _
from hatobin.config.env import Settings


def prepare(settings: Settings, *, demo: bool) -> str:
    """Makes the installation ready and returns what the person at the terminal needs to know."""
    from hatobin.accounts.models import Workspace
    from hatobin.accounts.services.setup import is_set_up, issue_setup_token
    from hatobin.config import demo as demo_workspace
    from hatobin.delivery.services.egress import ensure_sandbox

    if demo and not is_set_up():
        demo_workspace.create(settings)
    for workspace_id in Workspace.objects.values_list("pk", flat=True):
        ensure_sandbox(workspace_id)
    token = issue_setup_token()
    address = settings.public_url
    if token:
        return _box(
            _("Hatobin is ready. Make the owner's account (this link works once):"),
            f"{address}/setup/{token}",
        )
    kept = demo_workspace.sign_in(settings)
    if kept:
        return _box(
            _("Hatobin is ready: %(address)s") % {"address": address},
            _("Sign in as %(email)s   Password: %(password)s")
            % {"email": kept.email, "password": kept.password},
            _where_letters_go(),
        )
    return _box(_("Hatobin is ready: %(address)s") % {"address": address})


def _where_letters_go() -> str:
    from hatobin.delivery.queries.egresses import leads_out

    if leads_out():
        return _("Letters can leave this machine: there are ways of sending besides the sandbox.")
    return _("Nothing leaves this machine until you add another way of sending under Settings.")


def _box(*lines: str) -> str:
    lines = (*lines, _("Ctrl-C stops everything."))
    rule = "─" * (max(map(columns, lines)) + 2)
    body = "\n".join(f"│ {line}" for line in lines)
    return f"\n╭{rule}\n{body}\n╰{rule}\n"
