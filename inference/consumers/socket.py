"""What every WebSocket here does beyond Channels: it notices each end; sound waits for no database."""

from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer

FAILED = 1011


class Socket(AsyncWebsocketConsumer):
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:  # after an exception Channels does not say that the socket is gone
            await self.disconnect(FAILED)

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Channels looks after its database connections before each message, in a thread that all sockets
        share: one call that hangs there would keep everybody's sound from the disk. Whatever asks the
        database looks after its connection itself (`database_sync_to_async`)."""
        if message["type"] == "websocket.receive":
            await self.websocket_receive(message)
        else:
            await super().dispatch(message)

    async def disconnect(self, code: int) -> None:
        """May come twice."""
