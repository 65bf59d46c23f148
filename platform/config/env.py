"""Reads the environment, in one place, and fails loudly on a value that makes no sense."""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from base.metrics_access import MetricsAccess

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def flag(name: str, default: bool) -> bool:
    value = os.environ.get(name)
    if value is None:
        return default
    if value.lower() in _TRUE | _FALSE:
        return value.lower() in _TRUE
    raise ImproperlyConfigured(f"{name} is {value!r}; write 1 or 0.")


def integer(name: str, default: int, minimum: int = 0) -> int:
    value = os.environ.get(name)
    if value is None:
        return default
    try:
        number = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {value!r}; write a whole number.") from None
    if number < minimum:
        raise ImproperlyConfigured(f"{name} is {number}; the least is {minimum}.")
    return number


def share(name: str, default: float, most: float = 1.0) -> float:
    """A fraction: 0.05 is 5 %."""
    value = os.environ.get(name)
    if value is None:
        return default
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0.0 <= number <= most:
        raise ImproperlyConfigured(f"{name} is {value!r}; write a number from 0 to {most:g}.")
    return number


def listed(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def networks(name: str, default: str) -> list[str]:
    """Names of networks such as 10.0.0.0/8; the whole world is none."""
    try:
        MetricsAccess.of(listed(name, default))
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: {error}") from None
    return listed(name, default)


def database(url: str, sqlite_path: Path) -> dict[str, object]:
    """DATABASES entry of `postgresql://user:password@host:port/name`; SQLite in WAL mode when empty."""
    if not url:
        return {
            "ENGINE": "base.sqlite",
            "NAME": str(sqlite_path),
            # IMMEDIATE takes the write lock at BEGIN: a claim cannot deadlock by upgrading a read lock.
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;",
            },
        }
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"} or not parts.path.strip("/"):
        raise ImproperlyConfigured("DATABASE_URL must read postgresql://user:password@host:port/name.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.strip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or 5432),
        # A host that went away without a word must not keep threads that others wait for.
        "OPTIONS": {"connect_timeout": 10, "tcp_user_timeout": 10_000},
    }
