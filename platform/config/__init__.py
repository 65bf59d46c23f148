"""The Django project: settings, addresses, processes. The top floor: it may import everything."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
