"""What went wrong, as each vendor's clients expect it. Sentences for people, codes for programs."""

from uuid import uuid4

from django.http import JsonResponse

from base.errors import DomainError

Problem = dict[str, object]


class BadRequest(DomainError):
    """`param` names the field that is wrong."""


class TooLarge(DomainError):
    status = 413


class Busy(DomainError):
    """Come back in `retry_after_s`; clients do so by themselves."""

    status = 503

    def __init__(self, code: str, message: str, retry_after_s: float) -> None:
        super().__init__(code, message)
        self.retry_after_s = retry_after_s


def openai_problem(error: DomainError) -> Problem:
    """https://platform.openai.com/docs/guides/error-codes: also of SSE and WebSocket events."""
    kind = "invalid_request_error" if error.status < 500 else "server_error"
    param = error.detail.get("param")
    return {"message": str(error.message), "type": kind, "param": param, "code": error.code}


def openai_answer(error: DomainError) -> JsonResponse:
    return _answer({"error": openai_problem(error)}, error)


def deepgram_problem(error: DomainError) -> Problem:
    return {"err_code": error.code.upper(), "err_msg": str(error.message), "request_id": str(uuid4())}


def deepgram_answer(error: DomainError) -> JsonResponse:
    return _answer(deepgram_problem(error), error)


def _answer(body: Problem, error: DomainError) -> JsonResponse:
    answer = JsonResponse(body, status=error.status)
    if isinstance(error, Busy):
        answer["Retry-After"] = str(max(1, round(error.retry_after_s)))
    if error.status == 401:
        answer["WWW-Authenticate"] = "Bearer"
    return answer
