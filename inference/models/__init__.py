"""Rows of inference."""

from inference.models.keys import ApiKey, Scope
from inference.models.sessions import LiveSession, LiveSessionStatus, LiveUtterance, utterance_uuid

__all__ = ["ApiKey", "LiveSession", "LiveSessionStatus", "LiveUtterance", "Scope", "utterance_uuid"]
