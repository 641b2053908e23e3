"""``hatobin doctor``: looks at everything the product needs and says what to do."""

from __future__ import annotations

import fcntl
import json
import shutil
import socket
import stat
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from hatobin.common.terminal import columns, ngettext
from hatobin.common.terminal import gettext as _
from hatobin.config import env
from hatobin.config.runtime import Runtime

_LITTLE_DISK = 1024**3
_CLOCK_TOLERANCE = 2.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing looked at. ``advice`` is empty when it is well."""

    name: str
    ok: bool
    text: str
    advice: str = ""


def examine(runtime: Runtime) -> list[Finding]:
    """Looks at everything; a part that cannot be looked at is a finding, not a crash."""
    try:
        findings = list(_settings(runtime))
        runtime.prepare_data_dir()
    except env.SettingsError as error:
        return [
            Finding(
                name="settings",
                ok=False,
                text=str(error),
                advice=_("docs/reference/settings.md lists every setting."),
            )
        ]
    findings += _careful("disk", lambda: _disk(runtime))
    findings += _careful("ports", lambda: _ports(runtime.settings))
    findings += _careful("keys", lambda: _keys(runtime.settings))
    return findings + _inside(runtime)


def _inside(runtime: Runtime) -> list[Finding]:
    """What takes a database: the first part that is not well hides those after it."""
    try:
        with runtime.open(migrate=False):
            findings = _careful("database", _database)
            if findings[0].ok:
                findings += _careful("clock", _clock) + _careful("schema", _schema)
            if all(finding.ok for finding in findings):
                findings += _careful("sealing", _sealing) + _careful("egress", _egress)
            return findings
    except Exception as error:  # a doctor reports, whatever it was
        return [_trouble("database", error)]


def as_text(findings: list[Finding]) -> str:
    """For a terminal."""
    lines = []
    for finding in findings:
        mark = _("ok") if finding.ok else _("PROBLEM")
        lines.append(mark + " " * (9 - columns(mark)) + f"{finding.name:9} {finding.text}")
        if finding.advice:
            lines.append(f"{'':19}-> {finding.advice}")
    return "\n".join(lines)


def as_json(findings: list[Finding]) -> str:
    """For programs: ``{"ok", "findings": [{"name", "ok", "text", "advice"}]}``."""
    body = {"ok": all(f.ok for f in findings), "findings": [asdict(f) for f in findings]}
    return json.dumps(body, ensure_ascii=False)


def _careful(name: str, look: Callable[[], Iterator[Finding]]) -> list[Finding]:
    try:
        return list(look())
    except Exception as error:  # a doctor reports, whatever it was
        return [_trouble(name, error)]


def _trouble(name: str, error: Exception) -> Finding:
    advice = {
        "database": _("Read the PostgreSQL log in the data folder, or check DATABASE_URL."),
        "keys": _("Give the master key that this installation began with: HATOBIN_MASTER_KEY."),
        "sealing": _("Give the master key that this installation began with: HATOBIN_MASTER_KEY."),
    }
    text = str(error).strip() or type(error).__name__
    return Finding(name=name, ok=False, text=text, advice=advice.get(name, ""))


def _settings(runtime: Runtime) -> Iterator[Finding]:
    settings = runtime.settings
    yield Finding(
        name="settings",
        ok=True,
        text=_("data folder %(folder)s, address %(address)s")
        % {"folder": settings.data_dir, "address": settings.public_url},
    )
    if not settings.is_https and settings.host not in {"127.0.0.1", "::1", "localhost"}:
        yield Finding(
            name="settings",
            ok=False,
            text=_("the console is reachable from other machines without HTTPS"),
            advice=_("Put a proxy with a certificate in front and set HATOBIN_BASE_URL=https://…"),
        )


def _disk(runtime: Runtime) -> Iterator[Finding]:
    free = shutil.disk_usage(runtime.prepare_data_dir()).free
    enough = free > _LITTLE_DISK
    advice = "" if enough else _("Make room on this disk, or set HATOBIN_DATA_DIR to a larger one.")
    yield Finding(
        name="disk",
        ok=enough,
        text=_("%(size)s MiB free") % {"size": f"{free // 1024**2:,}"},
        advice=advice,
    )


def _ports(settings: env.Settings) -> Iterator[Finding]:
    """A port that answers is well only when it is ours: somebody holds the data folder's lock."""
    running = _is_served(settings.data_dir)
    for name, host, port in (
        ("web", settings.host, settings.port),
        ("sandbox", "127.0.0.1", settings.sandbox_port),
    ):
        answers = _answers(host, port)
        text = _("port %(port)s (%(name)s) answers")
        if not answers:
            text = _("port %(port)s (%(name)s) is free: the service is not running")
        advice = ""
        if name == "web" and answers and not running:
            text = _("port %(port)s (%(name)s) is used by another program")
            advice = _("Stop that program, or set %(setting)s to another number.") % {
                "setting": "HATOBIN_PORT"
            }
        if name == "web" and running and not answers:
            text = _("port %(port)s (%(name)s) does not answer, though `hatobin serve` is running")
            advice = _("Read what `hatobin serve` prints; stop it and start it again.")
        yield Finding(
            name="ports", ok=not advice, text=text % {"port": port, "name": name}, advice=advice
        )


