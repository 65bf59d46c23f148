"""Whether one more person may begin to speak: the engine knows what it can serve, and keeps a place."""

from inference.api.problems import Busy
from inference.consumers.hearing import engine_place


async def require_room() -> None:
    """Raises Busy.

    An engine that is away or not warm yet refuses nobody: the sound is kept and understood later.
    """
    load = await engine_place()
    if load is not None and load.ready and not load.accepts:
        retry_s = max(1.0, load.retry_after_s)
        message = f"As many people speak as can be served. Try again in {retry_s:.0f} seconds."
        raise Busy("busy", message, retry_s)
