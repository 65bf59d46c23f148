"""An API key's life: made once and shown once, used, revoked. And the tokens that are made with one."""

import secrets
import time
from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Role, Site, User
from accounts.selectors import require_role
from audit.services import entry_add
from base.errors import DomainError, Forbidden
from inference.models import ApiKey, Scope
from inference.selectors.callers import KEY_MARK, TOKEN_MARK, Caller, caller_of, hash_of, token_signer
from inference.selectors.sessions import dictation_sites

SHOWN_CHARACTERS = 12  # enough to tell keys apart, far too few to guess the rest
USED_AGAIN_AFTER = timedelta(minutes=1)  # not a write for every request
LONGEST_TOKEN_S = 7200


def api_key_create(
    *, by: User, user: User, site: Site, name: str, scopes: Iterable[str]
) -> tuple[ApiKey, str]:
    """-> the row and the secret, which nobody can read again. Raises Forbidden or DomainError."""
    require_role(by, Role.SITE_ADMIN, site=site)
    if not dictation_sites(user).filter(pk=site.pk).exists():
        message = _("%(user)s has no role at %(site)s.")
        raise Forbidden("role_missing", message % {"user": user, "site": site})
    known = [scope.value for scope in Scope if scope.value in set(scopes)]
    if not known:
        raise DomainError("no_scope", _("Say what the key may do."))
    secret = f"{KEY_MARK}{secrets.token_urlsafe(32)}"
    with transaction.atomic():
        key = ApiKey.objects.create(
            site=site,
            user=user,
            name=name,
            start=secret[:SHOWN_CHARACTERS],
            hash=hash_of(secret),
            scopes=known,
            created_by=by,
        )
        entry_add(
            actor=by,
            verb="api_key_created",
            target=key,
            site=site,
            name=name,
            acts_as=user.get_username(),
            scopes=known,
        )
    return key, secret


def api_key_revoke(*, by: User, key: ApiKey) -> None:
    """For good; a second time changes nothing."""
    require_role(by, Role.SITE_ADMIN, site=key.site)
    with transaction.atomic():
        now = timezone.now()
        if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now, updated_at=now):
            entry_add(actor=by, verb="api_key_revoked", target=key, site=key.site, name=key.name)


def api_key_touch(*, key: ApiKey) -> None:
    now = timezone.now()
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - USED_AGAIN_AFTER)
    ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)


def caller_admit(*, secret: str, scope: Scope | None = None) -> Caller:
    """Who the secret speaks for; its key is noted as used. Raises Unauthenticated or Forbidden."""
    caller = caller_of(secret)
    if scope is not None:
        caller.require(scope)
    api_key_touch(key=caller.key)
    return caller


def token_issue(*, caller: Caller, seconds: int) -> tuple[str, int]:
    """-> (token, when it expires, in seconds since 1970). It can do what its key can, for a while.

    A token makes no further tokens: whoever got hold of one must not be able to keep it alive.
    """
    if caller.expires_at is not None:
        raise Forbidden("key_needed", _("A token is made with an API key, not with another token."))
    expires_at = int(time.time()) + min(max(1, seconds), LONGEST_TOKEN_S)
    promise = {"key": str(caller.key.uuid), "scopes": sorted(caller.scopes), "expires_at": expires_at}
    entry_add(
        actor=caller.user, verb="api_token_issued", target=caller.key, site=caller.site, expires_at=expires_at
    )
    return TOKEN_MARK + token_signer().sign_object(promise), expires_at
