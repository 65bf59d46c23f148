"""Rows of inference."""

from inference.models.sessions import LiveSession, LiveSessionStatus, LiveUtterance, utterance_uuid

__all__ = ["LiveSession", "LiveSessionStatus", "LiveUtterance", "utterance_uuid"]
