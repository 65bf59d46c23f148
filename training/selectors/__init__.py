"""Reads of training. What the floors above may build on is named here."""

from training.selectors.live import live_model, model_for_session, served_as

__all__ = ["live_model", "model_for_session", "served_as"]
