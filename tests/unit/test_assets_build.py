"""The browser parts: built once from locked packages, and only when something changed."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONSOLE = ROOT / "src" / "hatobin" / "console"


def tool(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


assets = tool("build_assets")
TOKENS = "/** made */\n:root {\n  --color-primitive-blue-900: #0017c1;\n}\n"


def fake_modules(folder: Path) -> Path:
    """Packages as npm would lay them, each file holding its own name."""
    for package, file, _name in assets.FILES:
        (folder / package / file).parent.mkdir(parents=True)
        script = f"/* {package} */\n//# sourceMappingURL=x.map\n"
        (folder / package / file).write_text(script, encoding="utf-8")
    package, file = assets.TOKENS
    (folder / package / file).parent.mkdir(parents=True)
    (folder / package / file).write_text(TOKENS, encoding="utf-8")
    for name in {each[0] for each in assets.FILES} | {package}:
        about = json.dumps({"version": "1.2.3", "license": "MIT"})
        (folder / name / "package.json").write_text(about, encoding="utf-8")
        (folder / name / "LICENSE").write_text("as is", encoding="utf-8")
    return folder


def test_every_part_is_laid_out_with_its_licence_and_without_source_maps(tmp_path: Path) -> None:
    vendor = tmp_path / "vendor"
    vendor.mkdir()
    (vendor / "left-over.js").write_text("old", encoding="utf-8")

    assets.lay_out(fake_modules(tmp_path / "modules"), vendor)

    names = {path.name for path in vendor.iterdir()}
    assert names == {name for *_rest, name in assets.FILES} | {"tokens.css", "LICENSES.txt"}
    assert "sourceMappingURL" not in (vendor / "htmx.js").read_text(encoding="utf-8")
    assert "htmx.org 1.2.3 (MIT)\nas is" in (vendor / "LICENSES.txt").read_text(encoding="utf-8")
    assert "@layer tokens {\n:root {" in (vendor / "tokens.css").read_text(encoding="utf-8")


def test_tokens_in_a_new_shape_are_refused_rather_than_shipped() -> None:
    assert "--color-primitive-blue-900: #0017c1;" in assets.tokens_css(TOKENS)
    with pytest.raises(assets.BuildError, match="new shape"):
        assets.tokens_css(TOKENS + "body { display: none }")


def test_nothing_is_built_again_until_a_file_changes_or_goes_missing(tmp_path: Path) -> None:
    vendor = tmp_path / "vendor"
    assets.lay_out(fake_modules(tmp_path / "modules"), vendor)
    assert not assets.is_current(vendor, "first"), "an unfinished build has no stamp"
    (vendor / ".stamp").write_text("first\n", encoding="ascii")
    assert assets.is_current(vendor, "first")
    assert not assets.is_current(vendor, "second")
    (vendor / "htmx.js").unlink()
    assert not assets.is_current(vendor, "first")


def test_a_checkout_without_the_lock_file_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text("{}", encoding="utf-8")
    with pytest.raises(assets.BuildError, match=r"package-lock\.json is missing"):
        assets.build(tmp_path, tmp_path / "vendor")
    assert not (tmp_path / "vendor").exists()


def test_a_machine_without_the_internet_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("package.json", "package-lock.json"):
        text = (ROOT / "frontend" / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text, encoding="utf-8")
    # A closed port of this machine stands for a registry that cannot be reached.
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:1/")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    with pytest.raises(assets.BuildError, match="npm registry cannot be reached"):
        assets.build(tmp_path, tmp_path / "vendor")
    assert not (tmp_path / "vendor" / ".stamp").exists()


def test_versions_are_pinned_and_the_lock_names_no_machine() -> None:
    wanted = json.loads((ROOT / "frontend" / "package.json").read_text(encoding="utf-8"))
    locked = json.loads((ROOT / "frontend" / "package-lock.json").read_text(encoding="utf-8"))
    for name, version in wanted["dependencies"].items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), name
        assert locked["packages"][f"node_modules/{name}"]["version"] == version
    for name, about in locked["packages"].items():
        if name:
            assert about["integrity"].startswith("sha512-"), name
            assert about.get("resolved", "https://registry.npmjs.org/").startswith(
                "https://registry.npmjs.org/"
            )


def test_pages_load_only_files_of_our_own() -> None:
    head = (CONSOLE / "templates/console/components/head.html").read_text(encoding="utf-8")
    names = re.findall(r"{% static '([^']+)' %}", head)
    assert names
    for name in names:
        vendor = name.startswith("vendor/")
        assert vendor or (CONSOLE / "static" / name).is_file(), name
        assert not vendor or Path(name).name in {*(n for *_r, n in assets.FILES), "tokens.css"}
    for path in (CONSOLE / "static" / "console").rglob("*.*"):
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        # A host behind the scheme; "https://${…}" puts one before an address that a person types.
        assert not re.search(r"https?://[\w.-]", text), path


def test_every_icon_that_a_template_asks_for_is_drawn() -> None:
    sprite = (CONSOLE / "static/console/icons.svg").read_text(encoding="utf-8")
    drawn = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    for path in CONSOLE.rglob("templates/**/*.html"):
        for name in re.findall(r'{% icon "([^"]+)"', path.read_text(encoding="utf-8")):
            assert name in drawn, (path, name)
