"""Accounts from the terminal: the owner, and a new password for somebody who lost theirs."""

from __future__ import annotations

import click

from hatobin.cli.shared import Runtime, fail, with_services
from hatobin.common.terminal import gettext as _


@click.command()
@click.option("--email", prompt=_("Mail address"), help="The owner's mail address, for signing in.")
@click.option("--name", default="", help="The owner's name.")
@click.option(
    "--workspace", "workspace_name", prompt=_("Organisation"), help="Name of the workspace."
)
@click.option("--language", type=click.Choice(["ja", "en"]), default="ja", show_default=True,
              help="The language of the screens, and of the workspace's letters.")  # fmt: skip
@click.password_option(
    envvar="HATOBIN_OWNER_PASSWORD", help="Else HATOBIN_OWNER_PASSWORD, else asked."
)
@with_services
def createowner(
    _runtime: Runtime, email: str, name: str, workspace_name: str, language: str, password: str
) -> None:
    """Make a person who owns a workspace (a new one, unless one of this name exists)."""
    from hatobin.accounts.services.setup import add_owner

    user, workspace = add_owner(
        email=email, name=name, password=password, workspace_name=workspace_name, language=language
    )
    words = {"email": user.email, "workspace": workspace.name}
    click.echo(_("%(email)s owns “%(workspace)s”.") % words)


@click.command()
@click.option("--email", prompt=_("Mail address"), help="With which the person signs in.")
@click.password_option(
    envvar="HATOBIN_OWNER_PASSWORD", help="Else HATOBIN_OWNER_PASSWORD, else asked."
)
@with_services
def resetpassword(runtime: Runtime, email: str, password: str) -> None:
    """Give a person a new password and end all their sessions."""
    from hatobin.accounts.services.setup import reset_password

    if not reset_password(email=email, password=password, operator=runtime.operator()):
        fail(_("Nobody signs in as %(email)s here.") % {"email": email}, code="unknown-person")
    click.echo(_("The password is changed; the person is signed out everywhere."))
