"""Imports: started, run, cancelled, and the file of what was refused."""

from hatobin.audience.choices import ImportChoice
from hatobin.audience.services.imports.files import refused_file
from hatobin.audience.services.imports.running import (
    CONNECTION_LOST,
    give_up_old_imports,
    run_import,
)
from hatobin.audience.services.imports.starting import (
    QUEUE,
    TASK,
    cancel_import,
    import_file,
    start_import,
)

__all__ = [
    "CONNECTION_LOST",
    "QUEUE",
    "TASK",
    "ImportChoice",
    "cancel_import",
    "give_up_old_imports",
    "import_file",
    "refused_file",
    "run_import",
    "start_import",
]
