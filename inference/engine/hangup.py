"""A client that hangs up ends the work for it: the server tells of it, and cancels no handler by itself."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from fastapi import Request
from starlette.requests import ClientDisconnect

Found = TypeVar("Found")


async def unless_gone(request: Request, work: Coroutine[Any, Any, Found]) -> Found:
    """What `work` gives or raises; ClientDisconnect, with `work` cancelled, where the client went before.

    To be called when the body was read: what comes after it is only the end of the connection.
    """
    working = asyncio.create_task(work)
    leaving = asyncio.create_task(_left(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        working.cancel()
        leaving.cancel()


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
