"""The door of every address here: a key in the header, the scope it needs, errors in the vendor's shape.

No cookie opens it, so no other page can use somebody's login (and no CSRF token is needed).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any

from channels.db import database_sync_to_async
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt

from base.errors import DomainError
from inference.api.problems import openai_answer
from inference.models import Scope
from inference.selectors.callers import Caller
from inference.services.keys import caller_admit

View = Callable[..., Any]
LANGUAGE = "en"  # programs and their makers read these sentences, whatever the pages speak
SCHEMES = {"bearer", "token"}


class MethodNotAllowed(DomainError):
    status = 405


@dataclass(frozen=True, slots=True)
class Door:
    """Decorates a view, which then gets (request, caller, ...). `scope` None: any key opens."""

    method: str
    scope: Scope | None = None
    problem: Callable[[DomainError], JsonResponse] = openai_answer

    def __call__(self, view: View) -> View:
        return csrf_exempt(
            login_not_required(self._waiting(view) if iscoroutinefunction(view) else self._at_once(view))
        )

    def _at_once(self, view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            with translation.override(LANGUAGE):
                try:
                    return view(request, self._caller(request), *args, **kwargs)
                except DomainError as refused:
                    return self.problem(refused)

        return guarded

    def _waiting(self, view: View) -> View:
        @wraps(view)
        async def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            with translation.override(LANGUAGE):
                try:
                    caller = await database_sync_to_async(self._caller)(request)
                    return await view(request, caller, *args, **kwargs)
                except DomainError as refused:
                    return self.problem(refused)

        return guarded

    def _caller(self, request: HttpRequest) -> Caller:
        if request.method != self.method:
            raise MethodNotAllowed("method_not_allowed", f"Only {self.method} is answered here.")
        secret = secret_of(request.headers.get("Authorization", ""))
        return caller_admit(secret=secret, scope=self.scope)


def secret_of(authorization: str) -> str:
    """The key of `Bearer <key>` (OpenAI) or `Token <key>` (Deepgram); empty when there is none."""
    scheme, _space, secret = authorization.partition(" ")
    return secret.strip() if scheme.lower() in SCHEMES else ""
