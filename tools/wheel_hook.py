"""Build hook: a wheel carries the built assets and the compiled translations.

An editable install (``make setup``) skips this: the Makefile builds them in place.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class AssetsHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs the two build steps before the files of a wheel are collected."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable" or self.target_name != "wheel":
            return
        for step in (["tools/build_assets.py"], ["tools/messages.py", "compile"]):
            subprocess.run([sys.executable, *step], cwd=Path(self.root), check=True)
