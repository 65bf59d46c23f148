"""Errors that are told to a person, and the one place that turns them into an answer."""

import logging

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

logger = logging.getLogger(__name__)


class DomainError(Exception):
    """A rule said no. `code` is for programs, `message` is one sentence for the person."""

    status = 400

    def __init__(self, code: str, message: str, **detail: object) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.detail = detail


class Forbidden(DomainError):
    status = 403


class NotFound(DomainError):
    status = 404


class Conflict(DomainError):
    """Somebody else was first; `detail` holds both versions, so that nothing is lost."""

    status = 409


def wants_json(request: HttpRequest) -> bool:
    accept = request.headers.get("Accept", "")
    return request.content_type == "application/json" or (
        "application/json" in accept and "text/html" not in accept
    )


class DomainErrorMiddleware:
    """DomainError -> a JSON answer for programs, a page for people."""

    def __init__(self, get_response) -> None:  # type: ignore[no-untyped-def]
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, DomainError):
            return None
        logger.info("%s %s: %s", request.method, request.path, error.code)
        if wants_json(request):
            body = {"code": error.code, "message": str(error.message), **error.detail}
            return JsonResponse(body, status=error.status)
        return render(request, "error.html", {"error": error}, status=error.status)
