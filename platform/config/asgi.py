"""ASGI entry point of the web process: pages by Django, WebSockets by Channels. Imports no torch."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.main")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from django.conf import settings  # noqa: E402

from base import traces_export  # noqa: E402
from base.traces_asgi import ContinuedTraces  # noqa: E402
from config.threads import KeptThreads  # noqa: E402
from inference.consumers.routing import websocket_urlpatterns  # noqa: E402

application = ContinuedTraces(
    ProtocolTypeRouter(
        {
            "http": KeptThreads(django_application),
            "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(websocket_urlpatterns))),
        }
    )
)

traces_export.start(
    traces_export.TraceOptions.of(
        settings.AUSCULT_TRACES_URL,
        settings.AUSCULT_TRACES_HEADERS,
        settings.AUSCULT_TRACES_SHARE,
        settings.AUSCULT_TRACES_TEXT,
    ),
    service="auscult-web",
)
