"""Where the engines are. AUSCULT_ENGINE_URL may name several, separated by commas."""

from django.conf import settings


def engine_addresses() -> list[str]:
    return [part.strip().rstrip("/") for part in settings.AUSCULT_ENGINE_URL.split(",") if part.strip()]
