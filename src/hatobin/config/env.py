"""Typed settings from the environment: ``HATOBIN_*``, and ``*_FILE`` for secrets.

Every value has a default that works on one machine. Secrets that are not given are made once and
kept in ``<data folder>/secrets`` (0600).
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from collections.abc import Mapping
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from hatobin.common.hosts import is_loopback
from hatobin.common.web_address import web_address

_SECRETS = ("secret_key", "master_key", "database_url", "metrics_token")


class SettingsError(Exception):
    """A setting cannot be used; the text names it and says what to do."""


def default_data_dir() -> Path:
    """``/var/lib/hatobin`` for root, else ``$XDG_DATA_HOME/hatobin`` or ``~/.local/share/hatobin``."""
    if os.geteuid() == 0:
        return Path("/var/lib/hatobin")
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "hatobin"


class Settings(BaseSettings):
    """What an operator may set. docs/reference/settings.md lists each with a sentence."""

    model_config = SettingsConfigDict(env_prefix="HATOBIN_", extra="ignore", frozen=True)

    data_dir: Path = Field(default_factory=default_data_dir)
    database_url: str = Field(
        default="", validation_alias=AliasChoices("HATOBIN_DATABASE_URL", "DATABASE_URL")
    )
    host: str = "127.0.0.1"
    port: int = Field(default=8010, ge=0, le=65535)
    sandbox_port: int = Field(default=8025, ge=0, le=65535)
    base_url: str = ""
    allowed_hosts: Annotated[list[str], NoDecode] = Field(default_factory=list)
    trusted_proxies: int | None = Field(default=None, ge=0, le=9)
    secret_key: str = ""
    master_key: str = ""
    web_workers: int = Field(default=1, ge=1, le=64)
    log_format: Literal["text", "json"] = "text"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    upload_limit_mb: int = Field(default=50, ge=1, le=1024)
    hold_seconds_sandbox: int = Field(default=60, ge=0, le=86400)
    hold_seconds: int = Field(default=300, ge=0, le=86400)
    shaping_file: Path | None = None
    dns_servers: Annotated[list[str], NoDecode] = Field(default_factory=list)
    dns_port: int = Field(default=53, ge=1, le=65535)
    mail_service_url: str = ""
    metrics_token: str = ""
    debug: bool = False

    @model_validator(mode="before")
    @classmethod
    def _read_secret_files(cls, values: Any) -> Any:
        for name in _SECRETS:
            path = os.environ.get(f"HATOBIN_{name.upper()}_FILE")
            if path and not values.get(name):
                key = "HATOBIN_DATABASE_URL" if name == "database_url" else name
                values[key] = _read_secret(f"HATOBIN_{name.upper()}_FILE", Path(path))
        return values

    @field_validator("allowed_hosts", "dns_servers", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        """``a.example.jp, b.example.jp``; also a JSON list."""
        if not isinstance(value, str):
            return value
        return [name.strip(' []"') for name in value.split(",") if name.strip(' []"')]

    @field_validator("dns_servers")
    @classmethod
    def _addresses(cls, value: list[str]) -> list[str]:
        try:
            return [str(ip_address(each)) for each in value]
        except ValueError:
            raise ValueError("must be IP addresses of name servers, with commas between") from None

    @field_validator("database_url")
    @classmethod
    def _postgresql(cls, value: str) -> str:
        try:
            parts = urlsplit(value.strip())
            usable = parts.scheme in {"postgres", "postgresql"} and (parts.port or 1) > 0
        except ValueError:  # a port that is no number, a bracket that is not closed
            usable = False
        if value.strip() and not usable:
            raise ValueError("must be like postgres://user:password@host:5432/name")
        return value.strip()

    @field_validator("base_url")
    @classmethod
    def _one_form(cls, value: str) -> str:
        try:
            return web_address(value)
        except ValueError:
            raise ValueError(
                "must be a web address like https://mail.example.jp, without spaces, user name, ? or #"
            ) from None

    @field_validator("mail_service_url")
    @classmethod
    def _stand_in(cls, value: str) -> str:
        """Keys and letters of real services must not go anywhere else by a slip."""
        parts = urlsplit(value.strip())
        if value.strip() and (parts.scheme != "http" or not is_loopback(parts.hostname or "")):
            raise ValueError("must be like http://127.0.0.1:8123, on this machine itself")
        return value.strip()

    @field_validator("metrics_token")
    @classmethod
    def _hard_to_guess(cls, value: str) -> str:
        token = value.strip()
        if token and (len(token) < 16 or not token.isascii() or not token.isprintable()):
            raise ValueError("must have 16 characters or more, ASCII, without line breaks")
        return token

    @property
    def public_url(self) -> str:
        """The address under which people reach this installation, without a slash at the end."""
        return self.base_url or f"http://{_url_host(self.host)}:{self.port}"

    @property
    def is_https(self) -> bool:
        """Whether people reach it by HTTPS: then cookies and headers are stricter."""
        return self.public_url.startswith("https://")

    @property
    def proxy_count(self) -> int:
        """How many proxies in front add to X-Forwarded-For; with HTTPS there is one, which ends TLS."""
        return int(self.is_https) if self.trusted_proxies is None else self.trusted_proxies

    @cached_property
    def django_secret_key(self) -> str:
        """Signs cookies and sessions."""
        return self.secret_key or self._kept_secret("django.key")

    def master_key_bytes(self) -> bytes:
        """The 32 bytes that wrap every workspace's keys. Losing them loses the sealed data."""
        return self.opened_master_key

    @cached_property
    def opened_master_key(self) -> bytes:
        """The same, read once."""
        text = self.master_key or self._kept_secret("master.key")
        try:
            key = base64.b64decode(text, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != 32:
            raise SettingsError(
                "HATOBIN_MASTER_KEY must be 32 bytes in base64. Make one with: openssl rand -base64 32"
            )
        return key

    def _kept_secret(self, name: str) -> str:
        path = self.data_dir / "secrets" / name
        if not path.exists():
            _write_secret(path, base64.b64encode(secrets.token_bytes(32)).decode())
        return _read_secret(str(path), path)


def load() -> Settings:
    """The settings of this process; raises SettingsError with a sentence for the operator."""
    try:
        return Settings()
    except ValidationError as error:
        said = "; ".join(map(_said, error.errors(include_url=False, include_input=False)))
        raise SettingsError(f"A setting cannot be used. {said}") from None
    except ValueError as error:  # a list or a file that cannot be read
        raise SettingsError(f"A setting cannot be used. {error}") from error


def _said(error: Mapping[str, Any]) -> str:
    """The setting's name and what is wrong, without the value: it may be a secret."""
    text = str(error["msg"]).removeprefix("Value error, ")
    name = "".join(str(part) for part in error["loc"][:1]).upper()
    prefix = "" if name.startswith("HATOBIN_") else "HATOBIN_"
    return f"{prefix}{name}: {text}" if name else text


def _url_host(host: str) -> str:
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _read_secret(name: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{name}: cannot read {path} ({error.strerror}).") from error


def _write_secret(path: Path, text: str) -> None:
    """Writes whole or not at all; the first of several processes wins."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
