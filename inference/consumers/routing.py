"""WebSocket addresses. WhisperLive's own clients know no path: they come to the root as well."""

from django.urls import URLPattern, path

from inference.consumers.deepgram_listen import ListenConsumer
from inference.consumers.native import LiveConsumer
from inference.consumers.openai_realtime import RealtimeConsumer
from inference.consumers.whisperlive import WhisperLiveConsumer

websocket_urlpatterns: list[URLPattern] = [
    path("ws/live/", LiveConsumer.as_asgi()),
    path("v1/realtime", RealtimeConsumer.as_asgi()),
    path("v1/listen", ListenConsumer.as_asgi()),
    path("whisperlive", WhisperLiveConsumer.as_asgi()),
    path("", WhisperLiveConsumer.as_asgi()),
]
