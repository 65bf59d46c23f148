"""Requests run in threads that are kept, each with its own open database connection.

Django's ASGI handler gives every request a new thread, and so a new connection: 3 ms of work on SQLite, 10 ms
and more on PostgreSQL, which also has to start a process for it. Here the thread outlives the request. The
one that was used last is taken first, so that a quiet server holds few connections (CONN_MAX_AGE ends them).
"""

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import SyncToAsync, ThreadSensitiveContext

Application = Callable[[Any, Any, Any], Awaitable[None]]


class KeptThreads:
    """Wraps an ASGI application. A request that finds no thread free gets one of its own, as before."""

    def __init__(self, application: Application, most: int = 16) -> None:
        self._application = application
        self._most = most
        self._free: list[ThreadSensitiveContext] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        context = self._free.pop() if self._free else ThreadSensitiveContext()
        # Django enters a context of its own only where none is set.
        token = SyncToAsync.thread_sensitive_context.set(context)
        try:
            await self._application(scope, receive, send)
        finally:
            SyncToAsync.thread_sensitive_context.reset(token)
            self._give_back(context)

    def _give_back(self, context: ThreadSensitiveContext) -> None:
        if len(self._free) < self._most:
            self._free.append(context)
        elif executor := SyncToAsync.context_to_thread_executor.pop(context, None):
            executor.shutdown(wait=False)
