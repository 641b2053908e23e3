"""What a command needs before it can call a service: a database that answers, and Django."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from hatobin.common.terminal import gettext as _
from hatobin.common.terminal import terminal_language
from hatobin.config import env
from hatobin.config.postgres import EmbeddedPostgres, PostgresError

_MIGRATION_LOCK = 810_2026  # advisory lock: one process migrates, the others wait


class NoDatabase(Exception):
    """The database does not answer; the text says what it said."""


class Runtime:
    """Handed to every command. ``open`` is entered once; afterwards services can be called."""

    # What ``open`` raises when something is for the operator to mend.
    troubles: tuple[type[Exception], ...] = (env.SettingsError, PostgresError, NoDatabase)

    def __init__(self) -> None:
        self.postgres: EmbeddedPostgres | None = None

    @cached_property
    def settings(self) -> env.Settings:
        """Read when first needed, so that ``--help`` works with a broken environment."""
        return env.load()

    @contextmanager
    def open(self, *, migrate: bool = True) -> Iterator[None]:
        """Starts or joins the embedded PostgreSQL (unless one is configured) and sets Django up."""
        self.prepare_data_dir()
        if not self.settings.database_url:
            self.postgres = EmbeddedPostgres(self.settings.data_dir)
            os.environ["DATABASE_URL"] = self.postgres.start().url()
        try:
            setup_django()
            if migrate:
                _migrated()
            yield
        finally:
            _close_connections()
            if self.postgres is not None:
                self.postgres.stop()

    def prepare_data_dir(self) -> Path:
        """Makes the data folder (0700) where it is missing."""
        folder = self.settings.data_dir
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            words = {"folder": folder, "reason": error.strerror}
            raise env.SettingsError(
                _(
                    "The data folder %(folder)s cannot be made (%(reason)s). "
                    "Set HATOBIN_DATA_DIR to a folder that you may write to."
                )
                % words
            ) from error
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            raise env.SettingsError(
                _(
                    "You may not write to the data folder %(folder)s. Run the command as the user "
                    "whom it belongs to, or set HATOBIN_DATA_DIR to another folder."
                )
                % {"folder": folder}
            )
        return folder

    @staticmethod
    def operator() -> str:
        """The name of the person at the terminal, for the audit log."""
        try:
            return getpass.getuser()
        except (KeyError, OSError):
            return f"uid-{os.getuid()}"


def setup_django() -> None:
    """Loads Django once, in the language of the terminal."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hatobin.config.settings")
    import django
    from django.utils import translation

    django.setup()
    translation.activate(terminal_language())


def _migrated() -> None:
    from django.db import InterfaceError, OperationalError

    try:
        migrate_if_needed()
    except (OperationalError, InterfaceError) as error:
        raise NoDatabase(
            _("The database does not answer: %(words)s") % {"words": str(error).strip()}
            + " "
            + _("Run: %(command)s") % {"command": "hatobin doctor"}
        ) from error


def migrate_if_needed() -> None:
    """Brings the schema up to date; several processes may ask at once."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_MIGRATION_LOCK])
        try:
            executor = MigrationExecutor(connection)
            if executor.migration_plan(executor.loader.graph.leaf_nodes()):
                call_command("migrate", verbosity=0, interactive=False)
            call_command("createcachetable", verbosity=0)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_MIGRATION_LOCK])


def _close_connections() -> None:
    if "django.db" in sys.modules:
        from django.db import connections

        connections.close_all()
