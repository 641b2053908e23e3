"""Two checks that need Django but no running service: missing migrations, deployment settings.

The database is an embedded one in a throw-away folder, because Django looks at it for both.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path


def main() -> int:
    """Exit status 0 when nothing is missing; the commands say what is."""
    from hatobin.config.postgres import EmbeddedPostgres

    os.environ["DJANGO_SETTINGS_MODULE"] = "hatobin.config.settings"
    with tempfile.TemporaryDirectory(prefix="hatobin-checks-") as folder:
        postgres = EmbeddedPostgres(Path(folder))
        os.environ["DATABASE_URL"] = postgres.start().url()
        try:
            import django
            from django.core.management import call_command

            django.setup()
            call_command("makemigrations", check=True, dry_run=True)
            call_command("check", deploy=True, fail_level="WARNING")
        finally:
            postgres.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
