"""What is stored encrypted: one ring of keys, whole values sealed with it, and a field of a row.

The first key of AUSCULT_STORAGE_KEY encrypts, every one of them decrypts: a new key goes in front. What no
key opens is told in a sentence, never shown as garbage. Knows nothing of what is stored.
"""

import base64
import json
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import FieldError
from django.db import models
from django.utils.translation import gettext as _

from base.errors import DomainError

_PURPOSE = b"auscult storage key"


class WrongStorageKey(DomainError):
    """Stored under a key that is not in the ring, or damaged."""

    status = 503


def seal(value: bytes) -> bytes:
    """-> an authenticated token (ASCII); the same value gives another one each time."""
    return _ring().encrypt(value)


def unseal(token: bytes) -> bytes:
    """Raises WrongStorageKey."""
    try:
        return _ring().decrypt(token)
    except InvalidToken:
        raise wrong_key() from None


def reseal(token: bytes) -> bytes:
    """Under the first key. Raises WrongStorageKey."""
    try:
        return _ring().rotate(token)
    except InvalidToken:
        raise wrong_key() from None


def wrong_key() -> WrongStorageKey:
    message = _(
        "This was stored under another key. Whoever runs the server can put that key behind the present one "
        "in AUSCULT_STORAGE_KEY."
    )
    return WrongStorageKey("storage_key", message)


class EncryptedField(models.Field):
    """Any JSON value, a token in the database. Cannot be searched or sorted by, and is not to be."""

    def get_internal_type(self) -> str:
        return "TextField"

    def get_prep_value(self, value: Any) -> str | None:
        if value is None:
            return None
        return seal(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()).decode()

    def from_db_value(self, value: str | None, *_args: object) -> Any:
        return None if value is None else json.loads(unseal(value.encode()))

    def to_python(self, value: Any) -> Any:
        return value

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise FieldError(f"{self.name} is encrypted: nothing can be looked up by it.")
        return super().get_lookup(lookup_name)


def _ring() -> MultiFernet:
    return _ring_of(tuple(settings.AUSCULT_STORAGE_KEYS) or (settings.SECRET_KEY,))


@lru_cache(maxsize=4)
def _ring_of(secrets: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_key(secret)) for secret in secrets])


def _key(secret: str) -> bytes:
    """A key may be any long random text; Fernet wants 32 bytes."""
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret.encode())
    return base64.urlsafe_b64encode(derived)
