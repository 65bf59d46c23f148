"""ASGI entry point of the web process: pages by Django, WebSockets by Channels. Imports no torch."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.main")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.conf import settings  # noqa: E402

from base import traces_export  # noqa: E402
from base.memory import keep_memory_small  # noqa: E402
from base.traces_asgi import ContinuedTraces  # noqa: E402
from config.body_limit import BodyLimit  # noqa: E402
from config.threads import KeptThreads  # noqa: E402
from inference.consumers.origins import OriginCheck  # noqa: E402
from inference.consumers.routing import websocket_urlpatterns  # noqa: E402

keep_memory_small()
sockets = URLRouter(websocket_urlpatterns)
application = ContinuedTraces(
    ProtocolTypeRouter(
        {
            "http": KeptThreads(BodyLimit(django_application)),  # which asks the database in that thread
            "websocket": OriginCheck(logged_in=AuthMiddlewareStack(sockets), keyed=sockets),
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