def _answers(host: str, port: int) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def _is_served(data_dir: Path) -> bool:
    """Whether a ``serve`` holds the data folder's lock now."""
    try:
        with (data_dir / "serve.lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
    except BlockingIOError:
        return True
    except OSError:
        return False


def _keys(settings: env.Settings) -> Iterator[Finding]:
    settings.master_key_bytes()
    kept = settings.data_dir / "secrets" / "master.key"
    if settings.master_key or not kept.exists():
        yield Finding(name="keys", ok=True, text=_("the master key comes from the environment"))
        return
    mode = stat.S_IMODE(kept.stat().st_mode)
    safe = mode & 0o077 == 0
    yield Finding(
        name="keys",
        ok=safe,
        text=_("the master key lies in %(file)s (mode %(mode)s); keep a copy in a safe place")
        % {"file": kept, "mode": f"{mode:o}"},
        advice=""
        if safe
        else _("Others can read it. Run: %(command)s") % {"command": f"chmod 600 '{kept}'"},
    )


def _database() -> Iterator[Finding]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        version = cursor.fetchone()[0]
        cursor.execute("SHOW fsync")
        durable = cursor.fetchone()[0] == "on"
    major = int(str(version).split(".", maxsplit=1)[0])
    yield Finding(
        name="database",
        ok=major >= 15,
        text=_("PostgreSQL %(version)s answers") % {"version": version},
        advice="" if major >= 15 else _("Hatobin needs PostgreSQL 15 or newer."),
    )
    if not durable:
        yield Finding(
            name="database",
            ok=False,
            text=_("fsync is off: a power cut may lose records of what was sent"),
            advice=_("Set fsync = on in postgresql.conf."),
        )


def _schema() -> Iterator[Finding]:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    waiting = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    yield Finding(
        name="schema",
        ok=not waiting,
        text=ngettext("%(count)s change is missing", "%(count)s changes are missing", waiting)
        % {"count": waiting}
        if waiting
        else _("up to date"),
        advice="" if not waiting else _("Run: %(command)s") % {"command": "hatobin migrate"},
    )


def _clock() -> Iterator[Finding]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        away = abs((datetime.now(UTC) - cursor.fetchone()[0]).total_seconds())
    fine = away < _CLOCK_TOLERANCE
    yield Finding(
        name="clock",
        ok=fine,
        text=_("this machine and the database differ by %(seconds)s s")
        % {"seconds": f"{away:.1f}"},
        advice=""
        if fine
        else _("Set both clocks by NTP: schedules and signatures depend on them."),
    )


def _sealing() -> Iterator[Finding]:
    from hatobin.accounts.models import Workspace
    from hatobin.accounts.services.sealing import vault_of

    workspaces = list(Workspace.objects.values_list("pk", flat=True))
    for workspace_id in workspaces:
        vault_of(workspace_id)
    yield Finding(
        name="sealing",
        ok=True,
        text=_("the master key opens all workspaces (%(count)s)") % {"count": len(workspaces)},
    )


def _egress() -> Iterator[Finding]:
    from hatobin.delivery.services.egress_test import examine_all

    for name, error, advice in examine_all():
        yield Finding(
            name="egress", ok=not error, text=f"{name}: {error or _('answers')}", advice=advice
        )
