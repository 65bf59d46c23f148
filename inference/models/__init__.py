"""Rows of inference."""

from inference.models.sessions import LiveSession, LiveSessionStatus, LiveUtterance

__all__ = ["LiveSession", "LiveSessionStatus", "LiveUtterance"]
