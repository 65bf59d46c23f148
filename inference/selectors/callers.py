"""Who a secret speaks for: an API key, or a short-lived token that was made with one.

Knows nothing of headers or sockets. A key is no more than its person: without a role at the site, or with
the account switched off, it opens nothing.
"""

import hashlib
import time
from dataclasses import dataclass
from typing import Any

from django.core.signing import BadSignature, Signer
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import Role, Site, User
from accounts.selectors import sites_for_user
from base.errors import DomainError, Forbidden
from inference.models import ApiKey, Scope
from inference.selectors.sessions import dictation_sites

KEY_MARK = "auscult_"
TOKEN_MARK = "ek_"


class Unauthenticated(DomainError):
    """No key, or none that opens anything."""

    status = 401


@dataclass(frozen=True, slots=True)
class Caller:
    """A person at a site, by way of a program; `expires_at` (seconds) when it came with a token."""

    user: User
    site: Site
    key: ApiKey
    scopes: frozenset[str]
    expires_at: int | None = None

    def require(self, scope: Scope) -> None:
        """Raises Forbidden."""
        if scope not in self.scopes:
            message = _("This key may not do that: it lacks the scope “%(scope)s”.")
            raise Forbidden("scope_missing", message % {"scope": scope.value})


def token_signer() -> Signer:
    """No colon: a token also travels as a WebSocket subprotocol, which may not hold one."""
    return Signer(salt="inference.token", sep=".")


def hash_of(secret: str) -> str:
    """Plain SHA-256 is enough: the secret is 256 random bits, not a password that can be guessed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def caller_of(secret: str) -> Caller:
    """Raises Unauthenticated."""
    if not secret:
        raise Unauthenticated("no_key", _("Send an API key: Authorization: Bearer <key>."))
    if secret.startswith(TOKEN_MARK):
        return _caller_of_token(secret)
    return _caller_of_key(ApiKey.objects.filter(hash=hash_of(secret)))


def caller_of_key_named(uuid: str) -> Caller:
    """The key that a setting names, for clients that cannot send one. Raises Unauthenticated."""
    return _caller_of_key(ApiKey.objects.filter(uuid=uuid))


def no_longer_let_in(user: User, site: Site, key: ApiKey | None) -> Unauthenticated | None:
    """Why somebody who was let in may not go on: the key was revoked, the role or the account is gone."""
    if key is not None:
        try:
            _caller_of_key(ApiKey.objects.filter(pk=key.pk))
        except Unauthenticated as error:
            return error
        return None
    if dictation_sites(User.objects.get(pk=user.pk)).filter(pk=site.pk).exists():
        return None
    return Unauthenticated("role_missing", _("You have no role at this site any more."))


def keys_for_user(user: Any) -> QuerySet[ApiKey]:
    """Keys of the sites that a person administers."""
    sites = sites_for_user(user, Role.SITE_ADMIN)
    return ApiKey.objects.filter(site__in=sites).select_related("site", "user", "created_by")


def _caller_of_key(keys: QuerySet[ApiKey]) -> Caller:
    key = keys.select_related("user", "site").first()
    if key is None:
        raise Unauthenticated("invalid_api_key", _("This API key is not known here."))
    if key.revoked_at is not None:
        raise Unauthenticated("revoked_api_key", _("This API key was revoked. Ask your site administrator."))
    if not dictation_sites(key.user).filter(pk=key.site_id).exists():
        message = _("The person this API key acts as has no role at its site any more.")
        raise Unauthenticated("invalid_api_key", message)
    return Caller(key.user, key.site, key, frozenset(key.scopes))


def _caller_of_token(token: str) -> Caller:
    try:
        promise = token_signer().unsign_object(token.removeprefix(TOKEN_MARK))
    except (BadSignature, ValueError) as error:
        raise Unauthenticated("invalid_token", _("This token is not valid.")) from error
    if promise["expires_at"] <= time.time():
        raise Unauthenticated("expired_token", _("This token has expired; ask for a new one."))
    caller = caller_of_key_named(promise["key"])
    scopes = caller.scopes & frozenset(promise["scopes"])
    return Caller(caller.user, caller.site, caller.key, scopes, promise["expires_at"])
