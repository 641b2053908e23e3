"""Django settings, made from ``env.Settings``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.utils.translation import gettext_lazy as _

from hatobin.config import env, logs

HATOBIN = env.load()
_PACKAGE = Path(__file__).resolve().parent.parent


def _database(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    query = {key: values[0] for key, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "hatobin",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", parts.hostname or ""),
        "PORT": query.pop("port", str(parts.port or "")),
        "OPTIONS": query,
        "TEST": {"NAME": "test_hatobin" + os.environ.get("HATOBIN_TEST_DB_SUFFIX", "")},
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


SECRET_KEY = HATOBIN.django_secret_key
DEBUG = HATOBIN.debug
_public = urlsplit(HATOBIN.public_url)
_host = _public.hostname or "127.0.0.1"
_NAMES = set(HATOBIN.allowed_hosts) or {_host}
ALLOWED_HOSTS = sorted({*_NAMES, "127.0.0.1", "localhost", "[::1]"})  # this machine asks for itself
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]  # an origin has no path

INSTALLED_APPS = [
    "hatobin.accounts",
    "hatobin.senders",
    "hatobin.suppression",
    "hatobin.content",
    "hatobin.audience",
    "hatobin.delivery",
    "hatobin.feedback",
    "hatobin.guard",
    "hatobin.campaigns",
    "hatobin.analytics",
    "hatobin.console",
    "hatobin.public",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.usersessions",
    "procrastinate.contrib.django",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "hatobin.config.middleware.ContentSecurityPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "hatobin.config.middleware.NoNulInQuery",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "hatobin.console.middleware.WorkspaceMiddleware",
    "hatobin.console.middleware.WrongMethodPage",
]

ROOT_URLCONF = "hatobin.config.urls"
WSGI_APPLICATION = "hatobin.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "hatobin.console.context.shell",
            ],
        },
    }
]

DATABASES = {"default": _database(HATOBIN.database_url)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "hatobin_cache",  # shared by all web processes: sign-in attempts are counted in it
        "OPTIONS": {"MAX_ENTRIES": 100_000},  # culling must not forget a count that runs
    }
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
_VALIDATION = "django.contrib.auth.password_validation."
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": _VALIDATION + "UserAttributeSimilarityValidator"},
    {"NAME": _VALIDATION + "MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": _VALIDATION + "CommonPasswordValidator"},
    {"NAME": _VALIDATION + "NumericPasswordValidator"},
    {"NAME": "hatobin.accounts.passwords.EnoughDifferentCharacters"},
]
ACCOUNT_ADAPTER = "hatobin.console.sign_in.Adapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_GET = False
# The key of a failed sign-in is network and mail address; "anywhere" counts by mail address alone.
ACCOUNT_RATE_LIMITS = {
    "login_failed": "10/m/ip,5/5m/key",
    "login_failed_anywhere": "100/h/key",
    "login": "30/m/ip",
}
ACCOUNT_PREVENT_ENUMERATION = True
ALLAUTH_TRUSTED_PROXY_COUNT = HATOBIN.proxy_count
USERSESSIONS_TRACK_ACTIVITY = True
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "console:home"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"

LANGUAGE_CODE = "ja"
LANGUAGES = [("ja", _("Japanese")), ("en", _("English"))]
LOCALE_PATHS = [_PACKAGE / "locale"]
LANGUAGE_COOKIE_NAME = "hatobin_language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_HTTPONLY = True
TIME_ZONE = "Asia/Tokyo"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATIC_ROOT = None  # served from where they are installed; nothing is collected
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True

# Uploaded lists hold personal data: they stay in memory until they are sealed, never in a plain file.
FILE_UPLOAD_HANDLERS = ["hatobin.console.uploads.BoundedMemoryHandler"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000  # four controls for each of the 1,000 columns a list may have
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# With the prefix a browser takes the cookie only from this very host, by HTTPS (RFC 6265bis 4.1.3).
SESSION_COOKIE_NAME = "__Host-hatobin_session" if HATOBIN.is_https else "hatobin_session"
CSRF_COOKIE_NAME = "__Host-hatobin_csrf" if HATOBIN.is_https else "hatobin_csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HATOBIN.is_https
SESSION_SERIALIZER = "hatobin.accounts.sessions.SealedSerializer"
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = False  # the proxy in front ends TLS; HSTS tells browsers
# HSTS speaks for this host alone: what runs under its subdomains is not ours to decide (W005, W021).
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W008", "security.W021"]
SECURE_HSTS_SECONDS = 31536000 if HATOBIN.is_https else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HATOBIN.is_https else None
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"  # the views that our own pages frame say so themselves

LOGGING_CONFIG = None
logs.configure(HATOBIN.log_level, HATOBIN.log_format)
