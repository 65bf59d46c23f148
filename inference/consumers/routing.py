"""WebSocket addresses."""

from django.urls import URLPattern, path

from inference.consumers.native import LiveConsumer

websocket_urlpatterns: list[URLPattern] = [path("ws/live/", LiveConsumer.as_asgi())]
